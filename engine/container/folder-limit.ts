// Limits the number of folders of a place to as many as can be read together. A count costs as much as reading all
// folders, so only one creation in 256 counts.

import type { Context } from '../../core/context.ts';
import { invalidInput } from '../../core/error/api-error.ts';
import type { PlaceId } from '../../core/id/identifier.ts';
import { folderPrefix, fullKey, fullRow, readFull } from '../../core/row/containers.ts';
import { allPages } from '../store/all-rows.ts';

/**
 * Refuses a folder in a place that is full. Call this before a folder is made. If a count finds too many folders, a row
 * says so, and every creation reads that row.
 *
 * @param folderId the random id of the new folder: it decides whether this creation counts
 * @throws ApiError InvalidInput when the place has the largest number of folders
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
  throw invalidInput(`${place} has ${maximumFolderCount} folders, which is the limit. Remove some first`);
}

async function countFolders(context: Context, place: PlaceId): Promise<number> {
  let count = 0;
  const folders = { pk: place, prefix: folderPrefix, maximumRowCount: maximumFolderCount };
  for await (const rows of allPages(context, 'containers', folders)) count += rows.length;
  return count;
}

/** The largest number of folders that a place may have. */
const maximumFolderCount = 50_000;
/** Folders that are read together: more than a place may have, because creations between two counts are not refused. */
export const readableFolderCount = 60_000;
/** A creation counts if the first two digits of the id are these, which is one creation in 256. */
const countingPrefix = '00';
/** The time for which a full place is not counted again. */
const recountMs = 60_000;
