// What a caller may see of other people's work: projects by their level, jobs, data objects. One view for one request, so
// that every level is read once.

import type { KnownCaller } from '../../core/access/caller.ts';
import { atLeast, type Level } from '../../core/access/level.ts';
import type { Context } from '../../core/context.ts';
import { isId, type JobId, type ObjectId, type PlaceId } from '../../core/id/identifier.ts';
import type { JobRow } from '../../core/job/row.ts';
import type { FoundObject } from '../../core/run/waits.ts';
import { loadLevel } from '../container/level.ts';
import { loadProject } from '../container/project.ts';
import { loadJobs } from '../load-job.ts';
import { forEach } from '../object/each.ts';
import { type LoadedObject, loadObject, loadObjectsAt } from '../object/load.ts';

export type Sight = {
  readonly context: Context;
  readonly caller: KnownCaller;
  levelIn(place: PlaceId): Promise<Level | undefined>;
};

/**
 * The view of one caller during one request.
 *
 * @param entered a place whose level was read already
 */
export function createSight(
  context: Context,
  caller: KnownCaller,
  entered?: { readonly place: PlaceId; readonly level: Level },
): Sight {
  const levels = new Map<PlaceId, Promise<Level | undefined>>();
  if (entered !== undefined) levels.set(entered.place, Promise.resolve(entered.level));
  return {
    context,
    caller,
    levelIn(place) {
      const level = levels.get(place) ?? loadLevel(context, caller, place);
      levels.set(place, level);
      return level;
    },
  };
}

/** True when the caller may know of a job: VIEW in its project, or a job of the same tree. */
export async function seesJob({ caller, levelIn }: Sight, row: JobRow): Promise<boolean> {
  if (row.tombstone === true) return false;
  if (caller.kind === 'job' && row.origin === caller.job.origin) return true;
  return atLeast(await levelIn(row.project), 'VIEW');
}

/** Of these jobs, the ones that exist and the caller may see. */
export async function findJobs(sight: Sight, ids: readonly JobId[]): Promise<Set<JobId>> {
  const rows = await loadJobs(sight.context, ids);
  const seen = await forEach(rows, async (row) => row !== undefined && (await seesJob(sight, row)));
  return new Set(ids.filter((_, index) => seen[index] === true));
}

export type ObjectSearch = {
  readonly wanted: ReadonlyMap<ObjectId, PlaceId | undefined>;
  /** Where to look after an object's own hint, in this order, before everywhere else. */
  readonly places: readonly PlaceId[];
  /** Data of another project that is `restricted` cannot be used here (dx-api.md §8.4); undefined: no matter. */
  readonly usedIn: PlaceId | undefined;
};

/** Of these objects, the ones that the caller may see and use; `restricted` are seen but may not leave their project. */
export async function findObjects(
  sight: Sight,
  search: ObjectSearch,
): Promise<{ readonly found: ReadonlyMap<ObjectId, FoundObject>; readonly restricted: readonly ObjectId[] }> {
  const found = new Map<ObjectId, FoundObject>();
  const restricted: ObjectId[] = [];
  const hints = Map.groupBy(search.wanted.keys(), (id) => search.wanted.get(id));
  for (const [place, ids] of hints) if (place !== undefined) await lookIn(sight, search, place, ids, found);
  for (const place of search.places) await lookIn(sight, search, place, missing(search, found), found);
  await forEach(missing(search, found), async (id) => {
    const object = await loadObject(sight.context, id);
    const use = object === undefined ? 'unseen' : await lookEverywhere(sight, search, object);
    if (object !== undefined && use === 'usable') found.set(id, toFound(object));
    if (use === 'restricted') restricted.push(id);
  });
  return { found, restricted };
}

function missing({ wanted }: ObjectSearch, found: ReadonlyMap<ObjectId, FoundObject>): ObjectId[] {
  return [...wanted.keys()].filter((id) => !found.has(id));
}

async function lookIn(
  sight: Sight,
  search: ObjectSearch,
  place: PlaceId,
  ids: readonly ObjectId[],
  found: Map<ObjectId, FoundObject>,
): Promise<void> {
  if (ids.length === 0 || !(await mayUse(sight, search, place))) return;
  const objects = await loadObjectsAt(sight.context, place, ids);
  for (const object of objects) if (object !== undefined) found.set(object.id, toFound(object));
}

async function mayUse(sight: Sight, search: ObjectSearch, place: PlaceId): Promise<boolean> {
  return atLeast(await sight.levelIn(place), 'VIEW') && !(await isRestricted(sight, search, place));
}

async function lookEverywhere(
  sight: Sight,
  search: ObjectSearch,
  object: LoadedObject,
): Promise<'usable' | 'restricted' | 'unseen'> {
  let seen = false;
  for (const place of [...object.placements.keys()].slice(0, maximumPlacesTried)) {
    if (!atLeast(await sight.levelIn(place), 'VIEW')) continue;
    if (!(await isRestricted(sight, search, place))) return 'usable';
    seen = true;
  }
  return seen ? 'restricted' : 'unseen';
}

async function isRestricted({ context }: Sight, { usedIn }: ObjectSearch, place: PlaceId): Promise<boolean> {
  if (usedIn === undefined || place === usedIn || !isId(place, 'project')) return false;
  return (await loadProject(context, place))?.settings.restricted === true;
}

function toFound({ row }: LoadedObject): FoundObject {
  return { closed: row.state === 'closed', linking: row.links.length > 0 };
}

/** An object in more places than this is found by a link that names one of them. */
const maximumPlacesTried = 100;
