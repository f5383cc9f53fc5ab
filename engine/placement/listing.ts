// Lists the objects in a folder. Listing rows are hints, and placements decide.

import type { Context, Row } from '../../core/context.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import { listingPartition, listingPrefix, readListing } from '../../core/row/objects.ts';
import { allPages } from '../store/all-rows.ts';
import { type LoadedObject, loadObjectsAt } from '../store/load-object.ts';
import { mapLimited } from '../store/map-limited.ts';

export type ListingPage = { readonly objects: readonly LoadedObject[]; readonly next: string | undefined };

/**
 * One page of the objects in a folder, by name. A page may hold fewer objects than `limit`, or none.
 *
 * @param range `beginning`: only objects whose names begin with this
 * @returns `next`: the position to continue from, undefined at the end
 */
export async function listObjects(
  context: Context,
  place: PlaceId,
  folderId: string,
  range: { readonly after?: string | undefined; readonly beginning?: string; readonly limit?: number } = {},
): Promise<ListingPage> {
  const { after, beginning = '', limit = listingPageSize } = range;
  const page = await context.rows.query('objects', {
    pk: listingPartition(place, folderId),
    prefix: listingPrefix(beginning),
    after,
    limit,
  });
  return { objects: await loadListed(context, place, folderId, page.rows), next: page.next };
}

/** All objects of a folder, up to `limit`. `more` is true when there are others. */
export async function listAllObjects(
  context: Context,
  place: PlaceId,
  folderId: string,
  limit: number,
  beginning = '',
): Promise<{ objects: LoadedObject[]; more: boolean }> {
  const objects = new Map<ObjectId, LoadedObject>();
  const listing = {
    pk: listingPartition(place, folderId),
    prefix: listingPrefix(beginning),
    pageSize: listingPageSize,
  };
  for await (const rows of allPages(context, 'objects', listing)) {
    for (const object of await loadListed(context, place, folderId, rows)) objects.set(object.id, object);
    if (objects.size > limit) break;
  }
  return { objects: [...objects.values()].slice(0, limit), more: objects.size > limit };
}

/** Those of the objects named by listing rows that are in the folder. */
async function loadListed(
  context: Context,
  place: PlaceId,
  folderId: string,
  rows: readonly Row[],
): Promise<LoadedObject[]> {
  const ids = [...new Set(rows.map(readListing))];
  const loaded = await loadObjectsAt(context, place, ids);
  return loaded.filter((object) => object?.placements.get(place)?.folderId === folderId) as LoadedObject[];
}

/** Deletes the listing rows of a folder whose objects are all removed. */
export async function deleteListing(context: Context, place: PlaceId, folderId: string): Promise<void> {
  const listing = { pk: listingPartition(place, folderId), pageSize: listingPageSize };
  for await (const rows of allPages(context, 'objects', listing)) {
    await mapLimited(rows, ({ pk, sk }) => context.rows.delete('objects', { pk, sk }));
  }
}

const listingPageSize = 500;
