// Multipart uploads but for their parts and completion: begin, abort, list.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
import { randomBytes } from 'node:crypto';
import { ACCOUNT_ID } from '../../wire/account.ts';
import { inTransaction } from '../../wire/transaction.ts';
import { checksumElements, parseAlgorithm, parseChecksumType } from '../checksum.ts';
import { justAfter, nameEncoder, pageSize } from '../listing.ts';
import { storedHeaders, taggingHeader } from '../object-header.ts';
import type { PartRow, UploadRow } from '../object-table.ts';
import { requireBucket, type S3Core, type S3Reply, type S3Request, xmlTime } from '../request.ts';
import { refuse } from '../s3-error.ts';
import { freeContent } from '../save-object.ts';
import { renderXml } from '../xml.ts';

const OWNER = { ID: ACCOUNT_ID };

export function createMultipartUpload(core: S3Core, request: S3Request): S3Reply {
  const { bucket, key } = request;
  requireBucket(core, bucket);
  const asked = request.header('x-amz-checksum-algorithm');
  const algorithm = asked === undefined ? undefined : parseAlgorithm(asked);
  const type = algorithm && parseChecksumType(algorithm, request.header('x-amz-checksum-type'));
  const id = randomBytes(24).toString('base64url');
  core.table.putUpload({
    id,
    bucket,
    key,
    createdAt: core.now(),
    headers: storedHeaders(request),
    tags: taggingHeader(request),
    ...(algorithm && type ? { checksum: { algorithm, type } } : {}),
  });
  const told =
    algorithm && type ? { 'x-amz-checksum-algorithm': algorithm.toUpperCase(), 'x-amz-checksum-type': type } : {};
  const result = { Bucket: bucket, Key: key, UploadId: id };
  return { headers: told, body: renderXml({ InitiateMultipartUploadResult: result }) };
}

export function abortMultipartUpload(core: S3Core, request: S3Request): S3Reply {
  const freed = inTransaction(core.database, () => {
    const upload = requireUpload(core, request);
    core.table.deleteUpload(upload.id);
    return freeContent(core, upload.id);
  });
  core.blobs.remove(freed);
  return { status: 204 };
}

export function listParts(core: S3Core, request: S3Request): S3Reply {
  const upload = requireUpload(core, request);
  const encode = nameEncoder(request);
  const maxParts = pageSize(request, 'max-parts');
  const marker = partMarker(request);
  const rows = maxParts === 0 ? [] : core.table.loadParts(upload.id, marker, maxParts + 1);
  const page = rows.slice(0, maxParts);
  const result = {
    Bucket: upload.bucket,
    Key: encode(upload.key),
    UploadId: upload.id,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: maxParts,
    IsTruncated: rows.length > page.length,
    Initiator: OWNER,
    Owner: OWNER,
    StorageClass: 'STANDARD',
    ChecksumAlgorithm: upload.checksum?.algorithm.toUpperCase(),
    ChecksumType: upload.checksum?.type,
    Part: page.map((part) => partEntry(part, upload)),
  };
  return { body: renderXml({ ListPartsResult: result }) };
}

export function listMultipartUploads(core: S3Core, request: S3Request): S3Reply {
  const { bucket, query } = request;
  requireBucket(core, bucket);
  if (query.get('delimiter'))
    throw refuse('NotImplemented', {}, 'ListMultipartUploads with a delimiter is not implemented here');
  const encode = nameEncoder(request);
  const prefix = query.get('prefix') ?? '';
  const maxUploads = pageSize(request, 'max-uploads');
  const [keyMarker, idMarker] = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? ''];
  // A key marker alone means behind all uploads of that key.
  const from = keyMarker !== '' && idMarker === '' ? justAfter(Buffer.from(keyMarker)) : Buffer.from(keyMarker);
  const found: UploadRow[] = [];
  const before = Buffer.compare(from, Buffer.from(prefix)) < 0;
  for (const upload of core.table.uploadsAfter(bucket, before ? Buffer.from(prefix) : from, before ? '' : idMarker)) {
    if (!upload.key.startsWith(prefix) || found.length > maxUploads) break;
    found.push(upload);
  }
  const page = found.slice(0, maxUploads);
  const last = page.at(-1);
  const truncated = found.length > page.length && last !== undefined;
  const result = {
    Bucket: bucket,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    ...(truncated ? { NextKeyMarker: encode(last.key), NextUploadIdMarker: last.id } : {}),
    Prefix: encode(prefix),
    MaxUploads: maxUploads,
    EncodingType: query.get('encoding-type'),
    IsTruncated: truncated,
    Upload: page.map((upload) => ({
      Key: encode(upload.key),
      UploadId: upload.id,
      Initiator: OWNER,
      Owner: OWNER,
      StorageClass: 'STANDARD',
      Initiated: xmlTime(upload.createdAt),
    })),
  };
  return { body: renderXml({ ListMultipartUploadsResult: result }) };
}

/** The upload that the request names; throws NoSuchUpload also where it belongs to another key. */
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

function partEntry(part: PartRow, upload: UploadRow) {
  const { ChecksumType: _type, ...checksum } = checksumElements(upload.checksum ? part.checksum : undefined);
  return {
    PartNumber: part.number,
    LastModified: xmlTime(part.modifiedAt),
    ETag: `"${part.etag}"`,
    Size: part.size,
    ...checksum,
  };
}
