// CopyObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
import { digestedCopy } from '../body.ts';
import { checksumElements, parseAlgorithm } from '../checksum.ts';
import { checkWrite } from '../condition.ts';
import { openContent } from '../content.ts';
import { requireCopySource } from '../copy-source.ts';
import { storedHeaders, taggingHeader } from '../object-header.ts';
import { requireBucket, type S3Core, type S3Reply, type S3Request, wholeSeconds, xmlTime } from '../request.ts';
import { refuse } from '../s3-error.ts';
import { saveObject } from '../save-object.ts';
import { renderXml } from '../xml.ts';

/** Copies an object. The bytes are read and written again: a copy shares nothing with its source. */
export async function copyObject(core: S3Core, request: S3Request): Promise<S3Reply> {
  requireBucket(core, request.bucket);
  const replaceHeaders = directive(request, 'x-amz-metadata-directive') === 'REPLACE';
  const replaceTags = directive(request, 'x-amz-tagging-directive') === 'REPLACE';
  const given = storedHeaders(request);
  const { object: source, start, end } = await requireCopySource(core, request);
  if (source.bucket === request.bucket && source.key === request.key && !replaceHeaders) {
    const words =
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.";
    throw refuse('InvalidRequest', {}, words);
  }
  checkWrite(core.table.loadObject(request.bucket, request.key), request.header);
  const algorithm = request.header('x-amz-checksum-algorithm');
  const wanted = algorithm === undefined ? source.checksum?.algorithm : parseAlgorithm(algorithm);
  const copy = digestedCopy(openContent(core, source, start, end), wanted);
  const { id: blob, size } = await core.blobs.receive(copy.bytes);
  const { md5: etag, checksum } = copy.result();
  const modifiedAt = wholeSeconds(core.now());
  const known = checksum ? { checksum } : {};
  const headers = replaceHeaders ? given : source.headers;
  const tags = replaceTags ? taggingHeader(request) : source.tags;
  const parts = [{ number: 1, blob, size, etag, modifiedAt, ...known }];
  try {
    saveObject(core, request, {
      id: blob,
      etag,
      size,
      modifiedAt,
      headers,
      tags,
      parts,
      reason: 'CopyObject',
      ...known,
    });
  } catch (error) {
    core.blobs.remove([blob]);
    throw error;
  }
  const result = { ETag: `"${etag}"`, LastModified: xmlTime(modifiedAt), ...checksumElements(checksum) };
  return { body: renderXml({ CopyObjectResult: result }) };
}

function directive(request: S3Request, header: string): 'COPY' | 'REPLACE' {
  const value = request.header(header) ?? 'COPY';
  if (value === 'COPY' || value === 'REPLACE') return value;
  throw refuse('InvalidArgument', { ArgumentName: header, ArgumentValue: value }, `Unknown ${header}.`);
}
