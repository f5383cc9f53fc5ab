// Begins, aborts and lists multipart uploads.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html

import { randomBytes } from 'node:crypto';
import { localAccountId } from '../../wire/account.ts';
import { inTransaction } from '../../wire/transaction.ts';
import { storedHeaders } from '../object-header.ts';
import type { PartRow, UploadRow } from '../object-table.ts';
import { requireBucket, type S3Core, type S3Reply, type S3Request, xmlTime } from '../request.ts';
import { refuse } from '../s3-error.ts';
import { freeContent } from '../save-object.ts';
import { renderXml } from '../xml.ts';

/** Begins an upload. Its object will have the headers of this request. Throws NoSuchBucket. */
export function createMultipartUpload(core: S3Core, request: S3Request): S3Reply {
  const { bucket, key } = request;
  requireBucket(core, bucket);
  const id = randomBytes(24).toString('base64url');
  core.table.putUpload({ id, bucket, key, createdAt: core.now(), headers: storedHeaders(request) });
  const result = { Bucket: bucket, Key: key, UploadId: id };
  return { body: renderXml({ InitiateMultipartUploadResult: result }) };
}

/** Aborts an upload and removes its parts. Throws NoSuchUpload. */
export function abortMultipartUpload(core: S3Core, request: S3Request): S3Reply {
  const freed = inTransaction(core.database, () => {
    const upload = requireUpload(core, request);
    core.table.deleteUpload(upload.id);
    return freeContent(core, upload.id);
  });
  core.blobs.remove(freed);
  return { status: 204 };
}

/** Lists the parts of an upload, one page at a time, in order of number. Throws NoSuchUpload. */
export function listParts(core: S3Core, request: S3Request): S3Reply {
  const upload = requireUpload(core, request);
  const maxParts = pageSize(request);
  const marker = partMarker(request);
  const rows = maxParts === 0 ? [] : core.table.loadParts(upload.id, marker, maxParts + 1);
  const page = rows.slice(0, maxParts);
  const result = {
    Bucket: upload.bucket,
    Key: upload.key,
    UploadId: upload.id,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: maxParts,
    IsTruncated: rows.length > page.length,
    Initiator: owner,
    Owner: owner,
    StorageClass: 'STANDARD',
    Part: page.map(partEntry),
  };
  return { body: renderXml({ ListPartsResult: result }) };
}

/** The upload that the request names. Throws NoSuchUpload, also if it belongs to another key. */
export function requireUpload(core: S3Core, request: S3Request): UploadRow {
  requireBucket(core, request.bucket);
  const id = request.query.get('uploadId') ?? '';
  const upload = core.table.loadUpload(id);
  if (upload?.bucket !== request.bucket || upload.key !== request.key) throw refuse('NoSuchUpload', { UploadId: id });
  return upload;
}

function partMarker(request: S3Request): number {
  const marker = Number(request.query.get('part-number-marker') ?? 0);
  if (Number.isInteger(marker) && marker >= 0 && marker < 2 ** 31) return marker;
  throw refuse(
    'InvalidArgument',
    { ArgumentName: 'part-number-marker' },
    'Argument part-number-marker must be an integer',
  );
}

/** The parameter `max-parts`. A larger number than the maximum gives a full page. Throws InvalidArgument. */
function pageSize(request: S3Request): number {
  const text = request.query.get('max-parts') || String(maximumPage);
  const size = /^-?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (size >= 0 && size < 2 ** 31) return Math.min(size, maximumPage);
  const extra = { ArgumentName: 'max-parts', ArgumentValue: text };
  throw refuse('InvalidArgument', extra, 'Argument max-parts must be an integer between 0 and 2147483647');
}

function partEntry({ number, modifiedAt, etag, size }: PartRow) {
  return { PartNumber: number, LastModified: xmlTime(modifiedAt), ETag: `"${etag}"`, Size: size };
}

/** Parts of one page (API_ListParts). */
const maximumPage = 1000;

const owner = { ID: localAccountId };
