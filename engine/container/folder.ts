// The rows of folders: finding and listing them. Making is in enter-folder.ts, moving and removing have files of their own.

import { root } from '../../core/container/folder-path.ts';
import { type Folder, FolderTree } from '../../core/container/folder-tree.ts';
import type { Context, Key, Row } from '../../core/context.ts';
import { invalidInput } from '../../core/error/api-error.ts';
import type { PlaceId } from '../../core/id/identifier.ts';
import { nameKey } from '../store/sort-key.ts';
import { readableFolderCount } from './folder-limit.ts';

/** All folders of a container; more of them than `readableFolderCount`, which are not made, are InvalidInput. */
export async function loadFolders(context: Context, place: PlaceId): Promise<FolderTree> {
  const folders: Folder[] = [];
  let after: string | undefined;
  do {
    const page = await queryFolders(context, place, 'F#', after);
    folders.push(...page.folders);
    after = page.next;
    if (folders.length > readableFolderCount)
      throw invalidInput(`${place} has more than ${readableFolderCount} folders`);
  } while (after !== undefined);
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
  let after: string | undefined;
  do {
    const page = await queryFolders(context, place, `F#${folderId}#`, after);
    folders.push(...page.folders);
    after = page.next;
  } while (after !== undefined && folders.length < readableFolderCount);
  return folders;
}

export function folderKey(place: PlaceId, parentId: string, name: string): Key {
  return { pk: place, sk: `F#${parentId}#${nameKey(name)}` };
}

async function queryFolders(context: Context, place: PlaceId, prefix: string, after: string | undefined) {
  const range = { pk: place, prefix, limit: folderPageSize, ...(after === undefined ? {} : { after }) };
  const page = await context.rows.query('containers', range);
  return { folders: page.rows.flatMap(toFolder), next: page.next };
}

function toFolder(row: Row): Folder[] {
  const parentId = row.sk.split('#')[1];
  if (typeof row.folderId !== 'string' || typeof row.name !== 'string' || parentId === undefined) return [];
  const folder: Folder = { id: row.folderId, parentId, name: row.name };
  const { removing } = row;
  return [removing === 'all' || removing === 'empty' ? { ...folder, removing } : folder];
}

const folderPageSize = 1_000;
