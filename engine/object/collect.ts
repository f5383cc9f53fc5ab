// Deletes an object that nothing refers to any more, its bytes last but one: protocols.md §5. Every placement is a
// reference; whoever takes one away calls this. Searched in test/simulation/bytes.test.ts.

import type { Context, Key, Row } from '../../core/context.ts';
import type { ObjectId } from '../../core/id/identifier.ts';
import { forEach } from './each.ts';
import { deleteLinks } from './link.ts';
import { contentKey, gone, isGone, newMark, type ObjectFacts, objectKey, packedKey, toObjectFacts } from './row.ts';

/**
 * Deletes the object unless a place holds it. True when it is gone. May be called at any time, any number of times: with
 * a reference there it changes nothing.
 *
 * A mark of our own, then a look for references in the base table, then a write that decides, and that only succeeds while
 * the mark is ours: whoever places the object takes the mark away. Only then are the bytes touched.
 */
export async function collectBytes(context: Context, id: ObjectId): Promise<boolean> {
  const row = await context.rows.get('objects', objectKey(id));
  if (row === undefined) return true;
  const decided = row.dying === gone ? row : await decide(context, id, row);
  if (decided === undefined) return false;
  await deleteEverything(context, id, toObjectFacts(decided));
  return true;
}

/** The row when it was decided that the object is gone; undefined when a place holds it, or another one is deciding. */
async function decide(context: Context, id: ObjectId, found: Row): Promise<Row | undefined> {
  const mark = newMark(context);
  if (!(await putMark(context, id, found, mark))) return undefined;
  const placed = await isPlaced(context, id);
  const change = placed ? { remove: ['dying'] } : { set: { dying: gone } };
  const decided = await context.rows.update('objects', objectKey(id), change, { dying: mark });
  return placed ? undefined : decided;
}

/** Looks first, so that an object that is in use is hardly ever marked; takes over the mark of whoever else is at it. */
async function putMark(context: Context, id: ObjectId, found: Row, mark: string): Promise<boolean> {
  let row: Row | undefined = found;
  for (let attempt = 0; !isGone(row) && attempt < markAttemptCount; attempt++) {
    if (await isPlaced(context, id)) return false;
    const seen = { dying: row.dying as string | undefined, digest: row.digest as string };
    const marked = await context.rows.update('objects', objectKey(id), { set: { dying: mark } }, seen);
    if (marked !== undefined) return true;
    row = await context.rows.get('objects', objectKey(id));
  }
  return false;
}

async function isPlaced(context: Context, id: ObjectId): Promise<boolean> {
  const page = await context.rows.query('objects', { pk: id, prefix: 'P#', limit: 1 });
  return page.rows.length > 0;
}

/** Row A goes last: a crash on the way is finished by the next call. */
async function deleteEverything(context: Context, id: ObjectId, facts: ObjectFacts): Promise<void> {
  if (facts.className === 'file') {
    const key = contentKey(id, facts);
    if (facts.uploadId !== undefined && facts.state !== 'closed')
      await context.content.abortUpload(key, facts.uploadId);
    await context.content.remove([key]);
    await deleteAnnouncedParts(context, id);
  }
  await deleteLinks(context, id, facts.links);
  const keys: Key[] = (['D', 'S', 'F'] as const).map((kind) => packedKey(id, kind));
  await forEach(keys, (one) => context.rows.delete('objects', one));
  await context.rows.delete('objects', objectKey(id), { dying: gone });
}

/** The rows of parts that were announced: not needed once a file is closed or gone. */
export async function deleteAnnouncedParts(context: Context, id: ObjectId): Promise<void> {
  for (let page = 0; page < maximumPartPages; page++) {
    const { rows, next } = await context.rows.query('objects', { pk: `${id}#upload`, limit: partPageSize });
    await forEach(rows, (row) => context.rows.delete('objects', { pk: row.pk, sk: row.sk }));
    if (next === undefined) return;
  }
}

/** Each failure means that another one came further. */
const markAttemptCount = 10;
const partPageSize = 200;
const maximumPartPages = 50;
