// Bytes of files on S3: uploads in parts by presigned URLs, downloads by presigned URLs. The platform's own functions
// never carry the bytes, apart from the first few of a file, which tell its media type.

import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Content, UploadedPart } from '../../core/context.ts';
import { uploadUrlSeconds } from '../../core/object/part.ts';
import { AwsFailure, translated, unlessRefused } from '../failure.ts';
import { contentDisposition } from './disposition.ts';

/** The environment is read when a client or a name is first needed. */
type Bucket = { readonly client: () => S3Client; readonly name: () => string };

export function createContent(client: () => S3Client, name: () => string): Content {
  const bucket: Bucket = { client, name };
  return {
    startUpload: (key) => startUpload(bucket, key),
    uploadUrl: (key, uploadId, part) => uploadUrl(bucket, key, uploadId, part),
    listParts: (key, uploadId) => listParts(bucket, key, uploadId),
    completeUpload: (key, uploadId, parts) => completeUpload(bucket, key, uploadId, parts),
    abortUpload: (key, uploadId) => abortUpload(bucket, key, uploadId),
    size: (key) => sizeOf(bucket, key),
    beginning: (key, count) => beginningOf(bucket, key, count),
    downloadUrl: (key, options) => downloadUrl(bucket, key, options),
    remove: (keys) => remove(bucket, keys),
  };
}

function startUpload(bucket: Bucket, key: string): Promise<string> {
  return translated('CreateMultipartUpload', async () => {
    const answer = await bucket.client().send(new CreateMultipartUploadCommand(at(bucket, key)));
    if (answer.UploadId === undefined) throw new Error('S3 answered without an upload id.');
    return answer.UploadId;
  });
}

/** The URL is good for exactly these bytes: length and MD5 are part of the signature. */
async function uploadUrl(
  bucket: Bucket,
  key: string,
  uploadId: string,
  part: UploadedPart,
): Promise<{ url: string; headers: Record<string, string>; expires: number }> {
  const md5 = Buffer.from(part.md5, 'hex').toString('base64');
  const command = new UploadPartCommand({
    ...at(bucket, key),
    UploadId: uploadId,
    PartNumber: part.index,
    ContentLength: part.size,
    ContentMD5: md5,
  });
  const expires = Date.now() + uploadUrlSeconds * 1000;
  const url = await translated('UploadPart', () =>
    getSignedUrl(bucket.client(), command, {
      expiresIn: uploadUrlSeconds,
      signableHeaders: new Set(['host', 'content-length', 'content-md5']),
    }),
  );
  return { url, headers: { 'content-length': String(part.size), 'content-md5': md5 }, expires };
}

/** The bucket is encrypted by S3's own keys, so a part's ETag is its MD5. */
async function listParts(bucket: Bucket, key: string, uploadId: string): Promise<UploadedPart[] | undefined> {
  const parts: UploadedPart[] = [];
  let marker: string | undefined;
  for (let page = 0; page < maximumParts / partsPerPage; page += 1) {
    const command = new ListPartsCommand({
      ...at(bucket, key),
      UploadId: uploadId,
      MaxParts: partsPerPage,
      PartNumberMarker: marker,
    });
    const answer = await unlessRefused('ListParts', ['NoSuchUpload'], () => bucket.client().send(command));
    if (answer === undefined) return undefined;
    for (const { PartNumber = 0, Size = 0, ETag = '' } of answer.Parts ?? []) {
      parts.push({ index: PartNumber, size: Size, md5: ETag.replaceAll('"', '') });
    }
    if (!answer.IsTruncated) break;
    marker = answer.NextPartNumberMarker;
  }
  return parts;
}

async function completeUpload(
  bucket: Bucket,
  key: string,
  uploadId: string,
  parts: readonly UploadedPart[],
): Promise<void> {
  const command = new CompleteMultipartUploadCommand({
    ...at(bucket, key),
    UploadId: uploadId,
    MultipartUpload: { Parts: parts.map(({ index, md5 }) => ({ PartNumber: index, ETag: `"${md5}"` })) },
  });
  // S3 answers 200 before it is done, and may put an error into the body. The SDK throws such an error, and retries
  // it.
  const answer = await unlessRefused('CompleteMultipartUpload', ['NoSuchUpload'], () => bucket.client().send(command));
  if (answer !== undefined) return;
  const head = await headOf(bucket, key);
  if (head?.ETag?.replaceAll('"', '') === completedTag(parts)) return;
  throw new AwsFailure('CompleteMultipartUpload', 'NoSuchUpload', 'the upload is gone and its parts were not joined', {
    transient: false,
  });
}

async function abortUpload(bucket: Bucket, key: string, uploadId: string): Promise<void> {
  const command = new AbortMultipartUploadCommand({ ...at(bucket, key), UploadId: uploadId });
  await unlessRefused('AbortMultipartUpload', ['NoSuchUpload'], () => bucket.client().send(command));
}

async function sizeOf(bucket: Bucket, key: string): Promise<number | undefined> {
  return (await headOf(bucket, key))?.ContentLength;
}

/** An empty object has no range. */
async function beginningOf(bucket: Bucket, key: string, count: number): Promise<Uint8Array | undefined> {
  const command = new GetObjectCommand({ ...at(bucket, key), Range: `bytes=0-${count - 1}` });
  return unlessRefused('GetObject', ['NoSuchKey', 'InvalidRange'], async () => {
    return (await bucket.client().send(command)).Body?.transformToByteArray();
  });
}

function downloadUrl(bucket: Bucket, key: string, options: Parameters<Content['downloadUrl']>[1]): Promise<string> {
  const input = {
    ...at(bucket, key),
    ResponseContentDisposition: options.filename === undefined ? undefined : contentDisposition(options.filename),
    ResponseContentType: options.media,
  };
  const command = options.method === 'HEAD' ? new HeadObjectCommand(input) : new GetObjectCommand(input);
  const expiresIn = Math.max(1, Math.min(longestUrlSeconds, Math.floor(options.expiresSeconds)));
  return translated('GetObject', () => getSignedUrl(bucket.client(), command, { expiresIn }));
}

/** Keys that do not exist are not an error. */
async function remove(bucket: Bucket, keys: readonly string[]): Promise<void> {
  for (let start = 0; start < keys.length; start += keysPerDeletion) {
    const Objects = keys.slice(start, start + keysPerDeletion).map((Key) => ({ Key }));
    const command = new DeleteObjectsCommand({ Bucket: bucket.name(), Delete: { Objects, Quiet: true } });
    const { Errors = [] } = await translated('DeleteObjects', () => bucket.client().send(command));
    const [first] = Errors;
    if (first !== undefined) {
      const { Code = 'Unknown', Message = '', Key = '' } = first;
      throw new AwsFailure('DeleteObjects', Code, `${Errors.length} keys stayed, first ${Key}: ${Message}`, {
        transient: Code === 'InternalError' || Code === 'SlowDown',
      });
    }
  }
}

function headOf(bucket: Bucket, key: string) {
  return unlessRefused('HeadObject', ['NotFound'], () => bucket.client().send(new HeadObjectCommand(at(bucket, key))));
}

function at(bucket: Bucket, key: string): { Bucket: string; Key: string } {
  return { Bucket: bucket.name(), Key: key };
}

/** The ETag of an object joined from parts: the MD5 of their MD5s, and the number of parts. */
function completedTag(parts: readonly UploadedPart[]): string {
  const hash = createHash('md5');
  for (const { md5 } of parts) hash.update(Buffer.from(md5, 'hex'));
  return `${hash.digest('hex')}-${parts.length}`;
}

/** Signature Version 4 allows at most this time. A URL expires earlier with the session of the role that signed it. */
const longestUrlSeconds = 7 * 24 * 3600;
/** S3's own limits: parts of an upload, parts of one answer, keys of one deletion. */
const maximumParts = 10_000;
const partsPerPage = 1000;
const keysPerDeletion = 1000;
