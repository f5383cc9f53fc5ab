// Tests that S3 refuses requests that are not signed or were changed after signing, on ours or on the engine of
// CONTRACT_ENDPOINT_S3.

import { createHash } from 'node:crypto';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect } from 'vitest';
import { check, contractRegion, type Endpoint, givenEndpoint } from './endpoint.ts';
import { clientOf, givenBucket, givenObject, presign, refusalIn, refusalOf } from './s3-client.ts';

let endpoint: Endpoint;
let client: S3Client;
let Bucket: string;

beforeAll(async () => {
  endpoint = await givenEndpoint('s3');
  client = clientOf(endpoint);
  Bucket = await givenBucket(client);
  await givenObject(client, { Bucket, Key: 'secret', Body: 'hidden' });
  await givenObject(client, { Bucket, Key: 'other', Body: 'hidden too' });
});
afterAll(async () => {
  client?.destroy();
  await endpoint?.close();
});

type Wire = { method: string; path: string; readonly headers: Record<string, string>; body?: unknown };

/** A client whose requests are changed after they were signed. */
function tampering(change: (wire: Wire) => void, settings: object = {}): S3Client {
  const { endpoint: url, credentials } = endpoint;
  const base = { endpoint: url, credentials, region: contractRegion, forcePathStyle: true, maxAttempts: 1 };
  const tampered = new S3Client({ ...base, ...settings });
  const middleware = (next: (args: never) => Promise<unknown>) => async (args: { request: unknown }) => {
    change(args.request as Wire);
    return next(args as never);
  };
  tampered.middlewareStack.add(middleware as never, { step: 'deserialize', name: 'tamper', priority: 'high' });
  return tampered;
}

const get = (from: S3Client) => refusalOf(from.send(new GetObjectCommand({ Bucket, Key: 'secret' })));
const signedGet = (options: object = {}) => presign(client, new GetObjectCommand({ Bucket, Key: 'secret' }), options);
const fetched = async (url: string, init: RequestInit = {}) => refusalIn(await fetch(url, init));

check('s3/signed-get', 'a signed and unchanged request is served', async () => {
  expect(await get(tampering(() => {}))).toBe('accepted');
});

check('s3/unsigned', 'an unsigned request is refused with any method', async () => {
  for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']) {
    const init = method === 'PUT' ? { method, body: 'x' } : { method };
    expect(await fetched(`${endpoint.endpoint}/${Bucket}/unsigned`, init)).toMatch(/^403/);
  }
  expect(await get(tampering(({ headers }) => Reflect.deleteProperty(headers, 'authorization')))).toBe(
    '403 AccessDenied',
  );
});

check('s3/unknown-key', 'an unknown access key is refused', async () => {
  const credentials = { accessKeyId: 'AKIDNOBODY', secretAccessKey: endpoint.credentials.secretAccessKey };
  expect(await get(tampering(() => {}, { credentials }))).toBe('403 InvalidAccessKeyId');
});

check('s3/wrong-secret', 'a signature with a wrong secret is refused', async () => {
  const credentials = { ...endpoint.credentials, secretAccessKey: 'guessed' };
  expect(await get(tampering(() => {}, { credentials }))).toBe('403 SignatureDoesNotMatch');
});

check('s3/tampered-path', 'a signature is valid for its path only', async () => {
  const change = (wire: Wire) => {
    wire.path = wire.path.replace('secret', 'other');
  };
  expect(await get(tampering(change))).toBe('403 SignatureDoesNotMatch');
});

check('s3/tampered-method', 'a signature is valid for its method only', async () => {
  const named = { Bucket, Key: 'kept' };
  await givenObject(client, { ...named, Body: 'x' });
  const from = tampering((wire) => {
    wire.method = 'DELETE';
  });
  expect(await refusalOf(from.send(new GetObjectCommand(named)))).toBe('403 SignatureDoesNotMatch');
  expect(await refusalOf(client.send(new HeadObjectCommand(named)))).toBe('accepted');
});

check('s3/tampered-header', 'a signed header may not be changed, and an x-amz- header may not be added', async () => {
  const from = tampering(({ headers }) => {
    headers['x-amz-checksum-mode'] = 'DISABLED';
  });
  expect(await get(from)).toBe('403 SignatureDoesNotMatch');
  const adding = tampering(({ headers }) => {
    headers['x-amz-meta-added'] = '1';
  });
  expect(await get(adding)).toBe('403 AccessDenied');
});

check('s3/tampered-body', 'a body that differs from the signed one is not stored', async () => {
  const from = tampering((wire) => {
    wire.body = 'forged';
  });
  const put = from.send(new PutObjectCommand({ Bucket, Key: 'forged', Body: 'honest' }));
  expect(await refusalOf(put)).toMatch(/^400 (XAmzContentSHA256Mismatch|BadDigest)$/);
  expect(await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key: 'forged' })))).toBe('404 NotFound');
});

check('s3/skewed', 'a request that was signed an hour ago or an hour ahead is refused', async () => {
  for (const offset of [-3_600_000, 3_600_000]) {
    const skewed = tampering(() => {}, { systemClockOffset: offset });
    expect(await get(skewed)).toBe('403 RequestTimeTooSkewed');
  }
});

check('s3/wrong-region', 'a signature for another region is refused', async () => {
  expect(await get(tampering(() => {}, { region: 'eu-west-2' }))).toBe('400 AuthorizationHeaderMalformed');
});

check('s3/presigned-expired', 'a URL expires at its time', async () => {
  const signingDate = new Date(Date.now() - 60_000);
  expect(await fetched(await signedGet({ signingDate, expiresIn: 90 }))).toBe('200');
  const response = await fetch(await signedGet({ signingDate, expiresIn: 30 }));
  const body = await response.text();
  expect([response.status, body.includes('<Code>AccessDenied</Code>')]).toEqual([403, true]);
  expect(body).toContain('<Message>Request has expired</Message>');
});

check('s3/presigned-early', 'a URL is not valid before its date', async () => {
  expect(await fetched(await signedGet({ signingDate: new Date(Date.now() + 3_600_000) }))).toBe('403 AccessDenied');
});

check('s3/presigned-tampered', 'a URL is refused when any part was changed', async () => {
  const url = await signedGet();
  expect(await fetched(url)).toBe('200');
  expect(await fetched(url.replace('/secret?', '/other?'))).toBe('403 SignatureDoesNotMatch');
  expect(await fetched(url.replace('X-Amz-Expires=300', 'X-Amz-Expires=3000'))).toBe('403 SignatureDoesNotMatch');
  expect(await fetched(`${url}&response-content-type=text%2Fhtml`)).toBe('403 SignatureDoesNotMatch');
  expect(
    await fetched(url.replace(/(X-Amz-Signature=)(.)/, (_, name, digit) => `${name}${digit === 'a' ? 'b' : 'a'}`)),
  ).toBe('403 SignatureDoesNotMatch');
  expect(await fetched(url, { method: 'DELETE' })).toBe('403 SignatureDoesNotMatch');
  expect(await fetched(url.replace(/&X-Amz-Signature=[^&]*/, ''))).toMatch(/^40[03]/);
});

check('s3/presigned-too-long', 'a URL may be valid for a week at most', async () => {
  const url = (await signedGet()).replace('X-Amz-Expires=300', 'X-Amz-Expires=604801');
  expect(await fetched(url)).toBe('400 AuthorizationQueryParametersError');
});

check('s3/presigned-added-header', 'a request with an unsigned x-amz- header is refused', async () => {
  const url = await presign(client, new PutObjectCommand({ Bucket, Key: 'added' }));
  const init = { method: 'PUT', body: '', headers: { 'x-amz-meta-owner': 'me' } };
  expect(await fetched(url, init)).toBe('403 AccessDenied');
});

check(
  's3/presigned-empty-checksum',
  'the checksum of an empty body that signers put in the query is ignored',
  async () => {
    const url = await presign(client, new PutObjectCommand({ Bucket, Key: 'by-default' }));
    expect(url).toContain('x-amz-checksum-crc32=AAAAAA%3D%3D');
    expect(await fetched(url, { method: 'PUT', body: 'not empty' })).toBe('200');
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'by-default' }));
    expect(head.ETag).toBe(`"${createHash('md5').update('not empty').digest('hex')}"`);
  },
);

check('s3/presigned-metadata', 'metadata that the signer put in the query is stored', async () => {
  const url = await presign(client, new PutObjectCommand({ Bucket, Key: 'hoisted', Metadata: { owner: 'me' } }));
  expect(await fetched(url, { method: 'PUT', body: 'x' })).toBe('200');
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'hoisted' }));
  expect(head.Metadata).toEqual({ owner: 'me' });
});

check(
  's3/malformed-authorization',
  'a malformed Authorization is refused and does not cause an internal error',
  async () => {
    for (const authorization of ['nonsense', 'AWS4-HMAC-SHA256 Credential=a/b/c', 'AWS AKID:sig', 'Bearer x']) {
      const answer = await fetched(`${endpoint.endpoint}/${Bucket}/secret`, { headers: { authorization } });
      expect(answer).toMatch(/^40[03] (AuthorizationHeaderMalformed|InvalidArgument|AccessDenied|InvalidRequest)$/);
    }
    expect(await fetched(`${endpoint.endpoint}/${Bucket}/%E0%A4%A`)).toMatch(/^40[03]/);
  },
);
