// Empties a workspace or a project page by page. A message repeats this in a last pass, when every call that was still
// writing to it has ended.

import { root } from '../../core/container/folder-path.ts';
import type { Context, Key } from '../../core/context.ts';
import { isId, type PlaceId } from '../../core/id/identifier.ts';
import {
  folderPrefix,
  isPlaceKey,
  memberOf,
  memberPrefix,
  membershipKey,
  placeKey,
  readFolder,
} from '../../core/row/containers.ts';
import { listingPartition, readListing } from '../../core/row/objects.ts';
import { everythingEndsMs } from '../../core/work/message.ts';
import { mapLimited } from '../store/map-limited.ts';
import { sendWork } from '../store/send-work.ts';
import { removeFrom } from './object.ts';

/**
 * `first`: its end sends the message for the last pass. `ahead`: a first pass whose caller sees to the last one. `last`:
 * nothing new can arrive, so all remaining rows are deleted as well.
 */
export type Pass = 'first' | 'ahead' | 'last';

/**
 * Removes one page of the contents of a container. Calls may be repeated and may race. Folders and the container's own
 * row stay until the last pass.
 *
 * @param after the result of the call before
 * @returns the position to continue from; undefined when the pass has ended
 */
export async function destroyContainer(
  context: Context,
  container: PlaceId,
  after?: string,
  pass: Pass = 'first',
): Promise<string | undefined> {
  if (after === rowsPosition) return deleteRows(context, container, pass);
  const from = readPosition(after);
  const { folders, more } = await loadFoldersAfter(context, container, from.passed);
  let rowCount = 0;
  let passed = from.passed;
  for (const { id, sortKey } of folders) {
    if (rowCount >= pageSize) return JSON.stringify({ passed });
    const start = id === from.folder ? from.after : undefined;
    const page = await emptyPage(context, container, id, { last: pass === 'last', after: start });
    if (page.next !== undefined) return JSON.stringify({ passed, folder: id, after: page.next });
    rowCount += page.rowCount;
    passed = sortKey;
  }
  return more ? JSON.stringify({ passed }) : deleteRows(context, container, pass);
}

/** The next folders in the order of their rows, the root first. A page reads only a few folders. */
async function loadFoldersAfter(context: Context, container: PlaceId, passed: string | undefined) {
  const isStart = passed === undefined || passed === folderPrefix;
  const range = { pk: container, prefix: folderPrefix, limit: foldersPerPage, after: isStart ? undefined : passed };
  const page = await context.rows.query('containers', range);
  const folders = page.rows.flatMap((row) => {
    const folder = readFolder(row);
    return folder === undefined ? [] : [{ id: folder.id, sortKey: row.sk }];
  });
  if (passed === undefined) folders.unshift({ id: root, sortKey: folderPrefix });
  return { folders, more: page.next !== undefined };
}

/**
 * Removes one page of the objects in a folder. The listing row goes last, so that an interrupted removal is continued.
 * One without a placement may belong to an object that is just being created, so the first pass keeps it.
 */
async function emptyPage(
  context: Context,
  container: PlaceId,
  folder: string,
  { after, last }: { readonly after: string | undefined; readonly last: boolean },
): Promise<{ readonly rowCount: number; readonly next: string | undefined }> {
  const range = { pk: listingPartition(container, folder), limit: pageSize, after };
  const { rows, next } = await context.rows.query('objects', range);
  await mapLimited(rows, async (row) => {
    await removeFrom(context, container, readListing(row));
    if (last) await context.rows.delete('objects', { pk: row.pk, sk: row.sk });
  });
  return { rowCount: rows.length, next };
}

/**
 * Deletes the container's own rows. Members go in the first pass. Folders go in the last pass, because they lead to
 * late writes. Row A goes at the end, because it says that the container is being destroyed.
 */
async function deleteRows(context: Context, container: PlaceId, pass: Pass): Promise<string | undefined> {
  const last = pass === 'last';
  const isProject = isId(container, 'project');
  if (last || isProject) {
    const range = { pk: container, limit: pageSize, prefix: last ? undefined : memberPrefix };
    const page = await context.rows.query('containers', range);
    const others = page.rows.filter((row) => !isPlaceKey(row));
    await mapLimited(others, ({ pk, sk }) => deleteRow(context, container, { pk, sk }));
    if (page.next !== undefined) return rowsPosition;
    // A workspace has no row of its own.
    if (last && (isProject || page.rows.some(isPlaceKey))) {
      await context.rows.delete('containers', placeKey(container));
    }
  }
  if (pass === 'first')
    await sendWork(context, [{ kind: 'destroy', container, last: true }], context.now() + everythingEndsMs);
  return undefined;
}

async function deleteRow(context: Context, container: PlaceId, key: Key): Promise<void> {
  const member = memberOf(key);
  if (member !== undefined) await context.rows.delete('containers', membershipKey(member, container));
  await context.rows.delete('containers', key);
}

/**
 * The beginning of a page: after a folder's row and, if the next folder is still the same, after a row of its listing.
 */
type Position = { readonly passed?: string; readonly folder?: string; readonly after?: string };

/** A text that is not a position counts as the start, which only costs time. */
function readPosition(text: string | undefined): Position {
  if (text?.startsWith('{') !== true) return {};
  return JSON.parse(text) as Position;
}

const rowsPosition = 'rows';
const pageSize = 100;
/** Folders that one page reads. */
const foldersPerPage = 50;
