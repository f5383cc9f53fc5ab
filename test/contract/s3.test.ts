// What the product assumes of S3's objects, checked on ours or on the engine of CONTRACT_ENDPOINT_S3.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
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
  check('s3/head-bucket', 'a bucket that exists is found, another is 404', async () => {
    expect((await client.send(new HeadBucketCommand({ Bucket }))).$metadata.httpStatusCode).toBe(200);
    expect(await refusalOf(client.send(new HeadBucketCommand({ Bucket: `${Bucket}-x` })))).toBe('404 NotFound');
  });

  check('s3/no-such-bucket', 'operations on a missing bucket are refused by that name', async () => {
    const missing = { Bucket: `${Bucket}-x`, Key: 'k' };
    expect(await refusalOf(client.send(new GetObjectCommand(missing)))).toBe('404 NoSuchBucket');
    expect(await refusalOf(client.send(new PutObjectCommand({ ...missing, Body: 'x' })))).toBe('404 NoSuchBucket');
  });

  check('s3/delete-bucket', 'only an empty bucket is deleted', async () => {
    const other = await givenBucket(client);
    await givenObject(client, { Bucket: other, Key: 'k', Body: 'x' });
    expect(await refusalOf(client.send(new DeleteBucketCommand({ Bucket: other })))).toBe('409 BucketNotEmpty');
    await client.send(new DeleteObjectCommand({ Bucket: other, Key: 'k' }));
    await client.send(new DeleteBucketCommand({ Bucket: other }));
    expect(await refusalOf(client.send(new HeadBucketCommand({ Bucket: other })))).toBe('404 NotFound');
  });
});

describe('putting and getting', () => {
  check('s3/put-get', 'bytes, type, metadata and MD5 etag come back', async () => {
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

  check('s3/head-object', 'HEAD tells size, type and whole-second time without a body', async () => {
    await givenObject(client, { Bucket, Key: 'headed', Body: '12345' });
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'headed' }));
    expect(head.ContentLength).toBe(5);
    expect(Math.abs((head.LastModified?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key: 'none' })))).toBe('404 NotFound');
  });

  check('s3/no-such-key', 'a missing key is named', async () => {
    expect(await refusalOf(client.send(new GetObjectCommand({ Bucket, Key: 'none' })))).toBe('404 NoSuchKey');
  });

  check(
    's3/streaming-trailer',
    'a streamed body arrives without its framing, its trailing checksum is kept',
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

  for (const algorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const) {
    check(`s3/checksum-${algorithm.toLowerCase()}`, 'a checksum is verified, kept and told', async () => {
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

  check('s3/checksum-crc64nvme', 'the CRC64NVME of 123456789 is the one of the catalogue', async () => {
    const ChecksumCRC64NVME = 'rosUhgp5mIg=';
    await givenObject(client, { Bucket, Key: 'nvme', Body: '123456789', ChecksumCRC64NVME });
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'nvme', ChecksumMode: 'ENABLED' }));
    expect(head.ChecksumCRC64NVME).toBe(ChecksumCRC64NVME);
    const wrong = { Bucket, Key: 'nvme-wrong', Body: '123456788', ChecksumCRC64NVME };
    expect(await refusalOf(client.send(new PutObjectCommand(wrong)))).toBe('400 BadDigest');
  });

  check(
    's3/content-md5',
    "a Content-MD5 that is not the body's is BadDigest, one that is none InvalidDigest",
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
  check('s3/put-if-none-match', 'only the first of two creates', async () => {
    const put = () => client.send(new PutObjectCommand({ Bucket, Key: 'once', Body: 'x', IfNoneMatch: '*' }));
    expect(await refusalOf(put())).toBe('accepted');
    expect(await refusalOf(put())).toBe('412 PreconditionFailed');
  });

  check('s3/put-if-none-match-race', 'of ten at once one creates', async () => {
    const put = (n: number) =>
      client.send(new PutObjectCommand({ Bucket, Key: 'race', Body: `${n}`, IfNoneMatch: '*' }));
    const results = await Promise.all(Array.from({ length: 10 }, (_, n) => refusalOf(put(n))));
    expect(results.filter((result) => result === 'accepted')).toHaveLength(1);
    expect(
      results.every((result) => /accepted|412 PreconditionFailed|409 ConditionalRequestConflict/.test(result)),
    ).toBe(true);
  });

  check('s3/put-if-match', 'a replacement needs the etag that is there', async () => {
    const IfMatch = await givenObject(client, { Bucket, Key: 'match', Body: 'one' });
    const put = (Key: string, etag: string) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body: 'two', IfMatch: etag }));
    expect(await refusalOf(put('match', '"00000000000000000000000000000000"'))).toBe('412 PreconditionFailed');
    expect(await refusalOf(put('match-none', IfMatch))).toBe('404 NoSuchKey');
    expect(await refusalOf(put('match', IfMatch))).toBe('accepted');
  });

  check('s3/get-conditions', 'If-None-Match is 304, If-Match of another etag 412', async () => {
    const ETag = await givenObject(client, { Bucket, Key: 'cond', Body: 'x' });
    const get = (input: object) => refusalOf(client.send(new GetObjectCommand({ Bucket, Key: 'cond', ...input })));
    expect(await get({ IfNoneMatch: ETag })).toMatch(/^304/);
    expect(await get({ IfMatch: '"other"' })).toBe('412 PreconditionFailed');
    expect(await get({ IfModifiedSince: new Date(Date.now() - 60_000) })).toBe('accepted');
  });

  check('s3/get-if-match-prevails', 'If-Match that holds makes If-Unmodified-Since not count', async () => {
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

  check('s3/range', 'first to last, open end, and suffix', async () => {
    expect(await get('bytes=2-4')).toBe('206 bytes 2-4/10 234');
    expect(await get('bytes=8-')).toBe('206 bytes 8-9/10 89');
    expect(await get('bytes=-3')).toBe('206 bytes 7-9/10 789');
    expect(await get('bytes=5-99')).toBe('206 bytes 5-9/10 56789');
    expect(await get('bytes=-99')).toBe('206 bytes 0-9/10 0123456789');
  });

  check('s3/range-unsatisfiable', 'a range behind the end is 416', async () => {
    expect(await refusalOf(get('bytes=10-'))).toBe('416 InvalidRange');
  });

  check('s3/range-ignored', 'what is no range is ignored', async () => {
    expect(await get('bytes=4-2')).toBe('200 undefined 0123456789');
  });

  check('s3/range-unit', 'a range in another unit is ignored', async () => {
    expect(await get('lines=1-2')).toBe('200 undefined 0123456789');
  });
});

describe('deleting and copying', () => {
  check('s3/delete', 'deleting is idempotent', async () => {
    await givenObject(client, { Bucket, Key: 'gone', Body: 'x' });
    for (let time = 0; time < 2; time += 1) {
      const answer = await client.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
      expect(answer.$metadata.httpStatusCode).toBe(204);
    }
    expect(await refusalOf(client.send(new GetObjectCommand({ Bucket, Key: 'gone' })))).toBe('404 NoSuchKey');
  });

  check('s3/delete-objects', 'many are deleted at once, missing ones too; quiet tells nothing', async () => {
    for (const Key of ['d/1', 'd/<&>', 'd/3']) await givenObject(client, { Bucket, Key, Body: 'x' });
    const deleteAll = (keys: string[], Quiet: boolean) =>
      client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })), Quiet } }));
    const answer = await deleteAll(['d/1', 'd/<&>', 'd/none'], false);
    expect(answer.Deleted?.map(({ Key }) => Key).sort()).toEqual(['d/1', 'd/<&>', 'd/none']);
    expect((await deleteAll(['d/3'], true)).Deleted ?? []).toEqual([]);
    expect((await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'd/' }))).KeyCount).toBe(0);
  });

  check('s3/copy', 'content and metadata are copied, or metadata replaced', async () => {
    const input = { Bucket, Key: 'copy/from ü', Body: 'copied', ContentType: 'text/a', Metadata: { a: '1' } };
    const ETag = await givenObject(client, input);
    const CopySource = `${Bucket}/${encodeURIComponent('copy/from ü')}`;
    const copied = await client.send(new CopyObjectCommand({ Bucket, Key: 'copy/to', CopySource }));
    expect(copied.CopyObjectResult?.ETag).toBe(ETag);
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'copy/to' }));
    expect(got).toMatchObject({ ContentType: 'text/a', Metadata: { a: '1' } });
    expect(await textOf(got.Body)).toBe('copied');
    const replace = { MetadataDirective: 'REPLACE', ContentType: 'text/b' } as const;
    await client.send(new CopyObjectCommand({ Bucket, Key: 'copy/to', CopySource, ...replace }));
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'copy/to' }));
    expect(head).toMatchObject({ ContentType: 'text/b', Metadata: {} });
  });

  check('s3/copy-refusals', 'a missing source, a copy onto itself and a failed condition are refused', async () => {
    await givenObject(client, { Bucket, Key: 'self', Body: 'x' });
    const copy = (input: object) =>
      refusalOf(client.send(new CopyObjectCommand({ Bucket, Key: 'self', CopySource: `${Bucket}/self`, ...input })));
    expect(await copy({ CopySource: `${Bucket}/none` })).toBe('404 NoSuchKey');
    expect(await copy({})).toBe('400 InvalidRequest');
    expect(await copy({ Key: 'other', CopySourceIfMatch: '"no"' })).toBe('412 PreconditionFailed');
  });

  check('s3/tagging', 'tags are put with the object or later, read and removed', async () => {
    const Key = 'tagged';
    await givenObject(client, { Bucket, Key, Body: 'x', Tagging: 'state=temp&a=b%20c' });
    const tags = async () => (await client.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;
    expect(await tags()).toEqual([
      { Key: 'state', Value: 'temp' },
      { Key: 'a', Value: 'b c' },
    ]);
    await client.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: [{ Key: 'k', Value: 'v' }] } }));
    expect(await tags()).toEqual([{ Key: 'k', Value: 'v' }]);
    await client.send(new DeleteObjectTaggingCommand({ Bucket, Key }));
    expect(await tags()).toEqual([]);
  });
});

describe('listing', () => {
  const keys = [
    'list/B',
    'list/a/1',
    'list/a/2',
    'list/a0',
    'list/b',
    'list/c/1',
    'list/~',
    'list/é',
    'list/\u{1f333}',
  ];
  beforeAll(async () => {
    for (const Key of [...keys, 'list', 'list0']) await givenObject(client, { Bucket, Key, Body: Key });
  });

  check('s3/list-order', 'keys come in the order of their UTF-8 bytes, with size and etag', async () => {
    const { Contents, KeyCount, IsTruncated } = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'list/' }),
    );
    expect(Contents?.map(({ Key }) => Key)).toEqual(keys);
    expect([KeyCount, IsTruncated]).toEqual([9, false]);
    expect(Contents?.[0]).toMatchObject({ Size: 6, ETag: `"${md5('list/B').digest('hex')}"` });
  });

  check('s3/list-pages', 'pages of every size give every key and folder once', async () => {
    for (const [MaxKeys, Delimiter] of [
      [1, '/'],
      [2, undefined],
      [3, '/'],
      [5, undefined],
    ] as const) {
      const seen: (string | undefined)[] = [];
      let ContinuationToken: string | undefined;
      do {
        const input = { Bucket, Prefix: 'list/', MaxKeys, Delimiter, ContinuationToken };
        const page = await client.send(new ListObjectsV2Command(input));
        expect(page.KeyCount).toBeLessThanOrEqual(MaxKeys);
        expect(page.IsTruncated).toBe(page.NextContinuationToken !== undefined);
        seen.push(
          ...(page.Contents ?? []).map(({ Key }) => Key),
          ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
        );
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken && seen.length < 20);
      const folded = keys.filter((key) => !/\/[ac]\//.test(key)).concat('list/a/', 'list/c/');
      expect([...seen].sort()).toEqual([...(Delimiter ? folded : keys)].sort());
    }
  });

  check('s3/list-start-after', 'a listing may start after a key that need not exist', async () => {
    const { Contents } = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'list/', StartAfter: 'list/b0' }),
    );
    expect(Contents?.map(({ Key }) => Key)).toEqual(['list/c/1', 'list/~', 'list/é', 'list/\u{1f333}']);
  });

  check('s3/list-encoded', 'encoding-type=url encodes names', async () => {
    await givenObject(client, { Bucket, Key: 'enc/a b+c&<é\n', Body: '' });
    const { Contents, EncodingType } = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'enc/', EncodingType: 'url' }),
    );
    const name = Contents?.[0]?.Key ?? '';
    expect(name).toMatch(/^enc\/a(\+|%20)b%2Bc%26%3C%C3%A9%0A$/);
    expect(EncodingType).toBe('url');
  });

  const list = (input: object) => refusalOf(client.send(new ListObjectsV2Command({ Bucket, ...input })));

  check('s3/list-bad-token', 'a token that is none is refused', async () => {
    expect(await list({ ContinuationToken: 'no token!' })).toBe('400 InvalidArgument');
  });

  check('s3/list-bad-size', 'a page has no negative size', async () => {
    expect(await list({ MaxKeys: -1 })).toBe('400 InvalidArgument');
    expect(await list({ MaxKeys: 0 })).toBe('accepted');
  });
});

describe('presigned', () => {
  check('s3/presigned-get', "the answer's type and file name may be set by what was signed", async () => {
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

  check('s3/presigned-put', 'a signed MD5 and length bind the body', async () => {
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
