// Tests what the product assumes of S3's objects, on ours or on the engine of CONTRACT_ENDPOINT_S3.

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { check, type Endpoint, givenEndpoint } from './endpoint.ts';
import { clientOf, givenBucket, givenObject, presign, refusalIn, refusalOf, textOf } from './s3-client.ts';

let endpoint: Endpoint;
let client: S3Client;
let Bucket: string;

beforeAll(async () => {
  endpoint = await givenEndpoint('s3');
  client = clientOf(endpoint);
  Bucket = await givenBucket(client);
});
afterAll(async () => {
  client?.destroy();
  await endpoint?.close();
});

const md5 = (bytes: string | Buffer) => createHash('md5').update(bytes);

describe('buckets', () => {
  check('s3/no-such-bucket', 'operations on a missing bucket are refused with NoSuchBucket', async () => {
    const missing = { Bucket: `${Bucket}-x`, Key: 'k' };
    expect(await refusalOf(client.send(new GetObjectCommand(missing)))).toBe('404 NoSuchBucket');
    expect(await refusalOf(client.send(new PutObjectCommand({ ...missing, Body: 'x' })))).toBe('404 NoSuchBucket');
  });
});

describe('putting and getting', () => {
  check('s3/put-get', 'an object comes back with its bytes, type, metadata and MD5 etag', async () => {
    const Body = Buffer.from([0, 255, 13, 10, 1]);
    const input = { Bucket, Key: 'a/b c', Body, ContentType: 'text/x-test', Metadata: { colour: 'red' } };
    const ETag = await givenObject(client, { ...input, ContentDisposition: 'inline', CacheControl: 'no-store' });
    expect(ETag).toBe(`"${md5(Body).digest('hex')}"`);
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'a/b c' }));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? [])).toEqual(Body);
    expect(got).toMatchObject({ ETag, ContentLength: 5, ContentType: 'text/x-test', Metadata: { colour: 'red' } });
    expect(got).toMatchObject({ ContentDisposition: 'inline', CacheControl: 'no-store', AcceptRanges: 'bytes' });
  });

  check('s3/empty-object', 'an object may be empty', async () => {
    const ETag = await givenObject(client, { Bucket, Key: 'empty', Body: '' });
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'empty' }));
    expect(got).toMatchObject({ ETag, ContentLength: 0 });
    expect(await textOf(got.Body)).toBe('');
  });

  check('s3/overwrite', 'the last put wins', async () => {
    await givenObject(client, { Bucket, Key: 'twice', Body: 'one' });
    await givenObject(client, { Bucket, Key: 'twice', Body: 'two!' });
    expect(await textOf((await client.send(new GetObjectCommand({ Bucket, Key: 'twice' }))).Body)).toBe('two!');
  });

  check('s3/head-object', 'HEAD returns the size and the time of an object without its body', async () => {
    await givenObject(client, { Bucket, Key: 'headed', Body: '12345' });
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'headed' }));
    expect(head.ContentLength).toBe(5);
    expect(Math.abs((head.LastModified?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key: 'none' })))).toBe('404 NotFound');
  });

  check('s3/no-such-key', 'a missing key is refused with NoSuchKey', async () => {
    expect(await refusalOf(client.send(new GetObjectCommand({ Bucket, Key: 'none' })))).toBe('404 NoSuchKey');
  });

  check(
    's3/streaming-trailer',
    'a streamed body is stored without its framing and with its trailing checksum',
    async () => {
      const part = Buffer.alloc(70_000, 'espalier');
      const Body = Readable.from([part, part, part]);
      await client.send(
        new PutObjectCommand({ Bucket, Key: 'streamed', Body, ContentLength: 210_000, ChecksumAlgorithm: 'SHA256' }),
      );
      const got = await client.send(new GetObjectCommand({ Bucket, Key: 'streamed', ChecksumMode: 'ENABLED' }));
      const whole = Buffer.concat([part, part, part]);
      expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(whole)).toBe(true);
      expect(got.ChecksumSHA256).toBe(createHash('sha256').update(whole).digest('base64'));
      expect(got.ContentEncoding).toBeUndefined();
    },
  );

  for (const algorithm of ['CRC32', 'SHA1', 'SHA256'] as const) {
    check(`s3/checksum-${algorithm.toLowerCase()}`, 'a checksum is verified, stored and returned', async () => {
      const Key = `sum-${algorithm}`;
      await givenObject(client, { Bucket, Key, Body: 'sum me', ChecksumAlgorithm: algorithm });
      const head = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
      const value = head[`Checksum${algorithm}`];
      expect(value).toMatch(/=$/);
      const wrong = { Bucket, Key: `${Key}-wrong`, Body: 'other', [`Checksum${algorithm}`]: value };
      expect(await refusalOf(client.send(new PutObjectCommand(wrong)))).toBe('400 BadDigest');
      expect(await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key: `${Key}-wrong` })))).toBe('404 NotFound');
    });
  }

  check(
    's3/content-md5',
    'a Content-MD5 of another body is refused with BadDigest, and a malformed one with InvalidDigest',
    async () => {
      const put = (ContentMD5: string) =>
        client.send(new PutObjectCommand({ Bucket, Key: 'md5', Body: 'x', ContentMD5 }));
      expect(await refusalOf(put(md5('y').digest('base64')))).toBe('400 BadDigest');
      expect(await refusalOf(put('nonsense'))).toBe('400 InvalidDigest');
      expect(await refusalOf(put(md5('x').digest('base64')))).toBe('accepted');
    },
  );
});

describe('conditions', () => {
  check('s3/put-if-none-match', 'If-None-Match lets only the first of two puts succeed', async () => {
    const put = () => client.send(new PutObjectCommand({ Bucket, Key: 'once', Body: 'x', IfNoneMatch: '*' }));
    expect(await refusalOf(put())).toBe('accepted');
    expect(await refusalOf(put())).toBe('412 PreconditionFailed');
  });

  check('s3/put-if-none-match-race', 'If-None-Match lets exactly one of ten puts at once succeed', async () => {
    const put = (n: number) =>
      client.send(new PutObjectCommand({ Bucket, Key: 'race', Body: `${n}`, IfNoneMatch: '*' }));
    const results = await Promise.all(Array.from({ length: 10 }, (_, n) => refusalOf(put(n))));
    expect(results.filter((result) => result === 'accepted')).toHaveLength(1);
    expect(
      results.every((result) => /accepted|412 PreconditionFailed|409 ConditionalRequestConflict/.test(result)),
    ).toBe(true);
  });

  check('s3/put-if-match', 'If-Match lets a replacement succeed only with the present etag', async () => {
    const IfMatch = await givenObject(client, { Bucket, Key: 'match', Body: 'one' });
    const put = (Key: string, etag: string) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body: 'two', IfMatch: etag }));
    expect(await refusalOf(put('match', '"00000000000000000000000000000000"'))).toBe('412 PreconditionFailed');
    expect(await refusalOf(put('match-none', IfMatch))).toBe('404 NoSuchKey');
    expect(await refusalOf(put('match', IfMatch))).toBe('accepted');
  });

  check('s3/get-conditions', 'a GET gets 304 by If-None-Match, and 412 by If-Match of another etag', async () => {
    const ETag = await givenObject(client, { Bucket, Key: 'cond', Body: 'x' });
    const get = (input: object) => refusalOf(client.send(new GetObjectCommand({ Bucket, Key: 'cond', ...input })));
    expect(await get({ IfNoneMatch: ETag })).toMatch(/^304/);
    expect(await get({ IfMatch: '"other"' })).toBe('412 PreconditionFailed');
    expect(await get({ IfModifiedSince: new Date(Date.now() - 60_000) })).toBe('accepted');
  });

  check('s3/get-if-match-prevails', 'If-Unmodified-Since is ignored when If-Match holds', async () => {
    const ETag = await givenObject(client, { Bucket, Key: 'prevails', Body: 'x' });
    const input = { Bucket, Key: 'prevails', IfMatch: ETag, IfUnmodifiedSince: new Date(0) };
    expect(await refusalOf(client.send(new GetObjectCommand(input)))).toBe('accepted');
  });
});

describe('ranges', () => {
  beforeAll(() => givenObject(client, { Bucket, Key: 'digits', Body: '0123456789' }));
  const get = async (Range: string) => {
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'digits', Range }));
    return `${got.$metadata.httpStatusCode} ${got.ContentRange} ${await textOf(got.Body)}`;
  };

  check('s3/range', 'may have both ends, an open end, or only a suffix', async () => {
    expect(await get('bytes=2-4')).toBe('206 bytes 2-4/10 234');
    expect(await get('bytes=8-')).toBe('206 bytes 8-9/10 89');
    expect(await get('bytes=-3')).toBe('206 bytes 7-9/10 789');
    expect(await get('bytes=5-99')).toBe('206 bytes 5-9/10 56789');
    expect(await get('bytes=-99')).toBe('206 bytes 0-9/10 0123456789');
  });

  check('s3/range-unsatisfiable', 'behind the end are refused with 416', async () => {
    expect(await refusalOf(get('bytes=10-'))).toBe('416 InvalidRange');
  });

  check('s3/range-ignored', 'are ignored when they are malformed', async () => {
    expect(await get('bytes=4-2')).toBe('200 undefined 0123456789');
  });

  check('s3/range-unit', 'are ignored in another unit', async () => {
    expect(await get('lines=1-2')).toBe('200 undefined 0123456789');
  });
});

describe('deleting', () => {
  check('s3/delete', 'an object may be deleted twice', async () => {
    await givenObject(client, { Bucket, Key: 'gone', Body: 'x' });
    for (let time = 0; time < 2; time += 1) {
      const answer = await client.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
      expect(answer.$metadata.httpStatusCode).toBe(204);
    }
    expect(await refusalOf(client.send(new GetObjectCommand({ Bucket, Key: 'gone' })))).toBe('404 NoSuchKey');
  });

  check(
    's3/delete-objects',
    'many keys may be deleted at once, also missing ones, and Quiet hides the successes',
    async () => {
      for (const Key of ['d/1', 'd/<&>', 'd/3']) await givenObject(client, { Bucket, Key, Body: 'x' });
      const deleteAll = (keys: string[], Quiet: boolean) =>
        client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })), Quiet } }));
      const answer = await deleteAll(['d/1', 'd/<&>', 'd/none'], false);
      expect(answer.Deleted?.map(({ Key }) => Key).sort()).toEqual(['d/1', 'd/<&>', 'd/none']);
      expect((await deleteAll(['d/3'], true)).Deleted ?? []).toEqual([]);
      for (const Key of ['d/1', 'd/<&>', 'd/3']) {
        expect(await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key })))).toBe('404 NotFound');
      }
    },
  );
});

describe('presigned URLs', () => {
  check('s3/presigned-get', 'may set the type and the file name of the answer', async () => {
    await givenObject(client, { Bucket, Key: 'for/browser', Body: 'hello', ContentType: 'text/plain' });
    const ResponseContentDisposition = 'attachment; filename="a b.txt"';
    const command = new GetObjectCommand({
      Bucket,
      Key: 'for/browser',
      ResponseContentDisposition,
      ResponseContentType: 'text/html',
    });
    const response = await fetch(await presign(client, command));
    expect(await response.text()).toBe('hello');
    expect(response.headers.get('content-disposition')).toBe(ResponseContentDisposition);
    expect(response.headers.get('content-type')).toBe('text/html');
    const ranged = await fetch(await presign(client, command), { headers: { range: 'bytes=1-2' } });
    expect([ranged.status, await ranged.text()]).toEqual([206, 'el']);
  });

  check('s3/presigned-put', 'accept only a body with the signed MD5 and length', async () => {
    const plain = clientOf(endpoint, 'WHEN_REQUIRED');
    const ContentMD5 = md5('hello').digest('base64');
    const command = new PutObjectCommand({ Bucket, Key: 'upload', ContentMD5, ContentLength: 5 });
    const signed = new Set(['content-md5', 'content-length']);
    const url = await presign(plain, command, {
      signableHeaders: new Set([...signed, 'host']),
      unhoistableHeaders: signed,
    });
    expect(url).toContain('content-length%3Bcontent-md5%3Bhost');
    const put = async (body: string, md5Header?: string) =>
      refusalIn(await fetch(url, { method: 'PUT', body, headers: md5Header ? { 'content-md5': md5Header } : {} }));
    expect(await put('hello')).toBe('403 SignatureDoesNotMatch');
    expect(await put('hullo', ContentMD5)).toBe('400 BadDigest');
    expect(await put('hello!', ContentMD5)).toBe('403 SignatureDoesNotMatch');
    expect(await put('hullo', md5('hullo').digest('base64'))).toBe('403 SignatureDoesNotMatch');
    expect(await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key: 'upload' })))).toBe('404 NotFound');
    expect(await put('hello', ContentMD5)).toBe('200');
    plain.destroy();
  });
});
