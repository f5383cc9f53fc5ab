// The source of CopyObject and UploadPartCopy: which object, whether it may be read, and which bytes. It writes nothing.
// Header: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html#API_CopyObject_RequestSyntax
import { decodeUri } from '../wire/canonical-request.ts';
import { checkCopySource } from './condition.ts';
import type { ObjectRow } from './object-table.ts';
import { objectArn, requireBucket, type S3Core, type S3Request } from './request.ts';
import { refuse } from './s3-error.ts';

/** Largest source of one copy: 5 GiB. */
const MAX_COPY_BYTES = 5 * 1024 ** 3;

export type CopySource = { object: ObjectRow; start: number; end: number };

/** Throws InvalidArgument, NoSuchKey, AccessDenied, PreconditionFailed, InvalidRequest. */
export async function requireCopySource(core: S3Core, request: S3Request): Promise<CopySource> {
  const text = request.header('x-amz-copy-source') ?? '';
  if (text.includes('?')) throw refuse('NotImplemented', { Header: 'x-amz-copy-source with versionId' });
  const path = decodeUri(text).replace(/^\//, '');
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1) {
    const extra = { ArgumentName: 'x-amz-copy-source', ArgumentValue: text };
    throw refuse(
      'InvalidArgument',
      extra,
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  }
  const source = { bucket: path.slice(0, slash), key: path.slice(slash + 1) };
  await request.authorise('s3:GetObject', objectArn(source));
  requireBucket(core, source.bucket);
  const object = core.table.loadObject(source.bucket, source.key);
  if (!object) throw refuse('NoSuchKey', { Key: source.key });
  checkCopySource(object, request.header);
  const range = parseCopyRange(request.header('x-amz-copy-source-range'), object.size);
  if (range.end - range.start > MAX_COPY_BYTES) {
    throw refuse('InvalidRequest', {}, `The specified copy source is larger than ${MAX_COPY_BYTES} bytes`);
  }
  return { object, ...range };
}

/** `bytes=first-last`, both given and inside the source. */
function parseCopyRange(text: string | undefined, size: number): { start: number; end: number } {
  if (text === undefined) return { start: 0, end: size };
  const match = /^bytes=(\d+)-(\d+)$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  const extra = { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: text };
  if (!match || last < first) {
    const words =
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy';
    throw refuse('InvalidArgument', extra, words);
  }
  if (last >= size)
    throw refuse('InvalidArgument', extra, `Range specified is not valid for source object of size: ${size}`);
  return { start: first, end: last + 1 };
}
