// Decides which projects, jobs and data objects of other people a caller may see. A request has one such view, so that
// every level is read once.

import { atLeast, type Level } from '../../core/access/level.ts';
import type { Context } from '../../core/context.ts';
import type { JobId, ObjectId, PlaceId } from '../../core/id/identifier.ts';
import type { KnownCaller } from '../../core/identity/caller.ts';
import { type JobRow, jobWorkspace } from '../../core/job/row.ts';
import type { ExecutionRow } from '../../core/row/execution/execution.ts';
import type { ObjectFacts } from '../../core/row/objects.ts';
import type { FoundObject } from '../../core/run/waits.ts';
import { loadJobs } from '../store/load-job.ts';
import { type LoadedObject, loadObject, loadObjectsAt } from '../store/load-object.ts';
import { mapLimited } from '../store/map-limited.ts';
import { findBound } from './bound.ts';
import { loadGoverningProject, loadLevel } from './level.ts';
import { findUsablePlace } from './usable-place.ts';

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

/** True when the caller may know of an execution: they have VIEW in its project, or are a job of the same tree. */
export async function seesExecution(
  { caller, levelIn }: Sight,
  row: Pick<ExecutionRow, 'tombstone' | 'root' | 'project'>,
): Promise<boolean> {
  if (row.tombstone === true) return false;
  if (caller.kind === 'job' && row.root === caller.job.root) return true;
  return atLeast(await levelIn(row.project), 'VIEW');
}

/** Those of the jobs that exist and that the caller may see, with their rows. */
export async function findJobs(sight: Sight, ids: readonly JobId[]): Promise<ReadonlyMap<JobId, JobRow>> {
  const rows = await loadJobs(sight.context, ids);
  const seen = await mapLimited(rows, async (row) => row !== undefined && (await seesExecution(sight, row)));
  return new Map(rows.flatMap((row, index) => (row !== undefined && seen[index] === true ? [[row.pk, row]] : [])));
}

export type ObjectSearch = {
  readonly wanted: ReadonlyMap<ObjectId, PlaceId | undefined>;
  /** The places to try, in this order, after the hint of each object and before all other places. */
  readonly places: readonly PlaceId[];
  /**
   * The place in which the objects are to be used. Data that is bound to another project or region cannot be
   * used there (`bound.ts`). If it is undefined, that rule is not applied.
   */
  readonly usedIn: PlaceId | undefined;
};
/** An object, and a place from which the caller may use it. */
export type SeenObject = FoundObject & { readonly place: PlaceId; readonly facts: ObjectFacts };
export type Seen = {
  readonly found: ReadonlyMap<ObjectId, SeenObject>;
  /** Objects that the caller sees but that may not leave their project or its region. */
  readonly bound: readonly ObjectId[];
};

/** Finds those of the wanted objects that the caller may see and use. */
export async function findObjects(sight: Sight, search: ObjectSearch): Promise<Seen> {
  const found = new Map<ObjectId, SeenObject>();
  const bound: ObjectId[] = [];
  const hints = Map.groupBy(search.wanted.keys(), (id) => search.wanted.get(id));
  for (const [place, ids] of hints) if (place !== undefined) await lookIn(sight, search, place, ids, found);
  for (const place of search.places) await lookIn(sight, search, place, missing(search, found), found);
  await mapLimited(missing(search, found), async (id) => {
    const object = await loadObject(sight.context, id);
    const place = object === undefined ? undefined : await findUnboundPlace(sight, object, search.usedIn);
    if (place === 'bound') bound.push(id);
    else if (object !== undefined && place !== undefined) found.set(id, toSeen(object, place));
  });
  return { found, bound };
}

/**
 * A place from which the caller may use an object. `first` is tried before all others.
 *
 * @returns `bound` when the data may not leave any of the places that the caller sees; undefined when they see none
 */
export async function findUnboundPlace(
  sight: Sight,
  object: LoadedObject,
  usedIn: PlaceId | undefined,
  first?: PlaceId,
): Promise<PlaceId | 'bound' | undefined> {
  const isUsable = async (place: PlaceId) => !(await isBound(sight, usedIn, place));
  const found = await findUsablePlace(sight.levelIn, object, { first, isUsable });
  return found?.usable === false ? 'bound' : found?.place;
}

function missing({ wanted }: ObjectSearch, found: ReadonlyMap<ObjectId, SeenObject>): ObjectId[] {
  return [...wanted.keys()].filter((id) => !found.has(id));
}

async function lookIn(
  sight: Sight,
  { usedIn }: ObjectSearch,
  place: PlaceId,
  ids: readonly ObjectId[],
  found: Map<ObjectId, SeenObject>,
): Promise<void> {
  if (ids.length === 0 || !atLeast(await sight.levelIn(place), 'VIEW')) return;
  if (await isBound(sight, usedIn, place)) return;
  const objects = await loadObjectsAt(sight.context, place, ids);
  for (const object of objects) if (object !== undefined) found.set(object.id, toSeen(object, place));
}

/** True for data that may not pass to the place where it is to be used. */
async function isBound({ context, caller }: Sight, usedIn: PlaceId | undefined, place: PlaceId): Promise<boolean> {
  if (usedIn === undefined || place === usedIn) return false;
  const projectOf = async (each: PlaceId) =>
    caller.kind === 'job' && each === jobWorkspace(caller.job)
      ? caller.job.project
      : loadGoverningProject(context, each);
  const [from, to] = await Promise.all([projectOf(place), projectOf(usedIn)]);
  return from !== undefined && to !== undefined && (await findBound(context, from, to)) !== undefined;
}

function toSeen({ row }: LoadedObject, place: PlaceId): SeenObject {
  return { closed: row.state === 'closed', linking: row.links.length > 0, place, facts: row };
}
