// Tests what the product assumes of S3's multipart uploads, on ours or on the engine of CONTRACT_ENDPOINT_S3.

import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect } from 'vitest';
import { check, type Endpoint, givenEndpoint } from './endpoint.ts';
import { clientOf, givenBucket, givenObject, presign, refusalIn, refusalOf, textOf } from './s3-client.ts';

const mebibyte = 1024 * 1024;
const five = Buffer.alloc(5 * mebibyte, 'abcdefghijklmnopqrstuvwxyz');
const tail = Buffer.from('the last part');

let endpoint: Endpoint;
let client: S3Client;
let Bucket: string;

beforeAll(async () => {
  endpoint = await givenEndpoint('s3');
  // This client is as the product's: parts come from workers by presigned URL, without the SDK's own checksums.
  client = clientOf(endpoint, 'WHEN_REQUIRED');
  Bucket = await givenBucket(client);
});
afterAll(async () => {
  client?.destroy();
  await endpoint?.close();
});

async function begin(Key: string, input: Partial<CreateMultipartUploadCommandInput> = {}) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...input }));
  return { Bucket, Key, UploadId };
}
type Upload = Awaited<ReturnType<typeof begin>>;

async function putPart(upload: Upload, PartNumber: number, Body: Buffer): Promise<CompletedPart> {
  const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
  return { PartNumber, ETag };
}

const complete = (upload: Upload, Parts: CompletedPart[], input: object = {}) =>
  client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...input }));
const digest = (bytes: Buffer) => createHash('md5').update(bytes).digest();

check(
  's3/multipart',
  'parts become one object in the order of their numbers, and its etag is the MD5 of their MD5s',
  async () => {
    const upload = await begin('big/file', { ContentType: 'text/big', Metadata: { m: '1' } });
    const last = await putPart(upload, 7, tail);
    const first = await putPart(upload, 2, five);
    const { ETag } = await complete(upload, [first, last]);
    expect(ETag).toBe(`"${digest(Buffer.concat([digest(five), digest(tail)])).toString('hex')}-2"`);
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'big/file' }));
    expect(got).toMatchObject({
      ETag,
      ContentLength: five.length + tail.length,
      ContentType: 'text/big',
      Metadata: { m: '1' },
    });
    const bytes = Buffer.from((await got.Body?.transformToByteArray()) ?? []);
    expect(bytes.equals(Buffer.concat([five, tail]))).toBe(true);
    const Range = `bytes=${five.length - 3}-${five.length + 2}`;
    const seam = await client.send(new GetObjectCommand({ Bucket, Key: 'big/file', Range }));
    expect(await textOf(seam.Body)).toBe(`${five.subarray(-3)}the`);
  },
);

check(
  's3/multipart-invisible',
  'an upload is invisible before its completion, and gone after its abortion',
  async () => {
    const upload = await begin('unseen');
    await putPart(upload, 1, tail);
    expect(await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key: 'unseen' })))).toBe('404 NotFound');
    await client.send(new AbortMultipartUploadCommand(upload));
    expect(await refusalOf(client.send(new ListPartsCommand(upload)))).toBe('404 NoSuchUpload');
    expect(await refusalOf(putPart(upload, 1, tail))).toBe('404 NoSuchUpload');
    expect(await refusalOf(client.send(new AbortMultipartUploadCommand(upload)))).toBe('404 NoSuchUpload');
  },
);

check('s3/multipart-completed-once', 'an upload is gone after its completion', async () => {
  const upload = await begin('completed');
  const part = await putPart(upload, 1, tail);
  await complete(upload, [part]);
  expect(await refusalOf(client.send(new ListPartsCommand(upload)))).toBe('404 NoSuchUpload');
});

check('s3/multipart-replaced-part', 'a part that is uploaded again replaces the first', async () => {
  const upload = await begin('replaced');
  const before = await putPart(upload, 1, Buffer.from('before'));
  const after = await putPart(upload, 1, Buffer.from('after'));
  expect(await refusalOf(complete(upload, [before]))).toBe('400 InvalidPart');
  await complete(upload, [after]);
  expect(await textOf((await client.send(new GetObjectCommand({ Bucket, Key: 'replaced' }))).Body)).toBe('after');
});

check('s3/multipart-too-small', 'a part that is not the last must have at least 5 MiB', async () => {
  const upload = await begin('small');
  const parts = [await putPart(upload, 1, five.subarray(1)), await putPart(upload, 2, tail)];
  expect(await refusalOf(complete(upload, parts))).toBe('400 EntityTooSmall');
  expect(await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key: 'small' })))).toBe('404 NotFound');
});

check(
  's3/multipart-bad-list',
  'a completion with a wrong order, a wrong etag, a missing part or without parts is refused',
  async () => {
    const upload = await begin('bad-list');
    const [one, two] = [await putPart(upload, 1, five), await putPart(upload, 2, tail)];
    expect(await refusalOf(complete(upload, [two, one]))).toBe('400 InvalidPartOrder');
    expect(await refusalOf(complete(upload, [{ ...one, ETag: two.ETag }]))).toBe('400 InvalidPart');
    expect(await refusalOf(complete(upload, [one, { ...two, PartNumber: 3 }]))).toBe('400 InvalidPart');
    // The refusal of an empty list has one of two codes on AWS, depending on how the list is written.
    expect(await refusalOf(complete(upload, []))).toMatch(/^400 (MalformedXML|InvalidRequest)$/);
  },
);

check('s3/multipart-unlisted-parts', 'parts that the completion does not list are not in the object', async () => {
  const upload = await begin('unlisted');
  const [one] = [await putPart(upload, 1, tail), await putPart(upload, 2, five)];
  await complete(upload, [one]);
  expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'unlisted' }))).ContentLength).toBe(tail.length);
});

check('s3/list-parts', 'parts are listed in order and in pages', async () => {
  const upload = await begin('listed');
  for (const number of [3, 1, 2]) await putPart(upload, number, Buffer.from(`${number}`.repeat(number)));
  const page = await client.send(new ListPartsCommand({ ...upload, MaxParts: 2 }));
  expect(page.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
    [1, 1],
    [2, 2],
  ]);
  expect([page.IsTruncated, page.NextPartNumberMarker]).toEqual([true, '2']);
  const rest = await client.send(new ListPartsCommand({ ...upload, PartNumberMarker: page.NextPartNumberMarker }));
  expect(rest.Parts).toHaveLength(1);
  expect(rest.Parts?.[0]).toMatchObject({ PartNumber: 3, ETag: `"${digest(Buffer.from('333')).toString('hex')}"` });
  await client.send(new AbortMultipartUploadCommand(upload));
});

check('s3/presigned-part', 'a part that is uploaded by URL must have the signed MD5 and length', async () => {
  const upload = await begin('by-url');
  const ContentMD5 = digest(tail).toString('base64');
  const command = new UploadPartCommand({ ...upload, PartNumber: 1, ContentMD5, ContentLength: tail.length });
  const names = new Set(['content-md5', 'content-length']);
  const url = await presign(client, command, {
    signableHeaders: new Set([...names, 'host']),
    unhoistableHeaders: names,
  });
  const put = (body: Buffer) =>
    fetch(url, { method: 'PUT', body: new Uint8Array(body), headers: { 'content-md5': ContentMD5 } });
  expect(await refusalIn(await put(Buffer.from('the LAST part')))).toBe('400 BadDigest');
  const stored = await put(tail);
  expect([stored.status, stored.headers.get('etag')]).toEqual([200, `"${digest(tail).toString('hex')}"`]);
  await complete(upload, [{ PartNumber: 1, ETag: `"${digest(tail).toString('hex')}"` }]);
});

check('s3/complete-if-none-match', 'a completion may require that the key is free', async () => {
  await givenObject(client, { Bucket, Key: 'taken', Body: 'x' });
  const upload = await begin('taken');
  const part = await putPart(upload, 1, tail);
  expect(await refusalOf(complete(upload, [part], { IfNoneMatch: '*' }))).toBe('412 PreconditionFailed');
  expect(await refusalOf(complete(upload, [part]))).toBe('accepted');
});
