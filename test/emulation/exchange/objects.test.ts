// Tests buckets at an S3 elsewhere. Ours takes its place and checks every signature. The calls are those of functions,
// workers and browsers, through the code of the functions.

import { createHash, randomBytes } from 'node:crypto';
import { createServer, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContent } from '../../../aws/s3/content.ts';
import { createDocuments } from '../../../aws/s3/documents.ts';
import { AwsError } from '../../../emulation/cloud/wire/aws-error.ts';
import { createForeignObjects } from '../../../emulation/exchange/foreign-objects.ts';
import type { Place } from '../../../emulation/exchange/place.ts';
import type { ObjectStore } from '../../../emulation/exchange/port.ts';
import { type OurS3, startOurs } from '../../contract/engine/s3.ts';
import { eventually } from '../../machine/temporary-folder.ts';

const bucket = 'espalier-local-content-000000000000-us-east-1';
const there = 'espalier-local-content-123456789012-us-east-1';
const key = { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local-secret' };
const names = ['w/c/file-1', 'a b+c/ü/%41', "q'!*()~&=?#", '日本'];
const servers: Server[] = [];

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer({ requestTimeout: 0 }, listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const asked: string[] = [];
let mayListBucket = true;
function authorise(_caller: unknown, action: string, [resource = '']: readonly string[]): void {
  asked.push(`${action} ${resource}`);
  const allowed = !resource.includes('/forbidden/') && (action !== 's3:ListBucket' || mayListBucket);
  if (!allowed) throw new AwsError('AccessDenied', 'not allowed', 403);
}

function openStore(place: Place): ObjectStore {
  const credentials = new Map([[key.accessKeyId, { secretAccessKey: key.secretAccessKey }]]);
  return createForeignObjects({ place, credentials, authorise, onFault: () => undefined });
}

let engine: OurS3;
let place: Place;
let store: ObjectStore;
let endpoint: string;
beforeAll(async () => {
  engine = await startOurs();
  place = {
    variable: 'AWS_ENDPOINT_URL_S3',
    endpoint: engine.endpoint,
    region: 'us-east-1',
    credentials: engine.credentials,
    accountId: '123456789012',
  };
  store = openStore(place);
  await store.createBucket(bucket, {
    eventBridge: false,
    cors: [{ allowedOrigins: ['*'], allowedMethods: ['GET', 'PUT'], allowedHeaders: ['*'], exposedHeaders: ['ETag'] }],
  });
  endpoint = await listen(store.listener);
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await store.close();
  await engine.close();
});

const contentAt = (url: string, credentials = key, name = bucket) => {
  const client = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return {
    ...createDocuments(
      () => client,
      () => name,
    ),
    content: createContent(
      () => client,
      () => name,
    ),
  };
};
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');

async function upload(name: string, bytes: Buffer): Promise<void> {
  const { content } = contentAt(endpoint);
  const id = await content.startUpload(name);
  const part = { index: 1, size: bytes.length, md5: md5(bytes) };
  const { url, headers } = await content.uploadUrl(name, id, part);
  const put = await fetch(url, { method: 'PUT', headers, body: new Uint8Array(bytes) });
  expect([put.status, await put.text()]).toEqual([200, '']);
  expect(await content.listParts(name, id)).toEqual([part]);
  await content.completeUpload(name, id, [part]);
}

describe('objects at another S3', () => {
  it.each(names)('are uploaded and downloaded by presigned URLs of this machine: %s', async (name) => {
    const bytes = randomBytes(300_000);
    await upload(name, bytes);
    const { content } = contentAt(endpoint);
    const url = await content.downloadUrl(name, { expiresSeconds: 60, filename: 'plain "name".txt', media: 'text/x' });
    expect(url.startsWith(`${endpoint}/${bucket}/`)).toBe(true);
    const got = await fetch(url);
    expect(Buffer.from(await got.arrayBuffer())).toEqual(bytes);
    expect(got.headers.get('content-type')).toBe('text/x');
    expect(got.headers.get('content-disposition')).toContain('name');
    const range = await fetch(url, { headers: { range: 'bytes=10-19' } });
    expect([range.status, Buffer.from(await range.arrayBuffer())]).toEqual([206, bytes.subarray(10, 20)]);
    expect(await content.size(name)).toBe(bytes.length);
  });

  it('are only in the bucket whose name has the account of the user', async () => {
    await upload('w/where', Buffer.from('here'));
    const directly = (name: string) => contentAt(engine.endpoint, place.credentials, name).content.size('w/where');
    expect(await directly(there)).toBe(4);
    expect(await directly(bucket)).toBeUndefined();
  });

  it('can be documents of functions, and can be removed', async () => {
    const { content, put, get } = contentAt(endpoint);
    await put('meta/1', Buffer.from('{}'));
    await put('meta/2', Buffer.from('{"a":"ä"}'));
    expect(Buffer.from(await get('meta/2')).toString()).toBe('{"a":"ä"}');
    await content.remove(['meta/1', 'meta/2', 'never/was']);
    expect(await content.size('meta/1')).toBeUndefined();
    await expect(get('meta/2')).rejects.toMatchObject({ code: 'NoSuchKey' });
  });

  it('keep their own bytes when many are uploaded at once', async () => {
    const all = Array.from({ length: 20 }, (_, index) => ({ name: `many/${index}`, bytes: randomBytes(70_000) }));
    await Promise.all(all.map(({ name, bytes }) => upload(name, bytes)));
    const { get } = contentAt(endpoint);
    const read = await Promise.all(all.map(({ name }) => get(name)));
    expect(read.map((bytes) => md5(Buffer.from(bytes)))).toEqual(all.map(({ bytes }) => md5(bytes)));
  });
});

describe('another S3 is not asked', () => {
  it('for a caller with a foreign key, or for a URL that was changed', async () => {
    const stranger = contentAt(endpoint, { accessKeyId: 'AKIDOTHER', secretAccessKey: 'x' });
    await expect(stranger.content.size('w/x')).rejects.toThrow();
    const url = await contentAt(endpoint).content.downloadUrl('w/c/file-1', { expiresSeconds: 60 });
    expect((await fetch(url.replace('file-1', 'file-2'))).status).toBe(403);
  });

  it('for a request that the role does not allow, even for one of many keys', async () => {
    const { content, get, put } = contentAt(endpoint);
    await expect(get('x/forbidden/1')).rejects.toMatchObject({ code: 'AccessDenied' });
    await put('x/allowed', Buffer.from('stays'));
    await expect(content.remove(['x/allowed', 'x/forbidden/1'])).rejects.toMatchObject({ code: 'AccessDenied' });
    expect(await content.size('x/allowed')).toBe(5);
    expect(asked).toContain(`s3:DeleteObject arn:aws:s3:::${bucket}/x/forbidden/1`);
  });

  it('whether a key is absent, for a caller who may not list', async () => {
    mayListBucket = false;
    const { content, get } = contentAt(endpoint);
    await expect(get('w/absent')).rejects.toMatchObject({ code: 'AccessDenied' });
    await expect(content.size('w/absent')).rejects.toThrow(/403|Forbidden|UnknownError/i);
    mayListBucket = true;
    expect(await content.size('w/absent')).toBeUndefined();
  });

  it('for the cross-origin rules, because the template gives them', async () => {
    const url = await contentAt(endpoint).content.downloadUrl('w/c/file-1', { expiresSeconds: 60 });
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: { origin: 'https://page', 'access-control-request-method': 'PUT' },
    });
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, PUT');
    const got = await fetch(url, { headers: { origin: 'https://page' } });
    expect(got.headers.get('access-control-expose-headers')).toBe('ETag');
    await got.body?.cancel();
  });
});

describe('another S3 that fails', () => {
  it('is reported as a transient fault, also to the sender of a body', async () => {
    let failing = false;
    const url = await listen((req, res) => (failing ? req.socket.destroy() : engine.s3.listener(req, res)));
    const lost = openStore({ ...place, endpoint: url });
    await lost.createBucket(bucket, { eventBridge: false });
    const { content, put } = contentAt(await listen(lost.listener));
    await put('w/before', Buffer.from('x'));
    failing = true;
    await expect(content.startUpload('w/x')).rejects.toMatchObject({ code: 'ServiceUnavailable', transient: true });
    await expect(put('w/x', randomBytes(3_000_000))).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    failing = false;
    expect(await content.size('w/before')).toBe(1);
    await lost.close();
  });

  it('does not store half of a body: an upload that breaks off here breaks off there as well', async () => {
    const brokenOff: string[] = [];
    const url = await listen((req, res) => {
      req.once('close', () => req.complete || brokenOff.push(req.method ?? ''));
      engine.s3.listener(req, res);
    });
    const passing = openStore({ ...place, endpoint: url });
    await passing.createBucket(bucket, { eventBridge: false });
    const { content } = contentAt(await listen(passing.listener));
    const id = await content.startUpload('w/half');
    const bytes = randomBytes(500_000);
    const grant = await content.uploadUrl('w/half', id, { index: 1, size: bytes.length, md5: md5(bytes) });
    await new Promise<void>((resolve) => {
      const req = request(grant.url, { method: 'PUT', headers: grant.headers });
      req.on('error', () => resolve());
      req.write(bytes.subarray(0, 100_000), () => req.destroy());
    });
    await eventually('the end of the other connection', () => brokenOff.length > 0);
    expect(await content.listParts('w/half', id)).toEqual([]);
    await upload('w/half', bytes);
    await passing.close();
  });
});

describe('a bucket', () => {
  const answering = (code: string, status = 409) =>
    listen((req, res) => {
      req.resume();
      res.writeHead(status).end(`<Error><Code>${code}</Code><Message>words</Message></Error>`);
    });
  const made = async (url: string, more: Partial<Place> = {}) => {
    await openStore({ ...place, endpoint: url, ...more }).createBucket(bucket, { eventBridge: false });
  };

  it('of another owner is refused with advice', async () => {
    const url = await answering('BucketAlreadyExists');
    await expect(made(url, { accountId: undefined })).rejects.toThrow(
      `The bucket ${bucket} at ${url} (AWS_ENDPOINT_URL_S3) belongs to somebody else: set AWS_ACCOUNT_ID to the number of your account, which becomes part of the name.`,
    );
  });

  it.each<[string, Partial<Place>, RegExp]>([
    ['wrong keys', { credentials: { accessKeyId: 'AKIDCONTRACT', secretAccessKey: 'wrong' } }, /SignatureDoesNotMatch/],
    ['a missing S3', { endpoint: 'http://127.0.0.1:1' }, /ECONNREFUSED/],
  ])('that cannot be used because of %s is refused with the reason', async (_what, more, reason) => {
    await expect(made(more.endpoint ?? engine.endpoint, more)).rejects.toThrow(reason);
    await expect(made(more.endpoint ?? engine.endpoint, more)).rejects.toThrow(
      /^The bucket .* \(AWS_ENDPOINT_URL_S3\)/,
    );
  });

  it('in another region is refused, and the message says so', async () => {
    const url = await listen((req, res) => {
      req.resume();
      res.writeHead(req.method === 'PUT' ? 200 : 301).end();
    });
    await expect(made(url)).rejects.toThrow(/it is in another region; set AWS_REGION to that region/);
  });
});
