// Announces the parts of an open file, which the client puts to S3, and reads them back from S3. It gives up an upload
// whose parts S3 has dropped.

import type { Context } from '../../core/context.ts';
import { ApiError, invalidState } from '../../core/error/api-error.ts';
import type { FileId } from '../../core/id/identifier.ts';
import { contentKey } from '../../core/object/content-key.ts';
import { type FilePart, incompleteUploadDays } from '../../core/object/part.ts';
import { refusalInState } from '../../core/object/state.ts';
import {
  announcedPartRow,
  isGone,
  type ObjectFacts,
  objectKey,
  readAnnouncedPart,
  readObject,
  uploadPartition,
} from '../../core/row/objects.ts';
import { packedKey } from '../../core/row/packed.ts';
import { allRows } from '../store/all-rows.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';

/**
 * The URL to put a part to. It is valid for these bytes only. A second request for the same index replaces the part.
 *
 * @returns `headers` to send with the bytes; `expires` in milliseconds since 1970
 * @throws ApiError InvalidState when the earlier parts are gone and must be uploaded again
 */
export async function announcePart(context: Context, id: FileId, facts: ObjectFacts, part: FilePart) {
  const key = contentKey(id, facts);
  const mayHaveLapsed = context.now() - facts.created > lapseMs;
  if (mayHaveLapsed && (await giveUpLapsedUpload(context, id, facts))) throw lapsedUpload(id);
  const uploadId = facts.uploadId ?? (await startUpload(context, id, key));
  await context.rows.put('objects', announcedPartRow(id, part, uploadId));
  return context.content.uploadUrl(key, uploadId, part);
}

/** Many threads may ask for their first part at once. One upload wins, and the others are given up. */
async function startUpload(context: Context, id: FileId, key: string): Promise<string> {
  const started = await context.content.startUpload(key);
  try {
    const winner = await retryWhileChanged(`"${id}"`, () => enterUpload(context, id, started));
    if (winner !== started) await context.content.abortUpload(key, started);
    return winner;
  } catch (error) {
    // A refusal proves that no row has this upload. After another error, the answer to a write may have been lost.
    if (error instanceof ApiError) await context.content.abortUpload(key, started);
    throw error;
  }
}

/** Writes an upload into the file's row, and returns it, or the upload that was written there first. */
async function enterUpload(context: Context, id: FileId, started: string): Promise<string | typeof changed> {
  const found = readObject(await context.rows.get('objects', objectKey(id)));
  const facts = isGone(found) ? undefined : found;
  if (facts?.state === 'open' && facts.uploadId === undefined) {
    const expected = { state: 'open', uploadId: undefined, dying: facts.dying };
    const change = { set: { uploadId: started } };
    return (await context.rows.update('objects', objectKey(id), change, expected)) === undefined ? changed : started;
  }
  const refusal = facts === undefined ? `"${id}" is gone` : refusalInState(id, 'upload', facts.state);
  if (facts?.uploadId === undefined || refusal !== undefined) throw invalidState(refusal ?? `"${id}" is gone`);
  return facts.uploadId;
}

/** The parts that S3 holds of a file that is not closed, in order. */
export async function loadUploadedParts(context: Context, id: FileId, facts: ObjectFacts): Promise<FilePart[]> {
  if (facts.uploadId === undefined) return [];
  return (await context.content.listParts(contentKey(id, facts), facts.uploadId)) ?? [];
}

/**
 * S3 drops an upload that is not completed in time. Then the file forgets its id, and is open for a new upload.
 *
 * @returns true when this call did that; false when S3 still has the upload, or another call was faster or joined it
 */
export async function giveUpLapsedUpload(context: Context, id: FileId, facts: ObjectFacts): Promise<boolean> {
  const { state, uploadId, dying } = facts;
  if (uploadId === undefined) return false;
  const key = contentKey(id, facts);
  if ((await context.content.listParts(key, uploadId)) !== undefined) return false;
  if ((await context.content.size(key)) !== undefined) return false;
  const change = { set: { state: 'open' }, remove: ['uploadId'] };
  const expected = { state, uploadId, dying };
  // An earlier close may have written a list of parts. It is deleted, because the next close must not use it.
  return context.rows.transact([
    { kind: 'update', table: 'objects', key: objectKey(id), change, expected },
    { kind: 'delete', table: 'objects', key: packedKey(id, 'parts') },
  ]);
}

/** The refusal for a client whose upload was given up. */
export function lapsedUpload(id: FileId): ApiError {
  const why = `its upload was not completed within ${incompleteUploadDays} days, and the parts that were uploaded are gone`;
  return invalidState(`"${id}" has no parts any more: ${why}. Upload all of its parts again, or make a new file`);
}

/** The parts that were announced for the present upload, in order, each as the client described it last. */
export async function loadAnnouncedParts(context: Context, id: FileId, facts: ObjectFacts): Promise<FilePart[]> {
  const parts: FilePart[] = [];
  for await (const row of allRows(context, 'objects', { pk: uploadPartition(id) })) {
    const { uploadId, ...part } = readAnnouncedPart(row);
    if (uploadId === facts.uploadId) parts.push(part);
  }
  return parts;
}

/**
 * A day is subtracted because S3 counts from the start of the upload, which is after the file's, and by its own clock.
 */
const lapseMs = (incompleteUploadDays - 1) * 86_400_000;
