// Closes data objects. A file's parts are joined in the call. A crash leaves the file `closing`, until the next close
// or a message of a waiting job finishes it (engine/wait/readiness.ts).

import type { Context } from '../../core/context.ts';
import { invalidState, resourceNotFound } from '../../core/error/api-error.ts';
import type { FileId, ObjectId } from '../../core/id/identifier.ts';
import { contentKey } from '../../core/object/content-key.ts';
import { detectMedia, mediaByteCount, unknownMedia } from '../../core/object/media.ts';
import { checkParts, type FilePart, totalSize } from '../../core/object/part.ts';
import { isGone, type ObjectFacts, objectKey, readObject } from '../../core/row/objects.ts';
import { packedKey, packedRow, readPacked } from '../../core/row/packed.ts';
import { deleteAnnouncedParts } from '../removal/collect.ts';
import { pack, unpack } from '../store/packed.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';
import { giveUpLapsedUpload, lapsedUpload, loadAnnouncedParts, loadUploadedParts } from './upload.ts';

/** Closes an object without bytes. A closed object does not change. */
export async function closeObject(context: Context, id: ObjectId): Promise<void> {
  await retryWhileChanged(`"${id}"`, async () => {
    const { state, dying } = await load(context, id);
    if (state === 'closed') return undefined;
    const change = { set: { state: 'closed' } };
    return (await context.rows.update('objects', objectKey(id), change, { state, dying })) ?? changed;
  });
}

/**
 * Closes a file.
 *
 * @throws ApiError InvalidState, which says what is missing, when the parts are not a whole file; the file stays open
 */
export async function closeFile(context: Context, id: FileId): Promise<void> {
  await retryWhileChanged(`"${id}"`, async () => {
    const facts = await load(context, id);
    if (facts.state === 'closed') return undefined;
    if (facts.state === 'closing') return (await finish(context, id, facts)) || changed;
    const uploaded = await loadUploadedParts(context, id, facts);
    if (uploaded.length === 0 && (await giveUpLapsedUpload(context, id, facts))) throw lapsedUpload(id);
    refuseUnlessWhole(id, uploaded, await loadAnnouncedParts(context, id, facts));
    // No upload URLs are given out from here on. A concurrent close sees `closing` and finishes the work.
    const expected = { state: 'open', dying: facts.dying };
    await context.rows.update('objects', objectKey(id), { set: { state: 'closing' } }, expected);
    return changed;
  });
}

/** Closes a file that is `closing`, as a message asks for it. Does nothing for an open file, or one that is gone. */
export async function finishClosing(context: Context, id: FileId): Promise<void> {
  const facts = readObject(await context.rows.get('objects', objectKey(id)));
  if (!isGone(facts) && facts.state === 'closing') await closeFile(context, id);
}

async function finish(context: Context, id: FileId, facts: ObjectFacts): Promise<boolean> {
  if (facts.uploadId === undefined) throw new Error(`${id} is closing without an upload`);
  const parts = await joinUnlessLapsed(context, id, facts, facts.uploadId);
  const media = facts.media ?? (await mediaOf(context, contentKey(id, facts)));
  const change = { set: { state: 'closed', size: totalSize(parts), media }, remove: ['uploadId'] };
  const expected = { state: 'closing', dying: facts.dying };
  if ((await context.rows.update('objects', objectKey(id), change, expected)) === undefined) return false;
  await deleteAnnouncedParts(context, id);
  return true;
}

/** The media type by the file's own bytes, for a file whose uploader named none. */
async function mediaOf(context: Context, key: string): Promise<string> {
  const first = await context.content.beginning(key, mediaByteCount);
  return first === undefined ? unknownMedia : detectMedia(first);
}

/**
 * Joins the parts. If S3 dropped them before they were joined, the file becomes open again, and its parts must be
 * uploaded again.
 */
async function joinUnlessLapsed(context: Context, id: FileId, facts: ObjectFacts, uploadId: string) {
  try {
    return await join(context, id, facts, uploadId);
  } catch (error) {
    if (await giveUpLapsedUpload(context, id, facts)) throw lapsedUpload(id);
    throw error;
  }
}

/** Joins the parts. Their row is written first, so that a crash after S3 has joined them loses nothing. */
async function join(context: Context, id: FileId, facts: ObjectFacts, uploadId: string): Promise<FilePart[]> {
  const key = contentKey(id, facts);
  const packed = readPacked(await context.rows.get('objects', packedKey(id, 'parts')), 'parts');
  const noted = packed === undefined ? undefined : fromParts(unpack(packed));
  if (noted !== undefined) {
    try {
      await context.content.completeUpload(key, uploadId, noted);
      return noted;
    } catch (error) {
      // An old URL may have replaced a part before the first attempt. Then the list has changed.
      if ((await loadUploadedParts(context, id, facts)).length === 0) throw error;
    }
  }
  const parts = await loadUploadedParts(context, id, facts);
  refuseUnlessWhole(id, parts, []);
  await context.rows.put('objects', packedRow(id, 'parts', pack(toParts(parts), 'the list of parts')));
  await context.content.completeUpload(key, uploadId, parts);
  return parts;
}

function refuseUnlessWhole(id: FileId, parts: readonly FilePart[], announced: readonly FilePart[]): void {
  const problem = checkParts(parts, announced);
  if (problem !== undefined) throw invalidState(`"${id}" cannot be closed: ${problem}`);
}

async function load(context: Context, id: ObjectId): Promise<ObjectFacts> {
  const facts = readObject(await context.rows.get('objects', objectKey(id)));
  if (isGone(facts)) throw resourceNotFound(id);
  return facts;
}

/** The parts as their row holds them: [size, md5] in order. */
function toParts(parts: readonly FilePart[]): [number, string][] {
  return parts.map(({ size, md5 }) => [size, md5]);
}

/** Reads the row of the parts. */
export function fromParts(packed: unknown): FilePart[] {
  if (!Array.isArray(packed)) return [];
  return (packed as [number, string][]).map(([size, md5], place) => ({ index: place + 1, size, md5 }));
}
