// Moves and renames folders. The contents of a folder refer to its id, so a move changes none of them.

import { joinFolder } from '../../core/container/folder-path.ts';
import type { FolderTree } from '../../core/container/folder-tree.ts';
import type { Context, Write } from '../../core/context.ts';
import { invalidInput, invalidState, resourceNotFound } from '../../core/error/api-error.ts';
import type { PlaceId } from '../../core/id/identifier.ts';
import {
  folderChangesKey,
  folderChangesRow,
  folderKey,
  folderRow,
  readFolderChanges,
} from '../../core/row/containers.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';
import { loadFolders } from './folder.ts';

/**
 * Gives a folder another parent, another name, or both.
 *
 * @throws ApiError ResourceNotFound when the folder or the new parent is missing; InvalidState when a folder of that
 *   name exists already or one of the folders is being removed; InvalidInput for the root, or for a move into the
 *   folder itself
 */
export async function moveFolder(
  context: Context,
  place: PlaceId,
  from: readonly string[],
  to: { readonly parent: readonly string[]; readonly name: string },
): Promise<void> {
  if (from.length === 0) throw invalidInput('the root folder "/" cannot be moved or renamed');
  await changeTree(context, place, (tree) => {
    const id = requireFolder(tree, from);
    const parentId = requireFolder(tree, to.parent);
    if (tree.subtreeOf(id).includes(parentId)) throw invalidInput(`"${joinFolder(from)}" cannot be moved into itself`);
    const oldKey = folderKey(place, requireFolder(tree, from.slice(0, -1)), from.at(-1) ?? '');
    const newKey = folderKey(place, parentId, to.name);
    if (oldKey.sk === newKey.sk) return [];
    for (const [one, names] of [[id, from] as const, [parentId, to.parent] as const]) {
      if (tree.isLeaving(one)) throw invalidState(`folder "${joinFolder(names)}" is being removed`);
    }
    if (tree.idOf([...to.parent, to.name]) !== undefined) {
      throw invalidState(`folder "${joinFolder([...to.parent, to.name])}" exists already`);
    }
    return [
      { kind: 'put', table: 'containers', row: folderRow(newKey, { folderId: id, name: to.name }), expected: 'absent' },
      { kind: 'delete', table: 'containers', key: oldKey, expected: { folderId: id } },
    ];
  });
}

/**
 * Changes the shape of a container's folder tree. One change happens at a time: two changes that are each allowed could
 * together make a ring, or one could move a folder that the other is removing.
 *
 * @param plan the writes of this change for the tree as it is now, none when nothing is to be done. It is called again
 *   after another change came first.
 */
export async function changeTree(
  context: Context,
  place: PlaceId,
  plan: (tree: FolderTree) => readonly Write[],
): Promise<void> {
  await retryWhileChanged(`the folders of ${place}`, async () => {
    const count = readFolderChanges(await context.rows.get('containers', folderChangesKey(place)));
    const writes = plan(await loadFolders(context, place));
    if (writes.length === 0) return undefined;
    const first: Write = {
      kind: 'put',
      table: 'containers',
      row: folderChangesRow(place, (count ?? 0) + 1),
      expected: count === undefined ? 'absent' : { count },
    };
    return (await context.rows.transact([first, ...writes])) || changed;
  });
}

/**
 * The id of the folder with these names, counted from the root.
 *
 * @throws ApiError ResourceNotFound when there is none
 */
export function requireFolder(tree: FolderTree, names: readonly string[]): string {
  const id = tree.idOf(names);
  if (id === undefined) throw resourceNotFound(joinFolder(names), 'there is no such folder');
  return id;
}
