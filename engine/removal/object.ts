// Removes objects from a place. The reference goes first, then the object itself if it has no other
// (docs/reference/protocols.md, "Deletion of bytes").

import type { Context } from '../../core/context.ts';
import { given } from '../../core/given.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import { listingKey, type Placement, placementKey, readPlacement } from '../../core/row/objects.ts';
import { unreachedHidden, withHiddenLinks } from '../placement/link.ts';
import { mapLimited } from '../store/map-limited.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';
import { collectBytes, sendCollection } from './collect.ts';

/**
 * Removes objects in any state from a place, and the hidden objects there that no visible object reaches by links any
 * more (docs/reference/api.md, "Folders"). A repeated call finishes the work of one that crashed. Ids that are not in
 * the place are ignored. Hidden objects beyond `maximumWalkCount` stay, and can be removed by their ids.
 *
 * @returns the ids of all objects that were removed
 */
export async function removeObjects(context: Context, place: PlaceId, ids: readonly ObjectId[]): Promise<ObjectId[]> {
  const distinct = [...new Set(ids)];
  const linked = await withHiddenLinks(context, place, distinct);
  await sendCollection(context, distinct);
  await mapLimited(distinct, (id) => removeFrom(context, place, id));
  const followers = linked.objects.map(({ id }) => id).filter((id) => !distinct.includes(id));
  const orphans = await unreachedHidden(context, place, followers);
  await sendCollection(context, orphans);
  await mapLimited(orphans, (id) => removeFrom(context, place, id));
  return [...linked.objects.map(({ id }) => id).filter((id) => distinct.includes(id)), ...orphans];
}

/**
 * Removes one object from a place, and collects it if that was its last place. The listing row is deleted after that:
 * if this is interrupted, a call that empties the place finds the object again by that row.
 *
 * @param by the try that must have placed it (`Placement.by`). Without it, any placement is removed.
 */
export async function removeFrom(context: Context, place: PlaceId, id: ObjectId, by?: string): Promise<void> {
  const placement = await takePlacement(context, place, id, by);
  await collectBytes(context, id);
  if (placement === undefined) return;
  const { folderId, name, mark } = placement;
  await context.rows.delete('objects', listingKey(place, folderId, name, id), { mark });
}

/** Deletes a placement and returns it; undefined when there was none. */
async function takePlacement(
  context: Context,
  place: PlaceId,
  id: ObjectId,
  by: string | undefined,
): Promise<Placement | undefined> {
  const key = placementKey(id, place);
  return retryWhileChanged(`"${id}"`, async () => {
    const placement = readPlacement(await context.rows.get('objects', key));
    if (placement === undefined || (by !== undefined && placement.by !== by)) return undefined;
    const { revision, mark } = placement;
    const expected = { revision, mark, ...given({ by }) };
    return (await context.rows.delete('objects', key, expected)) ? placement : changed;
  });
}
