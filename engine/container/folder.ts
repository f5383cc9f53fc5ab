// Finds and lists folders. Changes are in enter-folder.ts, move-folder.ts and engine/removal/folder.ts.

import { root } from '../../core/container/folder-path.ts';
import { createFolderTree, type Folder, type FolderTree } from '../../core/container/folder-tree.ts';
import type { Context } from '../../core/context.ts';
import { invalidInput } from '../../core/error/api-error.ts';
import type { PlaceId } from '../../core/id/identifier.ts';
import { folderKey, folderPrefix, readFolder, subfolderPrefix } from '../../core/row/containers.ts';
import { allRows } from '../store/all-rows.ts';
import { readableFolderCount } from './folder-limit.ts';

/**
 * All folders of a container.
 *
 * @throws ApiError InvalidInput when there are more than `readableFolderCount`, which folder-limit.ts prevents
 */
export async function loadFolders(context: Context, place: PlaceId): Promise<FolderTree> {
  const folders: Folder[] = [];
  for await (const row of allRows(context, 'containers', { pk: place, prefix: folderPrefix })) {
    folders.push(readFolder(row));
    if (folders.length > readableFolderCount)
      throw invalidInput(`${place} has more than ${readableFolderCount} folders`);
  }
  return createFolderTree(folders);
}

/**
 * The id of the folder with these names from the root; undefined when there is none. It reads one row for each level.
 */
export async function findFolder(
  context: Context,
  place: PlaceId,
  names: readonly string[],
): Promise<string | undefined> {
  let at: string = root;
  for (const name of names) {
    const folder = readFolder(await context.rows.get('containers', folderKey(place, at, name)));
    if (folder === undefined) return undefined;
    at = folder.id;
  }
  return at;
}

/** The folders directly in a folder. */
export async function listSubfolders(context: Context, place: PlaceId, folderId: string): Promise<Folder[]> {
  const folders: Folder[] = [];
  const children = { pk: place, prefix: subfolderPrefix(folderId), maximumRowCount: readableFolderCount };
  for await (const row of allRows(context, 'containers', children)) folders.push(readFolder(row));
  return folders;
}
