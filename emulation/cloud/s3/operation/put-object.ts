// PutObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
import { receiveBlob } from '../body.ts';
import { checksumHeaders } from '../checksum.ts';
import { checkWrite } from '../condition.ts';
import { storedHeaders, taggingHeader } from '../object-header.ts';
import { requireBucket, type S3Core, type S3Reply, type S3Request, wholeSeconds } from '../request.ts';
import { saveObject } from '../save-object.ts';

/** Stores the body under the key. What can be refused without the body is refused before it is read. */
export async function putObject(core: S3Core, request: S3Request): Promise<S3Reply> {
  requireBucket(core, request.bucket);
  checkWrite(core.table.loadObject(request.bucket, request.key), request.header);
  const headers = storedHeaders(request);
  const tags = taggingHeader(request);
  const { id: blob, size, md5: etag, checksum } = await receiveBlob(core.blobs, request);
  const modifiedAt = wholeSeconds(core.now());
  const known = checksum ? { checksum } : {};
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
      reason: 'PutObject',
      ...known,
    });
  } catch (error) {
    core.blobs.remove([blob]);
    throw error;
  }
  return { headers: { etag: `"${etag}"`, ...checksumHeaders(checksum) } };
}
