// ListObjectsV2: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
import { ACCOUNT_ID } from '../../wire/account.ts';
import { algorithms } from '../checksum.ts';
import { behindPrefix, justAfter, nameEncoder, pageSize } from '../listing.ts';
import type { ObjectRow } from '../object-table.ts';
import { requireBucket, type S3Core, type S3Reply, type S3Request, xmlTime } from '../request.ts';
import { refuse } from '../s3-error.ts';
import { renderXml, type XmlNode } from '../xml.ts';

type Page = { objects: ObjectRow[]; prefixes: string[]; next?: Buffer };

/** One page in the order of the keys' bytes. The token is the first key that may come next. */
export function listObjectsV2(core: S3Core, request: S3Request): S3Reply {
  requireBucket(core, request.bucket);
  const { query } = request;
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? ''];
  const [startAfter, token] = [query.get('start-after'), query.get('continuation-token')];
  const maxKeys = pageSize(request, 'max-keys');
  const encode = nameEncoder(request);
  const from: Buffer[] = [Buffer.from(prefix)];
  if (token !== undefined) from.push(parseToken(token));
  else if (startAfter) from.push(justAfter(Buffer.from(startAfter)));
  const { objects, prefixes, next } = readPage(core, request.bucket, prefix, delimiter, latest(from), maxKeys);
  const owner = query.get('fetch-owner') === 'true' ? { Owner: { ID: ACCOUNT_ID } } : {};
  const result: XmlNode = {
    Name: request.bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    StartAfter: startAfter === undefined ? undefined : encode(startAfter),
    ContinuationToken: token,
    NextContinuationToken: next?.toString('base64url'),
    MaxKeys: maxKeys,
    KeyCount: objects.length + prefixes.length,
    EncodingType: query.get('encoding-type'),
    IsTruncated: next !== undefined,
    Contents: objects.map((object) => ({ ...contents(object, encode), ...owner })),
    CommonPrefixes: prefixes.map((common) => ({ Prefix: encode(common) })),
  };
  return { body: renderXml({ ListBucketResult: result }) };
}

/** Reads rows from a seek on; behind a common prefix it seeks again, so that a folder costs one row however full it is. */
function readPage(
  core: S3Core,
  bucket: string,
  prefix: string,
  delimiter: string,
  start: Buffer,
  maxKeys: number,
): Page {
  const page: Page = { objects: [], prefixes: [] };
  if (maxKeys === 0) return page;
  const end = behindPrefix(Buffer.from(prefix));
  let from: Buffer | undefined = start;
  while (from) {
    const position: Buffer = from;
    from = undefined;
    for (const object of core.table.objectsBetween(bucket, position, end)) {
      if (page.objects.length + page.prefixes.length === maxKeys) return { ...page, next: Buffer.from(object.key) };
      const cut = delimiter === '' ? -1 : object.key.indexOf(delimiter, prefix.length);
      if (cut < 0) {
        page.objects.push(object);
        continue;
      }
      const common = object.key.slice(0, cut + delimiter.length);
      page.prefixes.push(common);
      from = behindPrefix(Buffer.from(common));
      break;
    }
  }
  return page;
}

function contents(object: ObjectRow, encode: (name: string) => string): XmlNode {
  const { checksum } = object;
  return {
    Key: encode(object.key),
    LastModified: xmlTime(object.modifiedAt),
    ETag: `"${object.etag}"`,
    ChecksumAlgorithm: checksum && algorithms[checksum.algorithm].element.replace('Checksum', ''),
    ChecksumType: checksum?.type,
    Size: object.size,
    StorageClass: 'STANDARD',
  };
}

function parseToken(token: string): Buffer {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length > 0 && bytes.toString('base64url') === token) return bytes;
  const extra = { ArgumentName: 'continuation-token', ArgumentValue: token };
  throw refuse('InvalidArgument', extra, 'The continuation token provided is incorrect');
}

function latest(keys: readonly Buffer[]): Buffer {
  return keys.reduce((left, right) => (Buffer.compare(left, right) < 0 ? right : left));
}
