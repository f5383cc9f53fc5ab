// Limits the number of folders in a place to as many as can be read together. Counting them costs as much as reading
// them, so only one creation in many counts. When there are too many, a row says so, which every creation reads.

import type { Context } from '../../core/context.ts';
import { invalidInput } from '../../core/error/api-error.ts';
import type { PlaceId } from '../../core/id/identifier.ts';
import { folderPrefix, fullKey, fullRow, readFull } from '../../core/row/containers.ts';
import { allPages } from '../store/all-rows.ts';

/**
 * To be called before a folder is made.
 *
 * @param folderId the random id that it will have: it decides whether this creation counts
 * @throws ApiError InvalidInput when the place has the maximum number of folders
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
  throw invalidInput(`${place} has ${maximumFolderCount} folders, which is the maximum: remove some first`);
}

async function countFolders(context: Context, place: PlaceId): Promise<number> {
  let count = 0;
  const folders = { pk: place, prefix: folderPrefix, maximumRowCount: maximumFolderCount };
  for await (const rows of allPages(context, 'containers', folders)) count += rows.length;
  return count;
}

/** The number of folders that a place may have. */
const maximumFolderCount = 50_000;
/**
 * Folders that are read together. This is more than the maximum, because folders made between two counts are admitted.
 */
export const readableFolderCount = 60_000;
/** The two first digits of an id: one creation in 256 counts. */
const countingPrefix = '00';
/** The time for which a full place stays full without a new count. */
const recountMs = 60_000;
