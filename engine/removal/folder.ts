// Removes folders. It marks them before it removes their contents, and a message later removes the writes of calls that
// were under way.

import { joinFolder } from '../../core/container/folder-path.ts';
import type { Folder, FolderTree, Removal } from '../../core/container/folder-tree.ts';
import type { Context } from '../../core/context.ts';
import { invalidInput, invalidState } from '../../core/error/api-error.ts';
import type { PlaceId } from '../../core/id/identifier.ts';
import { folderKey, folderRow } from '../../core/row/containers.ts';
import { everythingEndsMs, type WorkMessage } from '../../core/work/message.ts';
import { loadFolders } from '../container/folder.ts';
import { changeTree, requireFolder } from '../container/move-folder.ts';
import { deleteListing, listAllObjects, listObjects } from '../placement/listing.ts';
import { mapLimited } from '../store/map-limited.ts';
import { sendWork } from '../store/send-work.ts';
import { removeObjects } from './object.ts';

/**
 * Removes a folder. With `recurse` it also removes everything below it, about `budget` objects in a call. A message
 * completes the removal if the calls do not.
 *
 * @returns false when more is left to remove
 * @throws ApiError ResourceNotFound when the folder is missing; InvalidState when it has contents, without `recurse`
 */
export async function removeFolder(
  context: Context,
  place: PlaceId,
  names: readonly string[],
  options: { readonly recurse: boolean; readonly budget: number },
): Promise<boolean> {
  if (names.length === 0) throw invalidInput('the root folder "/" cannot be removed');
  const full = invalidState(
    `folder "${joinFolder(names)}" is not empty. Set "recurse" (-r) to remove its contents as well`,
  );
  const before = await loadFolders(context, place);
  const id = requireFolder(before, names);
  if (!options.recurse && !(await isEmpty(context, place, before, id))) throw full;
  await sendRemoval(context, place, [id]);
  await mark(context, place, names, id, options.recurse ? 'all' : 'empty');
  const tree = await loadFolders(context, place);
  if (options.recurse) return removeTree(context, place, tree, id, options.budget);
  if (await removeIfEmpty(context, place, tree, id)) return true;
  throw full;
}

/** Completes the removals that a message names. No call that began before them is under way any more. */
export async function goOnRemovingFolders(
  context: Context,
  { place, folders }: Extract<WorkMessage, { kind: 'removeFolders' }>,
): Promise<void> {
  const tree = await loadFolders(context, place);
  for (const [index, id] of folders.entries()) {
    const folder = tree.folderOf(id);
    if (tree.isRemoved(id)) {
      const through = await removeTree(context, place, tree, id, objectsPerMessage, { last: true });
      if (!through) return sendWork(context, [{ kind: 'removeFolders', place, folders: folders.slice(index) }]);
    } else if (folder?.removing === 'empty') await removeIfEmpty(context, place, tree, id);
  }
}

/**
 * Removes a folder and everything below it, from the inside out. A folder's row is deleted after a message is sent that
 * looks into the folder once more.
 */
async function removeTree(
  context: Context,
  place: PlaceId,
  tree: FolderTree,
  id: string,
  budget: number,
  { last = false } = {},
): Promise<boolean> {
  let removedCount = 0;
  let emptied: string[] = [];
  const deleteRows = async (): Promise<void> => {
    // The message for the outermost folder was sent before it was marked.
    const inner = emptied.filter((one) => one !== id);
    if (!last) await sendRemoval(context, place, inner);
    await mapLimited(emptied, (one) => deleteRow(context, place, tree.folderOf(one)));
    emptied = [];
  };
  for (const folder of tree.subtreeOf(id).reverse()) {
    let after: string | undefined;
    do {
      if (removedCount >= budget) {
        await deleteRows();
        return false;
      }
      const page = await listObjects(context, place, folder, { limit: objectPageSize, after });
      const ids = page.objects.map((object) => object.id);
      if (ids.length > 0) await removeObjects(context, place, ids);
      removedCount += ids.length;
      after = page.next;
    } while (after !== undefined);
    if (last) await deleteListing(context, place, folder);
    emptied.push(folder);
    if (emptied.length >= foldersPerMessage) await deleteRows();
  }
  await deleteRows();
  return true;
}

/** Removes a folder if it is empty. Otherwise clears its mark, so that it may be used again. */
async function removeIfEmpty(context: Context, place: PlaceId, tree: FolderTree, id: string): Promise<boolean> {
  const folder = tree.folderOf(id);
  if (await isEmpty(context, place, tree, id)) {
    await deleteRow(context, place, folder);
    return true;
  }
  if (folder === undefined) return false;
  const { parentId, name } = folder;
  const key = folderKey(place, parentId, name);
  await context.rows.put('containers', folderRow(key, { folderId: id, name }), { folderId: id, removing: 'empty' });
  return false;
}

async function isEmpty(context: Context, place: PlaceId, tree: FolderTree, id: string): Promise<boolean> {
  if (tree.childrenOf(id).length > 0) return false;
  return (await listAllObjects(context, place, id, 1)).objects.length === 0;
}

/** Marks a folder as being removed. The mark `all` stays: it is not replaced by `empty`. */
function mark(
  context: Context,
  place: PlaceId,
  names: readonly string[],
  id: string,
  removing: Removal,
): Promise<void> {
  return changeTree(context, place, (tree) => {
    if (requireFolder(tree, names) !== id)
      throw invalidState(`folder "${joinFolder(names)}" is being moved; try again`);
    const folder = tree.folderOf(id);
    if (folder === undefined || folder.removing === 'all') return [];
    const key = folderKey(place, folder.parentId, folder.name);
    return [{ kind: 'update', table: 'containers', key, change: { set: { removing } }, expected: { folderId: id } }];
  });
}

async function deleteRow(context: Context, place: PlaceId, folder: Folder | undefined): Promise<void> {
  if (folder === undefined) return;
  const { id, parentId, name } = folder;
  await context.rows.delete('containers', folderKey(place, parentId, name), { folderId: id });
}

async function sendRemoval(context: Context, place: PlaceId, folders: readonly string[]): Promise<void> {
  if (folders.length === 0) return;
  await sendWork(context, [{ kind: 'removeFolders', place, folders }], context.now() + everythingEndsMs);
}

const objectPageSize = 200;
/** The approximate number of objects that one message removes. */
const objectsPerMessage = 500;
/** A message has room for far more ids than this. */
const foldersPerMessage = 200;
