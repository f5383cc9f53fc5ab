// Changes the name, folder and labels of an object in one place. The object itself does not change.

import type { Context } from '../../core/context.ts';
import { resourceNotFound } from '../../core/error/api-error.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import { listingKey, listingRow, type Placement, placementKey, readPlacement } from '../../core/row/objects.ts';
import { newMark } from '../store/mark.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';

export type PlacementChange = Partial<Pick<Placement, 'name' | 'folderId' | 'tags' | 'properties' | 'hidden'>>;

/**
 * Changes a placement.
 *
 * @param change gets the placement as it is now. It is called again after another change came first.
 * @throws ApiError ResourceNotFound when the object is not in that place
 */
export async function changePlacement(
  context: Context,
  id: ObjectId,
  place: PlaceId,
  change: (placement: Placement) => PlacementChange,
): Promise<void> {
  const key = placementKey(id, place);
  await retryWhileChanged(`"${id}"`, async () => {
    const before = readPlacement(await context.rows.get('objects', key));
    if (before === undefined) throw resourceNotFound(id, `it is not in ${place}`);
    return (await applyChange(context, id, place, before, change(before))) || changed;
  });
}

/**
 * Writes the new listing row, then the placement, and deletes the old listing row last, so that no reader misses it.
 */
async function applyChange(
  context: Context,
  id: ObjectId,
  place: PlaceId,
  before: Placement,
  change: PlacementChange,
): Promise<boolean> {
  const key = placementKey(id, place);
  const after = { ...before, ...change };
  const relisted = after.name !== before.name || after.folderId !== before.folderId;
  const mark = relisted ? newMark(context) : before.mark;
  const newListing = listingKey(place, after.folderId, after.name, id);
  if (relisted) await context.rows.put('objects', listingRow(newListing, id, mark));
  const { name, folderId, hidden } = after;
  const metadata = { name, folderId, hidden, tags: [...after.tags], properties: { ...after.properties } };
  const set = { ...metadata, mark, modified: context.now(), revision: before.revision + 1 };
  const expected = { revision: before.revision, mark: before.mark };
  // The try whose output this was cannot take it back any more: somebody works with it.
  const remove = before.by === undefined ? [] : ['by'];
  const saved = (await context.rows.update('objects', key, { set, remove }, expected)) !== undefined;
  if (relisted) {
    const obsolete = saved ? listingKey(place, before.folderId, before.name, id) : newListing;
    await context.rows.delete('objects', obsolete, { mark: saved ? before.mark : mark });
  }
  return saved;
}
