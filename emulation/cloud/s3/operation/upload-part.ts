// UploadPart and UploadPartCopy: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
import { inTransaction } from '../../wire/transaction.ts';
import { digestedCopy, receiveBlob } from '../body.ts';
import { type Checksum, checksumElements, checksumHeaders, type Expected, expectedChecksum } from '../checksum.ts';
import { openContent } from '../content.ts';
import { requireCopySource } from '../copy-source.ts';
import type { PartRow, UploadRow } from '../object-table.ts';
import { type S3Core, type S3Reply, type S3Request, wholeSeconds, xmlTime } from '../request.ts';
import { refuse } from '../s3-error.ts';
import { renderXml } from '../xml.ts';
import { requireUpload } from './upload.ts';

const MAX_PART_NUMBER = 10_000;

/** Stores one part; a part of the same number is replaced. */
export async function uploadPart(core: S3Core, request: S3Request): Promise<S3Reply> {
  const upload = requireUpload(core, request);
  const number = partNumber(request);
  checkAlgorithm(upload, expectedChecksum(request.header));
  const { id, size, md5, checksum } = await receiveBlob(core.blobs, request);
  savePart(core, request, newPart(core, upload, number, { id, size, md5, checksum }));
  const { 'x-amz-checksum-type': _type, ...told } = checksumHeaders(checksum);
  return { headers: { etag: `"${md5}"`, ...told } };
}

/** Stores a part that is a range of an object. The bytes are copied. */
export async function uploadPartCopy(core: S3Core, request: S3Request): Promise<S3Reply> {
  const upload = requireUpload(core, request);
  const number = partNumber(request);
  const { object, start, end } = await requireCopySource(core, request);
  const copy = digestedCopy(openContent(core, object, start, end), upload.checksum?.algorithm);
  const { id, size } = await core.blobs.receive(copy.bytes);
  const { md5, checksum } = copy.result();
  const part = newPart(core, upload, number, { id, size, md5, checksum });
  savePart(core, request, part);
  const { ChecksumType: _type, ...told } = checksumElements(checksum);
  const result = { ETag: `"${md5}"`, LastModified: xmlTime(part.modifiedAt), ...told };
  return { body: renderXml({ CopyPartResult: result }) };
}

function newPart(
  core: S3Core,
  upload: UploadRow,
  number: number,
  blob: { id: string; size: number; md5: string; checksum: Checksum | undefined },
): PartRow {
  const { id, size, md5, checksum } = blob;
  const modifiedAt = wholeSeconds(core.now());
  return { owner: upload.id, number, blob: id, size, etag: md5, modifiedAt, ...(checksum ? { checksum } : {}) };
}

/** The upload may have been aborted or completed while the bytes came: then they are not kept. */
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
  if (number >= 1 && number <= MAX_PART_NUMBER) return number;
  const words = `Part number must be an integer between 1 and ${MAX_PART_NUMBER}, inclusive`;
  throw refuse('InvalidArgument', { ArgumentName: 'partNumber', ArgumentValue: text }, words);
}

/** An upload that was begun with an algorithm takes no part with another one, and of composite ones none without. */
function checkAlgorithm(upload: UploadRow, given: Expected | undefined): void {
  if (!upload.checksum || given?.algorithm === upload.checksum.algorithm) return;
  if (!given && upload.checksum.type === 'FULL_OBJECT') return;
  const words = `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.algorithm}, actual checksum Type: ${given?.algorithm ?? 'null'}`;
  throw refuse('InvalidRequest', {}, words);
}
