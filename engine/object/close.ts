// Closes data objects. A file's parts are checked and joined within the call; a crash leaves it `closing`, and the next
// close finishes it, or a message that is sent by whoever waits for it (readiness.ts).

import type { Context } from '../../core/context.ts';
import { invalidState, resourceNotFound } from '../../core/error/api-error.ts';
import type { FileId, ObjectId } from '../../core/id/identifier.ts';
import { contentKey } from '../../core/object/content-key.ts';
import { checkParts, type FilePart, totalSize } from '../../core/object/part.ts';
import {
  isGone,
  type ObjectFacts,
  objectKey,
  packedKey,
  packedRow,
  readObject,
  readPacked,
} from '../../core/row/objects.ts';
import { deleteAnnouncedParts } from '../removal/collect.ts';
import { pack, unpack } from '../store/packed.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';
import { giveUpLapsedUpload, lapsedUpload, loadAnnouncedParts, loadUploadedParts } from './upload.ts';

/** Closes an object without bytes; one that is closed stays so. */
export async function closeObject(context: Context, id: ObjectId): Promise<void> {
  await retryWhileChanged(`"${id}"`, async () => {
    const { state, dying } = await load(context, id);
    if (state === 'closed') return undefined;
    const change = { set: { state: 'closed' } };
    return (await context.rows.update('objects', objectKey(id), change, { state, dying })) ?? changed;
  });
}

/** Closes a file whose parts make a whole one; otherwise InvalidState says what is missing, and it stays open. */
export async function closeFile(context: Context, id: FileId): Promise<void> {
  await retryWhileChanged(`"${id}"`, async () => {
    const facts = await load(context, id);
    if (facts.state === 'closed') return undefined;
    if (facts.state === 'closing') return (await finish(context, id, facts)) || changed;
    const uploaded = await loadUploadedParts(context, id, facts);
    if (uploaded.length === 0 && (await giveUpLapsedUpload(context, id, facts))) throw lapsedUpload(id);
    refuseUnlessWhole(id, uploaded, await loadAnnouncedParts(context, id, facts));
    // From here on nobody gets a URL for a part; one who comes second finds it closing, and helps.
    const expected = { state: 'open', dying: facts.dying };
    await context.rows.update('objects', objectKey(id), { set: { state: 'closing' } }, expected);
    return changed;
  });
}

/** As a message asks for it: a file that is closing is closed. One that is open is left to its client, one that is gone is gone. */
export async function finishClosing(context: Context, id: FileId): Promise<void> {
  const facts = readObject(await context.rows.get('objects', objectKey(id)));
  if (!isGone(facts) && facts.state === 'closing') await closeFile(context, id);
}

async function finish(context: Context, id: FileId, facts: ObjectFacts): Promise<boolean> {
  if (facts.uploadId === undefined) throw new Error(`${id} is closing without an upload`);
  const parts = await joinUnlessLapsed(context, id, facts, facts.uploadId);
  const change = { set: { state: 'closed', size: totalSize(parts) }, remove: ['uploadId'] };
  const expected = { state: 'closing', dying: facts.dying };
  if ((await context.rows.update('objects', objectKey(id), change, expected)) === undefined) return false;
  await deleteAnnouncedParts(context, id);
  return true;
}

/** Parts that were dropped before anybody joined them are lost: the file is open again, for them to be uploaded again. */
async function joinUnlessLapsed(context: Context, id: FileId, facts: ObjectFacts, uploadId: string) {
  try {
    return await join(context, id, facts, uploadId);
  } catch (error) {
    if (await giveUpLapsedUpload(context, id, facts)) throw lapsedUpload(id);
    throw error;
  }
}

/** Joins the parts that their row names; it is written before, so that a crash after S3 joined them loses nothing. */
async function join(context: Context, id: FileId, facts: ObjectFacts, uploadId: string): Promise<FilePart[]> {
  const key = contentKey(id, facts);
  const packed = readPacked(await context.rows.get('objects', packedKey(id, 'parts')), 'parts');
  const noted = packed === undefined ? undefined : fromParts(unpack(packed));
  if (noted !== undefined) {
    try {
      await context.content.completeUpload(key, uploadId, noted);
      return noted;
    } catch (error) {
      // A part may have been put again by an old URL before the first attempt: then the list is another one now.
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

/** As their row holds them: [size, md5] in order. */
function toParts(parts: readonly FilePart[]): [number, string][] {
  return parts.map(({ size, md5 }) => [size, md5]);
}

/** Reads the row of the parts. */
export function fromParts(packed: unknown): FilePart[] {
  if (!Array.isArray(packed)) return [];
  return (packed as [number, string][]).map(([size, md5], place) => ({ index: place + 1, size, md5 }));
}
