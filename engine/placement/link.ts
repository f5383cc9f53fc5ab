// Who links to whom: the hint rows from a target to the objects that name it, and the hidden objects that follow.

import type { Context } from '../../core/context.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import { linkKey, linkPartition, readLink } from '../../core/row/objects.ts';
import { allPages } from '../store/all-rows.ts';
import { type LoadedObject, loadObjectsAt } from '../store/load-object.ts';
import { mapLimited } from '../store/map-limited.ts';

/** Notes that `from` links to each of `targets`, before it does. */
export async function writeLinks(context: Context, from: ObjectId, targets: readonly ObjectId[]): Promise<void> {
  await mapLimited(targets, (target) => context.rows.put('objects', linkKey(target, from)));
}

/** Takes notes back that are not true any more. */
export async function deleteLinks(context: Context, from: ObjectId, targets: readonly ObjectId[]): Promise<void> {
  await mapLimited(targets, (target) => context.rows.delete('objects', linkKey(target, from)));
}

/**
 * Objects at a place, with the hidden ones that they link to there, and so on. The walk stops at a link to an object that
 * is elsewhere or visible (docs/reference/api.md, "Cloning"). `missing`: those of `ids` that are not there. `more`: the
 * walk was given up, because of too many.
 */
export async function withHiddenLinks(
  context: Context,
  place: PlaceId,
  ids: readonly ObjectId[],
): Promise<{ objects: LoadedObject[]; missing: ObjectId[]; more: boolean }> {
  const objects = new Map<ObjectId, LoadedObject>();
  const missing: ObjectId[] = [];
  const seen = new Set<ObjectId>(ids);
  let frontier = [...seen];
  let more = false;
  for (let asked = true; frontier.length > 0 && !more; asked = false) {
    const found = await loadObjectsAt(context, place, frontier);
    const next = new Set<ObjectId>();
    for (const [index, object] of found.entries()) {
      const id = frontier[index];
      if (id === undefined) continue;
      if (object === undefined) {
        if (asked) missing.push(id);
      } else if (asked || object.placements.get(place)?.hidden === true) {
        objects.set(id, object);
        for (const link of object.row.links) if (!seen.has(link)) next.add(link);
      }
    }
    for (const id of next) seen.add(id);
    frontier = [...next];
    more = frontier.length > 0 && seen.size > ids.length + maximumWalkCount;
  }
  return { objects: [...objects.values()], missing, more };
}

/**
 * Of `candidates`, hidden objects at a place, those that no visible object there reaches by links any more. One walk upwards
 * from all of them, each object once; then downwards from what is reached. Of too many, those not looked at count as reached.
 */
export async function unreachedHidden(
  context: Context,
  place: PlaceId,
  candidates: readonly ObjectId[],
): Promise<ObjectId[]> {
  const heldBy = new Map<ObjectId, ObjectId[]>();
  const seen = new Set(candidates);
  const reached = new Set<ObjectId>();
  let frontier = [...seen];
  while (frontier.length > 0 && seen.size <= candidates.length + maximumWalkCount) {
    const next = new Set<ObjectId>();
    await mapLimited(frontier, async (id) => {
      const holders = await findHolders(context, place, id);
      if (holders === 'visible') reached.add(id);
      else
        for (const holder of holders) {
          heldBy.set(holder, [...(heldBy.get(holder) ?? []), id]);
          if (!seen.has(holder)) next.add(holder);
        }
    });
    for (const id of next) seen.add(id);
    frontier = [...next];
  }
  for (const id of frontier) reached.add(id);
  for (const id of reached) for (const held of heldBy.get(id) ?? []) reached.add(held);
  return candidates.filter((id) => !reached.has(id));
}

/** The hidden objects at a place that link to `target`, or that a visible one does. */
async function findHolders(context: Context, place: PlaceId, target: ObjectId): Promise<ObjectId[] | 'visible'> {
  const hidden: ObjectId[] = [];
  for await (const holder of holdersOf(context, place, target)) {
    if (holder.placements.get(place)?.hidden !== true) return 'visible';
    hidden.push(holder.id);
  }
  return hidden;
}

/** The objects at a place that link to `target`. */
export async function loadHolders(context: Context, place: PlaceId, target: ObjectId): Promise<LoadedObject[]> {
  const holders: LoadedObject[] = [];
  for await (const holder of holdersOf(context, place, target)) holders.push(holder);
  return holders;
}

/** Read from the hints, then from themselves. */
async function* holdersOf(context: Context, place: PlaceId, target: ObjectId): AsyncGenerator<LoadedObject> {
  const hints = { pk: linkPartition(target), pageSize: holderPageSize, maximumRowCount: maximumWalkCount };
  for await (const rows of allPages(context, 'objects', hints)) {
    const ids = rows.map(readLink);
    const objects = await loadObjectsAt(context, place, ids);
    for (const object of objects) if (object?.row.links.includes(target)) yield object;
  }
}

const holderPageSize = 100;
/** Objects that are followed from those that were asked for, and those that link to one. */
export const maximumWalkCount = 100_000;
