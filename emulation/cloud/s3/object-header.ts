// The headers that S3 stores with an object, and the headers of its answers.

import { checksumHeaders } from './checksum.ts';
import type { ObjectRow, StoredHeaders } from './object-table.ts';
import type { S3Request } from './request.ts';
import { refuse } from './s3-error.ts';

/**
 * The headers of a request that are stored with its object. Throws NotImplemented, MetadataTooLarge and
 * InvalidArgument.
 */
export function storedHeaders(request: S3Request): StoredHeaders {
  const names = [...Object.keys(request.http.headers), ...request.query.keys()].map((name) => name.toLowerCase());
  for (const name of names) {
    if (unsupported.test(name)) throw refuse('NotImplemented', { Header: name });
  }
  const storageClass = request.header('x-amz-storage-class');
  if (storageClass !== undefined && storageClass !== 'STANDARD') {
    throw refuse('NotImplemented', { Header: 'x-amz-storage-class' });
  }
  const metadata = new Set(names.filter((name) => name.startsWith('x-amz-meta-')));
  const stored: StoredHeaders = {};
  for (const name of [...kept, ...metadata]) {
    const value = request.header(name);
    if (value === undefined) continue;
    const plain = name === 'content-encoding' ? withoutCoding(value) : value;
    if (plain !== '' || name.startsWith('x-amz-meta-')) stored[name] = answerable(name, plain);
  }
  const size = [...metadata].reduce((sum, name) => sum + name.length - 11 + (stored[name] ?? '').length, 0);
  if (size > maximumMetadataBytes) {
    throw refuse('MetadataTooLarge', { Size: size, MaxSizeAllowed: maximumMetadataBytes });
  }
  return stored;
}

/**
 * The headers that describe an object. A signed `response-content-type`, `-disposition` … replaces the stored one. The
 * checksum is included if the request asks for it and the answer is the whole object.
 */
export function describingHeaders(object: ObjectRow, request: S3Request, whole: boolean): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': defaultType, ...object.headers };
  for (const name of kept) {
    const override = request.query.get(`response-${name}`);
    if (override !== undefined) headers[name] = answerable(name, override);
  }
  const mode = request.header('x-amz-checksum-mode')?.toUpperCase();
  return {
    ...headers,
    ...(mode === 'ENABLED' && whole ? checksumHeaders(object.checksum) : {}),
    ...validators(object),
    'accept-ranges': 'bytes',
  };
}

/** The headers of a 304. */
export function validators(object: ObjectRow): Record<string, string> {
  return { etag: `"${object.etag}"`, 'last-modified': new Date(object.modifiedAt).toUTCString() };
}

function withoutCoding(value: string): string {
  const codings = value.split(',').map((coding) => coding.trim());
  return codings.filter((coding) => coding !== 'aws-chunked' && coding !== '').join(',');
}

function answerable(name: string, value: string): string {
  if (/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)) return value;
  const extra = { ArgumentName: name, ArgumentValue: value };
  throw refuse('InvalidArgument', extra, 'Header value cannot be represented using ISO-8859-1.');
}

const kept = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
];

/** S3's type for an object that was stored without one. */
const defaultType = 'binary/octet-stream';
const maximumMetadataBytes = 2048;
/** Headers that must not be ignored silently. They are refused with 501, as S3 refuses what it does not implement. */
const unsupported =
  /^x-amz-(acl|grant-.*|object-lock-.*|server-side-encryption.*|website-.*|write-offset-bytes|tagging|checksum-(algorithm|type|crc32c|crc64nvme))$/;
