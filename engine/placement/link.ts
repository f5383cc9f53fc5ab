// Reads and writes the link rows, which lead from an object to the objects that link to it, and walks links to and from
// hidden objects. Link rows are hints.

import type { Context } from '../../core/context.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import { linkKey, linkPartition, readLink } from '../../core/row/objects.ts';
import { allPages } from '../store/all-rows.ts';
import { type LoadedObject, loadObjectsAt } from '../store/load-object.ts';
import { mapLimited } from '../store/map-limited.ts';

/** Writes the rows of the links from `from` to `targets`. Call this before the links exist. */
export async function writeLinks(context: Context, from: ObjectId, targets: readonly ObjectId[]): Promise<void> {
  await mapLimited(targets, (target) => context.rows.put('objects', linkKey(target, from)));
}

/** Deletes the rows of links that do not exist any more. */
export async function deleteLinks(context: Context, from: ObjectId, targets: readonly ObjectId[]): Promise<void> {
  await mapLimited(targets, (target) => context.rows.delete('objects', linkKey(target, from)));
}

/**
 * Objects at a place, with the hidden objects there that they link to, and so on. The walk stops at a link to an object
 * that is elsewhere or visible (docs/reference/api.md, "Cloning").
 *
 * @returns `missing`: those of `ids` that are not there. `more`: the walk stopped because there were too many objects.
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
  for (let isFirst = true; frontier.length > 0 && !more; isFirst = false) {
    const found = await loadObjectsAt(context, place, frontier);
    const next = new Set<ObjectId>();
    for (const [index, object] of found.entries()) {
      const id = frontier[index];
      if (id === undefined) continue;
      if (object === undefined) {
        if (isFirst) missing.push(id);
      } else if (isFirst || object.placements.get(place)?.hidden === true) {
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
 * Those of the `candidates`, hidden objects at a place, that a visible object there does not reach by links any more.
 *
 * One walk goes upwards from all candidates and visits each object once. Then the reached ones are marked downwards. If
 * there are too many objects, those that were not visited count as reached.
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

/** The hidden objects at a place that link to `target`, or `visible` if a visible object does. */
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

/** Reads the link rows, and then each object itself, because the rows are hints. */
async function* holdersOf(context: Context, place: PlaceId, target: ObjectId): AsyncGenerator<LoadedObject> {
  const hints = { pk: linkPartition(target), pageSize: holderPageSize, maximumRowCount: maximumWalkCount };
  for await (const rows of allPages(context, 'objects', hints)) {
    const ids = rows.map(readLink);
    const objects = await loadObjectsAt(context, place, ids);
    for (const object of objects) if (object?.row.links.includes(target)) yield object;
  }
}

const holderPageSize = 100;
/** Objects that a walk visits beyond those that it starts from, and link rows that are read for one object. */
export const maximumWalkCount = 100_000;
