// PutObject, GetObject, HeadObject, DeleteObject and DeleteObjects.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html

import { AwsError } from '../../wire/aws-error.ts';
import { inTransaction } from '../../wire/transaction.ts';
import { receiveBlob, receiveText } from '../body.ts';
import { checksumHeaders, expectedChecksum } from '../checksum.ts';
import { checkRead, checkWrite } from '../condition.ts';
import { openContent } from '../content.ts';
import { describingHeaders, storedHeaders, validators } from '../object-header.ts';
import type { ObjectRow } from '../object-table.ts';
import { objectArn, requireBucket, type S3Core, type S3Reply, type S3Request, wholeSeconds } from '../request.ts';
import { refuse } from '../s3-error.ts';
import { freeContent, saveObject } from '../save-object.ts';
import { childText, parseXml, renderXml, type XmlNode } from '../xml.ts';

/** Stores the body under the key. Refusals that do not depend on the body come before it is read. */
export async function putObject(core: S3Core, request: S3Request): Promise<S3Reply> {
  requireBucket(core, request.bucket);
  checkWrite(core.table.loadObject(request.bucket, request.key), request.header);
  const headers = storedHeaders(request);
  const { id: blob, size, md5: etag, checksum } = await receiveBlob(core.blobs, request);
  const modifiedAt = wholeSeconds(core.now());
  const known = checksum ? { checksum } : {};
  const parts = [{ number: 1, blob, size, etag, modifiedAt, ...known }];
  try {
    const content = { id: blob, etag, size, modifiedAt, headers, parts, reason: 'PutObject' as const, ...known };
    saveObject(core, request, content);
  } catch (error) {
    core.blobs.remove([blob]);
    throw error;
  }
  return { headers: { etag: `"${etag}"`, ...checksumHeaders(checksum) } };
}

/** Answers with the object or the requested range. The bytes are those of the object at the time of the request. */
export function getObject(core: S3Core, request: S3Request): S3Reply {
  const object = requireObject(core, request);
  if (checkRead(object, request.header) === 'unchanged') return { status: 304, headers: validators(object) };
  const range = parseRange(request.header('range'), object.size);
  const { start, end } = range ?? { start: 0, end: object.size };
  const headers = {
    ...describingHeaders(object, request, range === undefined),
    'content-length': String(end - start),
    ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${object.size}` } : {}),
  };
  const status = range ? 206 : 200;
  return request.http.method === 'HEAD'
    ? { status, headers }
    : { status, headers, body: openContent(core, object, start, end) };
}

/** The object's row. Throws NoSuchBucket and NoSuchKey. */
function requireObject(core: S3Core, { bucket, key }: { bucket: string; key: string }): ObjectRow {
  requireBucket(core, bucket);
  const object = core.table.loadObject(bucket, key);
  if (!object) throw refuse('NoSuchKey', { Key: key });
  return object;
}

/**
 * Parses `bytes=0-9`, `bytes=5-` or `bytes=-5`. As on S3, any other range is ignored, also a list of several. Throws
 * InvalidRange if the range begins after the end.
 */
function parseRange(header: string | undefined, size: number): Range | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [first, last] = [Number(match[1]), Number(match[2])];
  if (match[1] !== '' && match[2] !== '' && last < first) return undefined;
  const start = match[1] === '' ? Math.max(0, size - last) : first;
  const end = match[1] === '' || match[2] === '' ? size : Math.min(size, last + 1);
  if (start >= size || (match[1] === '' && last === 0)) {
    throw refuse('InvalidRange', { RangeRequested: header, ActualObjectSize: size });
  }
  return { start, end };
}

/** Deletes the object. It succeeds if there is no such object. */
export function deleteObject(core: S3Core, request: S3Request): S3Reply {
  const freed = inTransaction(core.database, () => {
    requireBucket(core, request.bucket);
    if (request.header('if-match') !== undefined) {
      checkWrite(core.table.loadObject(request.bucket, request.key), request.header);
    }
    return deleteKey(core, request.bucket, request.key);
  });
  core.blobs.remove(freed);
  return { status: 204 };
}

/** Deletes up to 1,000 objects in one transaction. Keys that the caller's policies protect are reported as errors. */
export async function deleteObjects(core: S3Core, request: S3Request): Promise<S3Reply> {
  requireBucket(core, request.bucket);
  if (request.header('content-md5') === undefined && !expectedChecksum(request.header)) {
    throw refuse('InvalidRequest', {}, 'Missing required header for this request: Content-MD5');
  }
  const document = parseXml(await receiveText(request), 'Delete');
  const entries = document.children.filter((child) => child.name === 'Object');
  if (entries.length === 0 || entries.length > maximumKeys) throw refuse('MalformedXML');
  const allowed: string[] = [];
  const errors: XmlNode[] = [];
  for (const entry of entries) {
    const key = childText(entry, 'Key');
    if (!key) throw refuse('MalformedXML');
    const condition = entry.children.find((child) => child.name !== 'Key');
    if (condition) {
      errors.push({ Key: key, Code: 'NotImplemented', Message: `${condition.name} is not implemented here` });
      continue;
    }
    const refusal = await refusalOf(request, key);
    if (refusal) errors.push({ Key: key, Code: refusal.code, Message: refusal.message });
    else allowed.push(key);
  }
  const freed = inTransaction(core.database, () => allowed.flatMap((key) => deleteKey(core, request.bucket, key)));
  core.blobs.remove(freed);
  const quiet = childText(document, 'Quiet') === 'true';
  const deleted = quiet ? [] : allowed.map((key) => ({ Key: key }));
  return { body: renderXml({ DeleteResult: { Deleted: deleted, Error: errors } }) };
}

async function refusalOf(request: S3Request, key: string): Promise<AwsError | undefined> {
  try {
    await request.authorise('s3:DeleteObject', objectArn({ bucket: request.bucket, key }));
    return undefined;
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
}

function deleteKey(core: S3Core, bucket: string, key: string): string[] {
  const object = core.table.loadObject(bucket, key);
  if (!object) return [];
  core.table.deleteObject(bucket, key);
  return freeContent(core, object.id);
}

type Range = { readonly start: number; readonly end: number };

/** Keys that one call may delete (API_DeleteObjects). */
const maximumKeys = 1000;
