// What the listings have in common: their parameters, the encoding of names, and seeking in the order of bytes.
import type { S3Request } from './request.ts';
import { refuse } from './s3-error.ts';

/** Entries of one page at most; asking for more is answered with as many. */
const MAX_PAGE = 1000;

/** A parameter that counts entries; throws InvalidArgument. */
export function pageSize(request: S3Request, parameter: string): number {
  const text = request.query.get(parameter);
  if (text === undefined || text === '') return MAX_PAGE;
  const extra = { ArgumentName: parameter, ArgumentValue: text };
  if (!/^-?\d{1,10}$/.test(text))
    throw refuse('InvalidArgument', extra, `Provided ${parameter} not an integer or within integer range`);
  const size = Number(text);
  if (size < 0 || size > 2 ** 31 - 1)
    throw refuse('InvalidArgument', extra, `Argument ${parameter} must be an integer between 0 and 2147483647`);
  return Math.min(size, MAX_PAGE);
}

/** How names are written: as they are, or with `encoding-type=url` in form encoding with slashes kept. */
export function nameEncoder(request: S3Request): (name: string) => string {
  const type = request.query.get('encoding-type');
  if (type === undefined) return (name) => name;
  if (type !== 'url') {
    const extra = { ArgumentName: 'encoding-type', ArgumentValue: type };
    throw refuse('InvalidArgument', extra, 'Invalid Encoding Method specified in Request');
  }
  return (name) =>
    encodeURIComponent(name)
      .replace(/[!'()~]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%2F', '/')
      .replaceAll('%20', '+');
}

/** The smallest key behind this one. */
export function justAfter(key: Uint8Array): Buffer {
  return Buffer.concat([key, Buffer.alloc(1)]);
}

/** The smallest key behind all that begin so; undefined when everything does. No UTF-8 has the byte 255, so the last byte can grow. */
export function behindPrefix(prefix: Uint8Array): Buffer | undefined {
  const bytes = Buffer.from(prefix);
  const last = bytes.at(-1);
  if (last === undefined) return undefined;
  bytes[bytes.length - 1] = last + 1;
  return bytes;
}
