// Which objects are in a folder: listing rows are the hint, placements decide.

import type { Context } from '../../core/context.ts';
import { isObjectId, type ObjectId, type PlaceId } from '../../core/id/identifier.ts';
import { type LoadedObject, loadObjectsAt } from '../store/load-object.ts';
import { mapLimited } from '../store/map-limited.ts';
import { nameKeyPrefix } from '../store/sort-key.ts';

export type ListingPage = { readonly objects: LoadedObject[]; readonly next?: string };

/**
 * One page of the objects in a folder, by name. `next` leads on; a page may hold fewer objects than asked for, and none.
 *
 * @param range `beginning`: only objects whose names begin so
 */
export async function listObjects(
  context: Context,
  place: PlaceId,
  folderId: string,
  range: { readonly after?: string | undefined; readonly beginning?: string; readonly limit?: number } = {},
): Promise<ListingPage> {
  const { after, beginning = '', limit = listingPageSize } = range;
  const page = await context.rows.query('objects', {
    pk: `${place}#${folderId}`,
    limit,
    ...(beginning === '' ? {} : { prefix: nameKeyPrefix(beginning) }),
    ...(after === undefined ? {} : { after }),
  });
  const ids = [...new Set(page.rows.map((row) => row.id).filter(isObjectId))];
  const loaded = await loadObjectsAt(context, place, ids);
  const objects = loaded.filter((object) => object?.placements.get(place)?.folderId === folderId) as LoadedObject[];
  return { objects, ...(page.next === undefined ? {} : { next: page.next }) };
}

/** All objects of a folder, up to `limit`; `more` when there are others. */
export async function listAllObjects(
  context: Context,
  place: PlaceId,
  folderId: string,
  limit: number,
  beginning = '',
): Promise<{ objects: LoadedObject[]; more: boolean }> {
  const objects = new Map<ObjectId, LoadedObject>();
  let after: string | undefined;
  do {
    const page = await listObjects(context, place, folderId, { after, beginning });
    for (const object of page.objects) objects.set(object.id, object);
    after = page.next;
  } while (after !== undefined && objects.size <= limit);
  return { objects: [...objects.values()].slice(0, limit), more: objects.size > limit };
}

/** Takes away the rows of a folder's listing, of which no object needs any more. */
export async function deleteListing(context: Context, place: PlaceId, folderId: string): Promise<void> {
  let after: string | undefined;
  do {
    const range = { pk: `${place}#${folderId}`, limit: listingPageSize, ...(after === undefined ? {} : { after }) };
    const page = await context.rows.query('objects', range);
    await mapLimited(page.rows, ({ pk, sk }) => context.rows.delete('objects', { pk, sk }));
    after = page.next;
  } while (after !== undefined);
}

const listingPageSize = 500;
