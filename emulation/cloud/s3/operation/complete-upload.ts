// CompleteMultipartUpload: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
import { createHash } from 'node:crypto';
import { receiveText } from '../body.ts';
import { algorithms, type Checksum, checksumElements, joinChecksums } from '../checksum.ts';
import type { PartRow, UploadRow } from '../object-table.ts';
import { type S3Core, type S3Reply, type S3Request, wholeSeconds } from '../request.ts';
import { refuse } from '../s3-error.ts';
import { saveObject } from '../save-object.ts';
import { childText, parseXml, renderXml, type XmlElement } from '../xml.ts';
import { requireUpload } from './upload.ts';

/** Every part but the last has at least this many bytes. */
const MIN_PART_BYTES = 5 * 1024 ** 2;
const MAX_PARTS = 10_000;

/** Makes the named parts the object: no byte is copied, the parts stay the blobs that they are. Parts not named are removed. */
export async function completeMultipartUpload(core: S3Core, request: S3Request): Promise<S3Reply> {
  requireUpload(core, request);
  // The checksum headers of this operation are those of the object.
  const text = await receiveText(request, { checksum: false });
  const document = parseXml(text, 'CompleteMultipartUpload');
  // Read again: the upload may have changed while the document came. From here on nothing waits.
  const upload = requireUpload(core, request);
  const stored = core.table.loadParts(upload.id);
  const parts = chosenParts(document, stored, upload);
  const left = stored.filter((part) => !parts.includes(part));
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  checkStatedSize(request, size);
  const checksum = objectChecksum(request, upload, parts);
  const md5 = createHash('md5');
  for (const part of parts) md5.update(part.etag, 'hex');
  const etag = `${md5.digest('hex')}-${parts.length}`;
  const { id, headers, tags } = upload;
  const known = checksum ? { checksum } : {};
  const modifiedAt = wholeSeconds(core.now());
  const content = { id, etag, size, modifiedAt, headers, tags, reason: 'CompleteMultipartUpload' as const, ...known };
  saveObject(core, request, content, () => {
    core.table.deleteUpload(upload.id);
    for (const part of left) core.table.deletePart(upload.id, part.number);
  });
  core.blobs.remove(left.map((part) => part.blob));
  const location = `http://${request.header('host') ?? ''}/${request.bucket}/${encodeURIComponent(request.key)}`;
  const result = { Location: location, Bucket: request.bucket, Key: request.key, ETag: `"${etag}"` };
  return { body: renderXml({ CompleteMultipartUploadResult: { ...result, ...checksumElements(checksum) } }) };
}

/** The parts that the document names, in its order. Throws MalformedXML, InvalidPartOrder, InvalidPart, EntityTooSmall. */
function chosenParts(document: XmlElement, stored: readonly PartRow[], upload: UploadRow): PartRow[] {
  const entries = document.children.filter((child) => child.name === 'Part');
  if (entries.length === 0 || entries.length > MAX_PARTS) throw refuse('MalformedXML');
  const byNumber = new Map(stored.map((part) => [part.number, part]));
  let previous = 0;
  const parts = entries.map((entry) => {
    const number = Number(childText(entry, 'PartNumber') ?? 'absent');
    const etag = childText(entry, 'ETag');
    if (!Number.isInteger(number) || etag === undefined) throw refuse('MalformedXML');
    if (number <= previous) throw refuse('InvalidPartOrder', { UploadId: upload.id });
    previous = number;
    const part = byNumber.get(number);
    const plain = etag.trim().replace(/^"(.*)"$/, '$1');
    if (part?.etag !== plain) throw refuse('InvalidPart', { UploadId: upload.id, PartNumber: number, ETag: plain });
    checkPartChecksum(entry, part, upload);
    return part;
  });
  for (const part of parts.slice(0, -1)) {
    if (part.size >= MIN_PART_BYTES) continue;
    const { number: PartNumber, etag: ETag, size: ProposedSize } = part;
    throw refuse('EntityTooSmall', { ProposedSize, MinSizeAllowed: MIN_PART_BYTES, PartNumber, ETag });
  }
  return parts;
}

/** A checksum in the document must be the part's; that of a composite upload must be there. */
function checkPartChecksum(entry: XmlElement, part: PartRow, upload: UploadRow): void {
  for (const { element } of Object.values(algorithms)) {
    const given = childText(entry, element);
    if (given === undefined) continue;
    const known = part.checksum && algorithms[part.checksum.algorithm].element === element;
    if (known && part.checksum?.value !== given)
      throw refuse('InvalidPart', { UploadId: upload.id, PartNumber: part.number });
  }
  const { checksum } = upload;
  if (checksum?.type !== 'COMPOSITE' || childText(entry, algorithms[checksum.algorithm].element) !== undefined) return;
  const words = `The upload was created using a ${checksum.algorithm} checksum. The complete request must include the checksum for each part. It was missing for part ${part.number} in the request.`;
  throw refuse('InvalidRequest', {}, words);
}

function checkStatedSize(request: S3Request, size: number): void {
  const stated = request.header('x-amz-mp-object-size');
  if (stated !== undefined && Number(stated) !== size) {
    const words = `The provided 'x-amz-mp-object-size' header value ${stated} does not match what was computed: ${size}`;
    throw refuse('InvalidRequest', {}, words);
  }
}

/** None where the upload asked for none, or where a part of a full-object upload came without its own. */
function objectChecksum(request: S3Request, upload: UploadRow, parts: readonly PartRow[]): Checksum | undefined {
  if (!upload.checksum) return undefined;
  const { algorithm, type } = upload.checksum;
  const values = parts.flatMap(({ size, checksum }) => (checksum ? [{ size, value: checksum.value }] : []));
  if (values.length < parts.length) return undefined;
  const checksum = joinChecksums(algorithm, type, values);
  const stated = request.header(`x-amz-checksum-${algorithm}`);
  if (stated !== undefined && stated !== checksum.value && stated !== checksum.value.split('-')[0]) {
    throw refuse(
      'BadDigest',
      {},
      `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    );
  }
  return checksum;
}
