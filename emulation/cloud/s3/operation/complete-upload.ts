// CompleteMultipartUpload: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html

import { createHash } from 'node:crypto';
import { receiveText } from '../body.ts';
import type { PartRow, UploadRow } from '../object-table.ts';
import { type S3Core, type S3Reply, type S3Request, wholeSeconds } from '../request.ts';
import { refuse } from '../s3-error.ts';
import { saveObject } from '../save-object.ts';
import { childText, parseXml, renderXml, type XmlElement } from '../xml.ts';
import { requireUpload } from './upload.ts';

/**
 * Makes an object of the named parts. The parts keep their blobs, so no bytes are copied. Unnamed parts are removed.
 */
export async function completeMultipartUpload(core: S3Core, request: S3Request): Promise<S3Reply> {
  requireUpload(core, request);
  // In this operation the checksum headers are about the object, not the body.
  const text = await receiveText(request, { checksum: false });
  const document = parseXml(text, 'CompleteMultipartUpload');
  // The upload is read again, because it may have changed while the document arrived. From here on nothing is awaited.
  const upload = requireUpload(core, request);
  const stored = core.table.loadParts(upload.id);
  const parts = chosenParts(document, stored, upload);
  const left = stored.filter((part) => !parts.includes(part));
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  checkStatedSize(request, size);
  const md5 = createHash('md5');
  for (const part of parts) md5.update(part.etag, 'hex');
  const etag = `${md5.digest('hex')}-${parts.length}`;
  const { id, headers } = upload;
  const modifiedAt = wholeSeconds(core.now());
  const content = { id, etag, size, modifiedAt, headers, reason: 'CompleteMultipartUpload' as const };
  saveObject(core, request, content, () => {
    core.table.deleteUpload(upload.id);
    for (const part of left) core.table.deletePart(upload.id, part.number);
  });
  core.blobs.remove(left.map((part) => part.blob));
  const location = `http://${request.header('host') ?? ''}/${request.bucket}/${encodeURIComponent(request.key)}`;
  const result = { Location: location, Bucket: request.bucket, Key: request.key, ETag: `"${etag}"` };
  return { body: renderXml({ CompleteMultipartUploadResult: result }) };
}

/**
 * The parts that the document names, in its order. Throws MalformedXML, InvalidPartOrder, InvalidPart, EntityTooSmall.
 */
function chosenParts(document: XmlElement, stored: readonly PartRow[], upload: UploadRow): PartRow[] {
  const entries = document.children.filter((child) => child.name === 'Part');
  if (entries.length === 0 || entries.length > maximumPartCount) throw refuse('MalformedXML');
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
    return part;
  });
  for (const part of parts.slice(0, -1)) {
    if (part.size >= minimumPartBytes) continue;
    const { number: PartNumber, etag: ETag, size: ProposedSize } = part;
    throw refuse('EntityTooSmall', { ProposedSize, MinSizeAllowed: minimumPartBytes, PartNumber, ETag });
  }
  return parts;
}

function checkStatedSize(request: S3Request, size: number): void {
  const stated = request.header('x-amz-mp-object-size');
  if (stated !== undefined && Number(stated) !== size) {
    const words = `The provided 'x-amz-mp-object-size' header value ${stated} does not match what was computed: ${size}`;
    throw refuse('InvalidRequest', {}, words);
  }
}

/** Every part but the last has at least this many bytes. */
const minimumPartBytes = 5 * 1024 ** 2;
const maximumPartCount = 10_000;
