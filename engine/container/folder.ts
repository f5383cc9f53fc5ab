// The rows of folders: finding and listing them. Making is in enter-folder.ts, moving and removing have files of their own.

import { root } from '../../core/container/folder-path.ts';
import { type Folder, FolderTree } from '../../core/container/folder-tree.ts';
import type { Context, Key, Row } from '../../core/context.ts';
import { invalidInput } from '../../core/error/api-error.ts';
import type { PlaceId } from '../../core/id/identifier.ts';
import { allRows } from '../store/all-rows.ts';
import { nameKey } from '../store/sort-key.ts';
import { readableFolderCount } from './folder-limit.ts';

/** All folders of a container; more of them than `readableFolderCount`, which are not made, are InvalidInput. */
export async function loadFolders(context: Context, place: PlaceId): Promise<FolderTree> {
  const folders: Folder[] = [];
  for await (const row of allRows(context, 'containers', { pk: place, prefix: 'F#' })) {
    folders.push(...toFolder(row));
    if (folders.length > readableFolderCount)
      throw invalidInput(`${place} has more than ${readableFolderCount} folders`);
  }
  return new FolderTree(folders);
}

/** The id of the folder with these names from the root; undefined when there is none. One read a level. */
export async function findFolder(
  context: Context,
  place: PlaceId,
  names: readonly string[],
): Promise<string | undefined> {
  let at: string = root;
  for (const name of names) {
    const row = await context.rows.get('containers', folderKey(place, at, name));
    if (typeof row?.folderId !== 'string') return undefined;
    at = row.folderId;
  }
  return at;
}

/** The folders directly in a folder. */
export async function listSubfolders(context: Context, place: PlaceId, folderId: string): Promise<Folder[]> {
  const folders: Folder[] = [];
  const children = { pk: place, prefix: `F#${folderId}#`, maximumRowCount: readableFolderCount };
  for await (const row of allRows(context, 'containers', children)) folders.push(...toFolder(row));
  return folders;
}

export function folderKey(place: PlaceId, parentId: string, name: string): Key {
  return { pk: place, sk: `F#${parentId}#${nameKey(name)}` };
}

function toFolder(row: Row): Folder[] {
  const parentId = row.sk.split('#')[1];
  if (typeof row.folderId !== 'string' || typeof row.name !== 'string' || parentId === undefined) return [];
  const folder: Folder = { id: row.folderId, parentId, name: row.name };
  const { removing } = row;
  return [removing === 'all' || removing === 'empty' ? { ...folder, removing } : folder];
}
