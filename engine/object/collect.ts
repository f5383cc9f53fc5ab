// Deletes an object that nothing refers to any more, its bytes last but one: protocols.md §5. Every placement is a
// reference; whoever takes one away calls this. Searched in test/simulation/bytes.test.ts.

import type { Context, Key } from '../../core/context.ts';
import type { ObjectId } from '../../core/id/identifier.ts';
import { forEach } from './each.ts';
import { deleteLinks } from './link.ts';
import { contentKey, gone, newMark, objectKey, packedKey, toObjectFacts } from './row.ts';

/**
 * Deletes the object unless a place holds it. True when it is gone. May be called at any time, any number of times: with
 * a reference there it changes nothing.
 *
 * The order matters: look (so that an object that is in use never seems to be dying), mark it dying, look again in the
 * base table, decide by a write that only succeeds while the mark is ours, and only then touch the bytes.
 */
export async function collectBytes(context: Context, id: ObjectId): Promise<boolean> {
  const row = await context.rows.get('objects', objectKey(id));
  if (row === undefined) return true;
  if (row.dying !== gone && !(await decide(context, id))) return false;
  await deleteEverything(context, id);
  return true;
}

async function decide(context: Context, id: ObjectId): Promise<boolean> {
  if (await isPlaced(context, id)) return false;
  const mark = newMark(context);
  const marked = await markDying(context, id, mark);
  if (!marked) return false;
  if (await isPlaced(context, id)) {
    await context.rows.update('objects', objectKey(id), { remove: ['dying'] }, { dying: mark });
    return false;
  }
  const decided = await context.rows.update('objects', objectKey(id), { set: { dying: gone } }, { dying: mark });
  return decided !== undefined;
}

/** Takes the mark over from whoever left it, except that there is no way back from `gone`. */
async function markDying(context: Context, id: ObjectId, mark: string): Promise<boolean> {
  for (let attempt = 0; attempt < markAttemptCount; attempt++) {
    const row = await context.rows.get('objects', objectKey(id));
    if (row === undefined || row.dying === gone) return false;
    const expected = { dying: row.dying as string | undefined, digest: row.digest as string };
    if ((await context.rows.update('objects', objectKey(id), { set: { dying: mark } }, expected)) !== undefined)
      return true;
  }
  return false;
}

async function isPlaced(context: Context, id: ObjectId): Promise<boolean> {
  const page = await context.rows.query('objects', { pk: id, prefix: 'P#', limit: 1 });
  return page.rows.length > 0;
}

/** Row A goes last: a crash on the way is finished by the next call. */
async function deleteEverything(context: Context, id: ObjectId): Promise<void> {
  const row = await context.rows.get('objects', objectKey(id));
  if (row === undefined) return;
  const facts = toObjectFacts(row);
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

/** Somebody else marks it at the same time: theirs will do. */
const markAttemptCount = 3;
const partPageSize = 200;
const maximumPartPages = 50;
