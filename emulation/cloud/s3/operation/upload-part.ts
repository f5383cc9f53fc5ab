// UploadPart: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html

import { inTransaction } from '../../wire/transaction.ts';
import { receiveBlob } from '../body.ts';
import { checksumHeaders } from '../checksum.ts';
import type { PartRow } from '../object-table.ts';
import { type S3Core, type S3Reply, type S3Request, wholeSeconds } from '../request.ts';
import { refuse } from '../s3-error.ts';
import { requireUpload } from './upload.ts';

/** Stores one part. It replaces a part of the same number. */
export async function uploadPart(core: S3Core, request: S3Request): Promise<S3Reply> {
  const upload = requireUpload(core, request);
  const number = partNumber(request);
  const { id: blob, size, md5: etag, checksum } = await receiveBlob(core.blobs, request);
  savePart(core, request, { owner: upload.id, number, blob, size, etag, modifiedAt: wholeSeconds(core.now()) });
  const { 'x-amz-checksum-type': _type, ...told } = checksumHeaders(checksum);
  return { headers: { etag: `"${etag}"`, ...told } };
}

/** If the upload was aborted or completed while the bytes arrived, they are not kept. */
function savePart(core: S3Core, request: S3Request, part: PartRow): void {
  try {
    const replaced = inTransaction(core.database, () => {
      requireUpload(core, request);
      const before = core.table.loadPart(part.owner, part.number);
      core.table.putPart(part);
      return before;
    });
    if (replaced) core.blobs.remove([replaced.blob]);
  } catch (error) {
    core.blobs.remove([part.blob]);
    throw error;
  }
}

function partNumber(request: S3Request): number {
  const text = request.query.get('partNumber') ?? '';
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= maximumPartNumber) return number;
  const words = `Part number must be an integer between 1 and ${maximumPartNumber}, inclusive`;
  throw refuse('InvalidArgument', { ArgumentName: 'partNumber', ArgumentValue: text }, words);
}

const maximumPartNumber = 10_000;
