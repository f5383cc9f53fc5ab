// Takes objects out of a place: the reference first, then what nothing holds any more (docs/reference/protocols.md,
// "Deletion of bytes").

import type { Context } from '../../core/context.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import { listingKey, type Placement, placementKey, readPlacement } from '../../core/row/objects.ts';
import { unreachedHidden, withHiddenLinks } from '../placement/link.ts';
import { mapLimited } from '../store/map-limited.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';
import { collectBytes, sendCollection } from './collect.ts';

/**
 * Removes objects from a place, in any state, and with them the hidden ones there that no visible object reaches by links
 * any more (docs/reference/api.md, "Folders"). Repeating it finishes what a crash left; ids that are not there are
 * passed over. Hidden ones beyond `maximumWalkCount` stay, and can be removed by themselves.
 *
 * @returns all that were taken out
 */
export async function removeObjects(context: Context, place: PlaceId, ids: readonly ObjectId[]): Promise<ObjectId[]> {
  const asked = [...new Set(ids)];
  const linked = await withHiddenLinks(context, place, asked);
  await sendCollection(context, asked);
  await mapLimited(asked, (id) => removeFrom(context, place, id));
  const followers = linked.objects.map(({ id }) => id).filter((id) => !asked.includes(id));
  const orphans = await unreachedHidden(context, place, followers);
  await sendCollection(context, orphans);
  await mapLimited(orphans, (id) => removeFrom(context, place, id));
  return [...linked.objects.map(({ id }) => id).filter((id) => asked.includes(id)), ...orphans];
}

/**
 * Removes one object from a place and collects it when that was its last. The row of the listing goes after that: it leads
 * whoever empties the place here again, when this is interrupted.
 */
export async function removeFrom(context: Context, place: PlaceId, id: ObjectId): Promise<void> {
  const placement = await takePlacement(context, place, id);
  await collectBytes(context, id);
  if (placement === undefined) return;
  const { folderId, name, mark } = placement;
  await context.rows.delete('objects', listingKey(place, folderId, name, id), { mark });
}

/** The placement that was taken away; undefined when there was none. */
async function takePlacement(context: Context, place: PlaceId, id: ObjectId): Promise<Placement | undefined> {
  const key = placementKey(id, place);
  return retryWhileChanged(`"${id}"`, async () => {
    const placement = readPlacement(await context.rows.get('objects', key));
    if (placement === undefined) return undefined;
    const { revision, mark } = placement;
    return (await context.rows.delete('objects', key, { revision, mark })) ? placement : changed;
  });
}
