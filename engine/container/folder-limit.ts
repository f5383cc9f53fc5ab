// How many folders a place may have: as many as can be read together. Counting them costs as much as reading them, so only
// one creation in many counts; once there are too many a row says so, which every creation reads.

import type { Context } from '../../core/context.ts';
import { invalidInput } from '../../core/error/api-error.ts';
import type { PlaceId } from '../../core/id/identifier.ts';
import { folderPrefix, fullKey, fullRow, readFull } from '../../core/row/containers.ts';
import { allPages } from '../store/all-rows.ts';

/**
 * To be asked before a folder is made.
 *
 * @param folderId the random id that it is to have: it decides whether its creation counts
 * @throws ApiError InvalidInput when the place has as many folders as it may
 */
export async function refuseIfFull(context: Context, place: PlaceId, folderId: string): Promise<void> {
  const key = fullKey(place);
  const countedAt = readFull(await context.rows.get('containers', key));
  if (countedAt === undefined && !folderId.startsWith(countingPrefix)) return;
  if (countedAt === undefined || context.now() >= countedAt + recountMs) {
    if ((await countFolders(context, place)) < maximumFolderCount) {
      if (countedAt !== undefined) await context.rows.delete('containers', key);
      return;
    }
    await context.rows.put('containers', fullRow(place, context.now()));
  }
  throw invalidInput(`${place} has ${maximumFolderCount} folders, as many as it may: remove some first`);
}

async function countFolders(context: Context, place: PlaceId): Promise<number> {
  let count = 0;
  const folders = { pk: place, prefix: folderPrefix, maximumRowCount: maximumFolderCount };
  for await (const rows of allPages(context, 'containers', folders)) count += rows.length;
  return count;
}

/** Folders that a place may have. */
const maximumFolderCount = 50_000;
/** Folders that are read together: more than there may be, since those made between two counts are let through. */
export const readableFolderCount = 60_000;
/** Of the two first digits of an id: one creation in 256 counts. */
const countingPrefix = '00';
/** How long a full place stays full without being counted again. */
const recountMs = 60_000;
