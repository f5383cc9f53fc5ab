// GetObject and HeadObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
import { checkRead } from '../condition.ts';
import { openContent } from '../content.ts';
import { describingHeaders, validators } from '../object-header.ts';
import type { ObjectRow } from '../object-table.ts';
import { requireBucket, type S3Core, type S3Reply, type S3Request } from '../request.ts';
import { refuse } from '../s3-error.ts';

type Range = { start: number; end: number };

/** The object, or the range of it that was asked for. The bytes are those of the object as it was when asked. */
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

/** The object's row; throws NoSuchBucket and NoSuchKey. */
export function requireObject(core: S3Core, { bucket, key }: { bucket: string; key: string }): ObjectRow {
  requireBucket(core, bucket);
  const object = core.table.loadObject(bucket, key);
  if (!object) throw refuse('NoSuchKey', { Key: key });
  return object;
}

/**
 * `bytes=0-9`, `bytes=5-` or `bytes=-5`. As on S3 anything else, also several ranges, is as no range. Throws InvalidRange
 * where it begins behind the end.
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
