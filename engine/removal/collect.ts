// Deletes an object that nothing refers to any more, its bytes last but one: docs/reference/protocols.md,
// "Deletion of bytes". Every placement is a reference; whoever takes one away calls this. Searched in
// test/simulation/bytes.test.ts.

import type { Context } from '../../core/context.ts';
import type { ObjectId } from '../../core/id/identifier.ts';
import { contentKey } from '../../core/object/content-key.ts';
import { uploadUrlSeconds } from '../../core/object/part.ts';
import {
  gone,
  isGone,
  type ObjectFacts,
  objectKey,
  packedKey,
  placementPrefix,
  readObject,
  uploadPartition,
} from '../../core/row/objects.ts';
import { everythingEndsMs } from '../../core/work/message.ts';
import { deleteLinks } from '../placement/link.ts';
import { mapLimited } from '../store/map-limited.ts';
import { newMark } from '../store/mark.ts';
import { sendWork } from '../store/send-work.ts';

/**
 * Deletes the object unless a place holds it. May be called at any time, any number of times: with a reference there it
 * changes nothing. What cannot be ended now goes on by a message; what an interruption leaves, the next call finishes.
 *
 * A mark of our own, then a look for references in the base table, then a write that decides, and that only succeeds while
 * the mark is ours: whoever places the object takes the mark away. Only then are the bytes touched.
 */
export async function collectBytes(context: Context, id: ObjectId): Promise<void> {
  const facts = readObject(await context.rows.get('objects', objectKey(id)));
  if (facts === undefined) return;
  const decided = facts.dying === gone ? facts : await decide(context, id, facts);
  if (decided === 'held') return;
  const again = decided === 'contested' ? laterOn(context) : await deleteEverything(context, id, decided);
  if (again !== undefined) await sendWork(context, [{ kind: 'collect', objects: [id] }], again);
}

/** To be sent before references are taken away: whoever dies from then on has said what may have to be collected. */
export async function sendCollection(context: Context, objects: readonly ObjectId[]): Promise<void> {
  for (let start = 0; start < objects.length; start += objectsPerMessage) {
    const some = objects.slice(start, start + objectsPerMessage);
    await sendWork(context, [{ kind: 'collect', objects: some }], laterOn(context));
  }
}

/** `contested`: another one is deciding, who may be interrupted, or has just placed the object, and may take it away again. */
type Decision = ObjectFacts | 'held' | 'contested';

/** What the object was, when it was decided that the object is gone. */
async function decide(context: Context, id: ObjectId, found: ObjectFacts): Promise<Decision> {
  const mark = newMark(context);
  const marked = await putMark(context, id, found, mark);
  if (marked !== 'marked') return marked;
  const placed = await isPlaced(context, id);
  const change = placed ? { remove: ['dying'] } : { set: { dying: gone } };
  const decided = await context.rows.update('objects', objectKey(id), change, { dying: mark });
  return placed ? 'held' : (readObject(decided) ?? 'contested');
}

/** Looks first, so that an object that is in use is hardly ever marked; takes over the mark of whoever else is at it. */
async function putMark(
  context: Context,
  id: ObjectId,
  found: ObjectFacts,
  mark: string,
): Promise<'marked' | 'held' | 'contested'> {
  let facts: ObjectFacts | undefined = found;
  for (let attempt = 0; !isGone(facts) && attempt < markAttemptCount; attempt++) {
    if (await isPlaced(context, id)) return 'held';
    const seen = { dying: facts.dying, digest: facts.digest };
    const marked = await context.rows.update('objects', objectKey(id), { set: { dying: mark } }, seen);
    if (marked !== undefined) return 'marked';
    facts = readObject(await context.rows.get('objects', objectKey(id)));
  }
  return 'contested';
}

async function isPlaced(context: Context, id: ObjectId): Promise<boolean> {
  const page = await context.rows.query('objects', { pk: id, prefix: placementPrefix, limit: 1 });
  return page.rows.length > 0;
}

/**
 * Row A goes last: as long as it is there, the next call finds what is still to be done.
 *
 * @returns when it has to be done once more: parts that were on their way, and a join that S3 had begun, may still arrive
 */
async function deleteEverything(context: Context, id: ObjectId, facts: ObjectFacts): Promise<number | undefined> {
  const { className, state, links, uploadId } = facts;
  const isUploading = uploadId !== undefined && state !== 'closed';
  if (className === 'file') {
    const key = contentKey(id, facts);
    if (isUploading) await context.content.abortUpload(key, uploadId);
    await context.content.remove([key]);
    await deleteAnnouncedParts(context, id);
  }
  await deleteLinks(context, id, links);
  const keys = (['details', 'applet', 'parts'] as const).map((kind) => packedKey(id, kind));
  await mapLimited(keys, (one) => context.rows.delete('objects', one));
  // Whoever waits for it to be closed learns that it never will be.
  if (state !== 'closed') await sendWork(context, [{ kind: 'wake', object: id }]);
  if (isUploading) {
    const { goneUntil = await keepUntilUrlsEnd(context, id) } = facts;
    if (context.now() < goneUntil) return goneUntil;
  }
  await context.rows.delete('objects', objectKey(id), { dying: gone });
  return undefined;
}

/** The last URL was given out before this; a request may use it until it ends, and what is sent then may take its time. */
async function keepUntilUrlsEnd(context: Context, id: ObjectId): Promise<number> {
  const goneUntil = laterOn(context) + uploadUrlSeconds * 1000;
  await context.rows.update('objects', objectKey(id), { set: { goneUntil } }, { dying: gone });
  return goneUntil;
}

function laterOn(context: Context): number {
  return context.now() + everythingEndsMs;
}

/** The rows of parts that were announced: not needed once a file is closed or gone. */
export async function deleteAnnouncedParts(context: Context, id: ObjectId): Promise<void> {
  for (let page = 0; page < maximumPartPages; page++) {
    const { rows, next } = await context.rows.query('objects', { pk: uploadPartition(id), limit: partPageSize });
    await mapLimited(rows, (row) => context.rows.delete('objects', { pk: row.pk, sk: row.sk }));
    if (next === undefined) return;
  }
}

/** Each failure means that another one came further. */
const markAttemptCount = 10;
const objectsPerMessage = 200;
const partPageSize = 200;
const maximumPartPages = 50;
