// Deletes an object that has no references any more, after a removal of one (docs/reference/protocols.md, "Deletion of
// bytes"). test/simulation/bytes.test.ts searches it.

import type { Context } from '../../core/context.ts';
import type { ObjectId } from '../../core/id/identifier.ts';
import { contentKey } from '../../core/object/content-key.ts';
import { uploadUrlSeconds } from '../../core/object/part.ts';
import {
  gone,
  isGone,
  type ObjectFacts,
  objectKey,
  placementPrefix,
  readObject,
  uploadPartition,
} from '../../core/row/objects.ts';
import { packedKey, packedKindNames } from '../../core/row/packed.ts';
import { everythingEndsMs } from '../../core/work/message.ts';
import { deleteLinks } from '../placement/link.ts';
import { mapLimited } from '../store/map-limited.ts';
import { newMark } from '../store/mark.ts';
import { sendWork } from '../store/send-work.ts';

/**
 * Deletes the object unless a place holds it. Call this after a reference was removed; it may be called at any time and
 * any number of times. A message continues a deletion that cannot end now. The next call finishes an interrupted one.
 *
 * It writes a mark of its own, reads the references from the base table, and then decides by one write. That write only
 * succeeds while the mark is there, and a clone clears the mark. The bytes are deleted after that write.
 */
export async function collectBytes(context: Context, id: ObjectId): Promise<void> {
  const facts = readObject(await context.rows.get('objects', objectKey(id)));
  if (facts === undefined) return;
  const decided = facts.dying === gone ? facts : await decide(context, id, facts);
  if (decided === 'held') return;
  const again = decided === 'contested' ? laterOn(context) : await deleteEverything(context, id, decided);
  if (again !== undefined) await sendWork(context, [{ kind: 'collect', objects: [id] }], again);
}

/**
 * Send this before references are removed. After a crash the message still says which objects may have to be collected.
 */
export async function sendCollection(context: Context, objects: readonly ObjectId[]): Promise<void> {
  for (let start = 0; start < objects.length; start += objectsPerMessage) {
    const some = objects.slice(start, start + objectsPerMessage);
    await sendWork(context, [{ kind: 'collect', objects: some }], laterOn(context));
  }
}

/**
 * The facts of an object that is to be deleted, or why it is not. `contested`: another collector is deciding and may be
 * interrupted, or a clone has just placed the object and may take it back.
 */
type Decision = ObjectFacts | 'held' | 'contested';

/** Decides whether the object is deleted. If so, returns its facts. */
async function decide(context: Context, id: ObjectId, found: ObjectFacts): Promise<Decision> {
  const mark = newMark(context);
  const marked = await putMark(context, id, found, mark);
  if (marked !== 'marked') return marked;
  const placed = await isPlaced(context, id);
  const change = placed ? { remove: ['dying'] } : { set: { dying: gone } };
  const decided = await context.rows.update('objects', objectKey(id), change, { dying: mark });
  return placed ? 'held' : (readObject(decided) ?? 'contested');
}

/**
 * Marks the object. It looks for references first, so that an object in use is seldom marked. It replaces another
 * collector's mark.
 */
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
 * Deletes everything of an object. Row A is deleted last, so that the next call can finish an interrupted deletion.
 *
 * @returns the time when this must be done once more, because parts or a join that were under way may still arrive
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
  const keys = packedKindNames.map((kind) => packedKey(id, kind));
  await mapLimited(keys, (one) => context.rows.delete('objects', one));
  // Jobs that wait for the object to be closed are woken. It never will be closed.
  if (state !== 'closed') await sendWork(context, [{ kind: 'wake', object: id }]);
  if (isUploading) {
    const { goneUntil = await keepUntilUrlsEnd(context, id) } = facts;
    if (context.now() < goneUntil) return goneUntil;
  }
  await context.rows.delete('objects', objectKey(id), { dying: gone });
  return undefined;
}

/** Keeps row A until the last upload URL has expired and a request that still used it has ended. */
async function keepUntilUrlsEnd(context: Context, id: ObjectId): Promise<number> {
  const goneUntil = laterOn(context) + uploadUrlSeconds * 1000;
  await context.rows.update('objects', objectKey(id), { set: { goneUntil } }, { dying: gone });
  return goneUntil;
}

function laterOn(context: Context): number {
  return context.now() + everythingEndsMs;
}

/** Deletes the rows of announced parts, which are not needed once a file is closed or gone. */
export async function deleteAnnouncedParts(context: Context, id: ObjectId): Promise<void> {
  for (let page = 0; page < maximumPartPages; page++) {
    const { rows, next } = await context.rows.query('objects', { pk: uploadPartition(id), limit: partPageSize });
    await mapLimited(rows, (row) => context.rows.delete('objects', { pk: row.pk, sk: row.sk }));
    if (next === undefined) return;
  }
}

/** Each failed attempt means that another collector or a clone has made progress. */
const markAttemptCount = 10;
const objectsPerMessage = 200;
const partPageSize = 200;
const maximumPartPages = 50;
