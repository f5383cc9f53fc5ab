// Moves, renames and removes folders. What is in a folder refers to its id, so moving touches no object.

import { joinFolder, root } from '../../core/container/folder-path.ts';
import type { FolderTree } from '../../core/container/folder-tree.ts';
import type { Context, Key } from '../../core/context.ts';
import { invalidInput, invalidState, resourceNotFound, serviceUnavailable } from '../../core/error/api-error.ts';
import type { PlaceId } from '../../core/id/identifier.ts';
import { listAllObjects, listObjects } from '../object/listing.ts';
import { removeObjects } from '../object/remove.ts';
import { folderKey, loadFolders } from './folder.ts';

/**
 * Gives a folder another parent, another name, or both. ResourceNotFound when it, or the new parent, is missing;
 * InvalidState when a folder of that name is there; InvalidInput for the root, or for a move into itself.
 */
export async function moveFolder(
  context: Context,
  place: PlaceId,
  from: readonly string[],
  to: { readonly parent: readonly string[]; readonly name: string },
): Promise<void> {
  if (from.length === 0) throw invalidInput('the root folder "/" cannot be moved or renamed');
  for (let attempt = 0; attempt < moveAttemptCount; attempt++) {
    // One move at a time in a container: two that are each allowed could make a ring together.
    const moves = await context.rows.get('containers', movesKey(place));
    const tree = await loadFolders(context, place);
    const id = find(tree, from);
    const parentId = find(tree, to.parent);
    if (tree.subtreeOf(id).includes(parentId)) throw invalidInput(`"${joinFolder(from)}" cannot be moved into itself`);
    const oldKey = folderKey(place, find(tree, from.slice(0, -1)), from.at(-1) ?? '');
    const newKey = folderKey(place, parentId, to.name);
    if (oldKey.sk === newKey.sk) return;
    if (tree.idOf([...to.parent, to.name]) !== undefined) {
      throw invalidState(`folder "${joinFolder([...to.parent, to.name])}" exists already`);
    }
    const count = typeof moves?.count === 'number' ? moves.count : 0;
    const moved = await context.rows.transact([
      {
        kind: 'put',
        table: 'containers',
        row: { ...movesKey(place), count: count + 1 },
        expected: moves === undefined ? 'absent' : { count },
      },
      { kind: 'put', table: 'containers', row: { ...newKey, folderId: id, name: to.name }, expected: 'absent' },
      { kind: 'delete', table: 'containers', key: oldKey, expected: { folderId: id } },
    ]);
    if (moved) return;
  }
  throw serviceUnavailable(`the folders of ${place} are being moved by many requests at once`);
}

/**
 * Removes a folder. With `recurse` all below it too, at most about `budget` objects a call: `false` when there is more.
 * ResourceNotFound when it is missing, InvalidState when it is not empty and `recurse` is not said.
 */
export async function removeFolder(
  context: Context,
  place: PlaceId,
  names: readonly string[],
  options: { readonly recurse: boolean; readonly budget: number },
): Promise<boolean> {
  if (names.length === 0) throw invalidInput('the root folder "/" cannot be removed');
  const tree = await loadFolders(context, place);
  const id = find(tree, names);
  const folders = tree.subtreeOf(id).reverse();
  if (!options.recurse) {
    const { objects } = await listAllObjects(context, place, id, 1);
    if (folders.length > 1 || objects.length > 0) {
      throw invalidState(`folder "${joinFolder(names)}" is not empty: say "recurse" to remove what is in it`);
    }
  }
  let removedCount = 0;
  for (const folder of folders) {
    let page = await listObjects(context, place, folder, { limit: removePageSize });
    while (page.objects.length > 0 || page.next !== undefined) {
      if (removedCount >= options.budget) return false;
      const ids = page.objects.map((object) => object.id);
      await removeObjects(context, place, ids);
      removedCount += ids.length;
      page = await listObjects(context, place, folder, { limit: removePageSize, after: page.next });
    }
    await deleteFolderRow(context, place, tree, folder);
  }
  return true;
}

async function deleteFolderRow(context: Context, place: PlaceId, tree: FolderTree, id: string): Promise<void> {
  const path = tree.pathOf(id);
  const names = path?.split('/').filter((name) => name !== '') ?? [];
  const parentId = tree.idOf(names.slice(0, -1)) ?? root;
  await context.rows.delete('containers', folderKey(place, parentId, names.at(-1) ?? ''), { folderId: id });
}

function find(tree: FolderTree, names: readonly string[]): string {
  const id = tree.idOf(names);
  if (id === undefined) throw resourceNotFound(joinFolder(names), 'there is no such folder');
  return id;
}

function movesKey(place: PlaceId): Key {
  return { pk: place, sk: 'M' };
}

const moveAttemptCount = 5;
const removePageSize = 200;
