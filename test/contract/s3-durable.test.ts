// Tests effects in our S3 that the wire does not show: what a crash, an aborted request, a replaced object and a
// refused event leave behind.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketAclCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, expect, test } from 'vitest';
import type { ObjectCreated } from '../../emulation/cloud/s3/object-created.ts';
import { AwsError } from '../../emulation/cloud/wire/aws-error.ts';
import { type OurS3, type OurS3Options, startOurs } from './engine/s3.ts';
import { clientOf, presign, refusalIn, refusalOf, textOf } from './s3-client.ts';

const Bucket = 'durable';
const roundCount = 6;
const writerCount = 6;
const pollMs = 10;
const deadlineMs = 10_000;
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function givenOurs(options: OurS3Options = {}): Promise<OurS3 & { client: S3Client }> {
  const ours = await startOurs(options);
  const client = clientOf(ours);
  ours.s3.createBucket(Bucket, { eventBridge: true });
  closers.push(async () => {
    client.destroy();
    await ours.close();
  });
  return { ...ours, client };
}

async function givenFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-s3-crash-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

const blobs = (folder: string) => readdir(join(folder, 's3', 'blob'));
/** Reads the keys from the file, because the product does not call an operation that lists a bucket. */
function storedKeys(folder: string): string[] {
  const database = new DatabaseSync(join(folder, 'cloud.sqlite'), { readOnly: true });
  try {
    const rows = database.prepare('SELECT key FROM s3_object WHERE bucket = ?').all(Bucket);
    return rows.map(({ key }) => Buffer.from(key as Uint8Array).toString());
  } finally {
    database.close();
  }
}
const incoming = (folder: string) => readdir(join(folder, 's3', 'incoming'));
const contentOf = (key: string) =>
  createHash('sha256')
    .update(key)
    .digest('hex')
    .repeat(1 + (key.length % 40));

/** Writes until the process has ended, and returns the last acknowledged content of each key. */
async function writeUntilKilled(client: S3Client, writer: number): Promise<Map<string, string | undefined>> {
  const acknowledged = new Map<string, string | undefined>();
  for (let count = 0; ; count += 1) {
    const Key = `w${writer}/${count}`;
    try {
      const content = contentOf(Key);
      if (count % 3 === 2) {
        const upload = {
          Bucket,
          Key,
          UploadId: (await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))).UploadId,
        };
        const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: content }));
        const Parts = [{ PartNumber: 1, ETag }];
        await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
      } else await client.send(new PutObjectCommand({ Bucket, Key, Body: content }));
      acknowledged.set(Key, content);
      if (count % 5 === 4) {
        const gone = `w${writer}/${count - 1}`;
        acknowledged.delete(gone);
        await client.send(new DeleteObjectCommand({ Bucket, Key: gone }));
        acknowledged.set(gone, undefined);
      }
    } catch {
      return acknowledged;
    }
  }
}

async function spawnS3(folder: string): Promise<{ child: ChildProcess; endpoint: string }> {
  const program = join(import.meta.dirname, 'engine', 's3-process.ts');
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  closers.push(async () => child.kill('SIGKILL'));
  const [endpoint] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, endpoint };
}

test('every acknowledged object and its event survive a SIGKILL at any moment, and no orphan is left', async () => {
  const folder = await givenFolder();
  const acknowledged = new Map<string, string | undefined>();
  for (let round = 0; round < roundCount; round += 1) {
    const { child, endpoint } = await spawnS3(folder);
    const client = clientOf({
      endpoint,
      credentials: { accessKeyId: 'AKIDCONTRACT', secretAccessKey: 'contract/secret+key' },
      close: async () => {},
    });
    const exited = once(child, 'exit');
    const killAfterMs = 100 + randomInt(400);
    setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    const writers = Array.from({ length: writerCount }, (_, writer) =>
      writeUntilKilled(client, round * writerCount + writer),
    );
    for (const written of await Promise.all(writers)) for (const entry of written) acknowledged.set(...entry);
    await exited;
    client.destroy();
  }
  const told = new Set<string>();
  const { client } = await givenOurs({ folder, onEvent: (event) => void told.add(event.detail.object.key) });
  const present = new Map<string, string>();
  for (const Key of storedKeys(folder)) {
    present.set(Key, await textOf((await client.send(new GetObjectCommand({ Bucket, Key }))).Body));
  }
  expect(acknowledged.size).toBeGreaterThan(roundCount * writerCount);
  for (const [key, content] of acknowledged) expect([key, present.get(key)]).toEqual([key, content]);
  for (const [key, content] of present) expect([key, content]).toEqual([key, contentOf(key)]);
  await until('every event is delivered', () => [...present.keys()].every((key) => told.has(key)));
  expect(await incoming(folder)).toEqual([]);
  // Only parts of unfinished uploads may own further blobs, at most one for each writer.
  const extra = (await blobs(folder)).length - present.size;
  expect([extra >= 0, extra <= roundCount * writerCount]).toEqual([true, true]);
});

test('a PUT that is cut off midway stores nothing, and its bytes are removed', async () => {
  const { client, endpoint, folder } = await givenOurs();
  const url = new URL(await presign(client, new PutObjectCommand({ Bucket, Key: 'cut' })));
  const socket = connect(Number(url.port), url.hostname);
  socket.write(
    `PUT ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${new URL(endpoint).host}\r\ncontent-length: 1000000\r\n\r\n`,
  );
  socket.write('x'.repeat(500_000));
  await until('bytes are coming in', async () => (await incoming(folder)).length === 1);
  socket.destroy();
  await until('they are removed', async () => (await incoming(folder)).length === 0);
  expect(await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key: 'cut' })))).toBe('404 NotFound');
  expect(await blobs(folder)).toEqual([]);
});

test('a download continues with its first content after a replacement, and that content is removed afterwards', async () => {
  const { client, folder } = await givenOurs();
  const before = Buffer.alloc(64 * 1024 * 1024, 'before');
  await client.send(new PutObjectCommand({ Bucket, Key: 'replaced', Body: before }));
  const got = await client.send(new GetObjectCommand({ Bucket, Key: 'replaced' }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'replaced', Body: 'after' }));
  expect(await blobs(folder)).toHaveLength(2);
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(before)).toBe(true);
  await until('the old blob is removed', async () => (await blobs(folder)).length === 1);
  expect(await textOf((await client.send(new GetObjectCommand({ Bucket, Key: 'replaced' }))).Body)).toBe('after');
});

test('a refused PUT and an overwritten object do not leave bytes behind', async () => {
  const { client, folder } = await givenOurs();
  const put = (input: object) =>
    refusalOf(client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ...input })));
  expect(await put({ ContentMD5: createHash('md5').update('y').digest('base64') })).toBe('400 BadDigest');
  expect(await put({})).toBe('accepted');
  expect(await put({ IfNoneMatch: '*' })).toBe('412 PreconditionFailed');
  expect(await put({ Body: 'y' })).toBe('accepted');
  expect([(await blobs(folder)).length, (await incoming(folder)).length]).toEqual([1, 0]);
});

test('the event of a stored object is delivered once with the exact key, and repeated only if it was refused', async () => {
  const events: ObjectCreated[] = [];
  let refusals = 1;
  const onEvent = (event: ObjectCreated) => {
    if (refusals-- > 0) throw new Error('the bus is not there yet (planted)');
    events.push(event);
  };
  const { client, s3 } = await givenOurs({ onEvent });
  s3.createBucket('quiet', { eventBridge: false });
  await client.send(new PutObjectCommand({ Bucket: 'quiet', Key: 'unheard', Body: 'x' }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'a b/ü+%', Body: 'hello' }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'second', Body: 'x' }));
  await until('both are told', () => events.length === 2);
  const event = events.find(({ detail }) => detail.object.key === 'a b/ü+%');
  expect(event).toMatchObject({
    source: 'aws.s3',
    'detail-type': 'Object Created',
    resources: ['arn:aws:s3:::durable'],
  });
  expect(event?.detail).toMatchObject({ bucket: { name: Bucket }, reason: 'PutObject', object: { size: 5 } });
  expect(event?.detail.object.etag).toBe(createHash('md5').update('hello').digest('hex'));
});

test('browsers get answers by the cross-origin rules of the bucket, without a signature', async () => {
  const { client, endpoint, s3 } = await givenOurs();
  const rule = {
    allowedOrigins: ['https://*.example.org'],
    allowedMethods: ['PUT', 'GET'],
    allowedHeaders: ['content-*'],
  };
  s3.createBucket(Bucket, { eventBridge: false, cors: [{ ...rule, exposedHeaders: ['ETag'], maxAgeSeconds: 60 }] });
  const preflight = (origin: string, method: string, headers = 'content-md5') =>
    fetch(`${endpoint}/${Bucket}/k?X-Amz-Signature=x`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': headers },
    });
  const answer = await preflight('https://ui.example.org', 'PUT');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('access-control-allow-origin')).toBe('https://ui.example.org');
  expect(answer.headers.get('access-control-allow-headers')).toBe('content-md5');
  expect(await refusalIn(await preflight('https://example.com', 'PUT'))).toBe('403 AccessForbidden');
  expect(await refusalIn(await preflight('https://ui.example.org', 'DELETE'))).toBe('403 AccessForbidden');
  expect(await refusalIn(await preflight('https://ui.example.org', 'PUT', 'x-evil'))).toBe('403 AccessForbidden');
  const url = await presign(client, new PutObjectCommand({ Bucket, Key: 'k' }));
  const put = await fetch(url, { method: 'PUT', body: 'x', headers: { origin: 'https://ui.example.org' } });
  expect([put.status, put.headers.get('access-control-expose-headers')]).toEqual([200, 'ETag']);
});

test('policies are asked by action and ARN, and a missing key is hidden from callers who may not list', async () => {
  const asked: string[] = [];
  const authorise = (_caller: unknown, action: string, resources: string[]) => {
    asked.push(`${action} ${resources}`);
    if (action === 's3:ListBucket' || action === 's3:DeleteObject')
      throw new AwsError('AccessDenied', 'Access Denied', 403);
  };
  const { client } = await givenOurs({ authorise });
  await client.send(new PutObjectCommand({ Bucket, Key: 'a/b', Body: 'x' }));
  expect(await refusalOf(client.send(new GetObjectCommand({ Bucket, Key: 'none' })))).toBe('403 AccessDenied');
  expect(await refusalOf(client.send(new DeleteObjectCommand({ Bucket, Key: 'a/b' })))).toBe('403 AccessDenied');
  expect(asked).toEqual([
    's3:PutObject arn:aws:s3:::durable/a/b',
    's3:GetObject arn:aws:s3:::durable/none',
    's3:ListBucket arn:aws:s3:::durable',
    's3:DeleteObject arn:aws:s3:::durable/a/b',
  ]);
});

test('an operation that is not served is refused with 501 and its name', async () => {
  const { client } = await givenOurs();
  const call = client.send(new GetBucketAclCommand({ Bucket }));
  expect(await refusalOf(call)).toBe('501 NotImplemented');
  await expect(call).rejects.toThrow('GetBucketAcl');
});

test('a body above 5 GiB is refused before it is sent', async () => {
  const { client, endpoint, folder } = await givenOurs();
  const url = new URL(await presign(client, new PutObjectCommand({ Bucket, Key: 'huge' })));
  const socket = connect(Number(url.port), url.hostname);
  const length = `content-length: ${5 * 1024 ** 3 + 1}`;
  socket.write(`PUT ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${new URL(endpoint).host}\r\n${length}\r\n\r\nx`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  expect(answer.toString()).toMatch(/^HTTP\/1.1 400 [\s\S]*<Code>EntityTooLarge<\/Code>/);
  expect(await incoming(folder)).toEqual([]);
});
