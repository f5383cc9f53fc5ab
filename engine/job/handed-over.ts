// Loads the data objects that a job hands over to others. A job's output is not trusted: it may name any id, but only
// objects that the job itself may see and take along are handed over.

import type { Context } from '../../core/context.ts';
import { isId, type ObjectId, type PlaceId } from '../../core/id/identifier.ts';
import type { KnownCaller } from '../../core/identity/caller.ts';
import { type HandedOver, nothingHandedOver } from '../../core/job/handed-over.ts';
import { type JobRow, jobWorkspace } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import type { ObjectFacts } from '../../core/row/objects.ts';
import { createSight, findObjects, type ObjectSearch } from '../access/sight.ts';
import { loadJob } from '../store/load-job.ts';
import { loadObjectsAt } from '../store/load-object.ts';

/** Those objects in the output of a master job that are in its workspace, or that its token sees elsewhere. */
export async function loadOutputObjects(
  context: Context,
  row: JobRow,
  objects: readonly ObjectId[],
): Promise<HandedOver> {
  const workspace = jobWorkspace(row);
  const facts = new Map<ObjectId, ObjectFacts>();
  const places = new Map<ObjectId, PlaceId>();
  for (const object of objects.length === 0 ? [] : await loadObjectsAt(context, workspace, objects)) {
    if (object === undefined) continue;
    facts.set(object.id, object.row);
    places.set(object.id, workspace);
  }
  const elsewhere = objects.filter((id) => !facts.has(id));
  const caller = { kind: 'job', user: row.launchedBy, job: row } as const;
  const seen = await loadSeen(context, caller, elsewhere, { places: [row.project], usedIn: row.project });
  return {
    facts: new Map([...facts, ...seen.facts]),
    places: new Map([...places, ...seen.places]),
    restricted: seen.restricted,
  };
}

/**
 * The objects that reached the input of a master job through outputs of other jobs, limited to those that the caller
 * who ran it may see. That caller is the job that started it, or otherwise the user who launched it.
 */
export async function loadArrivedObjects(
  context: Context,
  row: JobRow,
  spec: ExecutionSpec,
  objects: readonly ObjectId[],
): Promise<HandedOver> {
  if (objects.length === 0) return nothingHandedOver;
  const by = row.parent ?? (isId(spec.detachedFrom, 'job') ? spec.detachedFrom : undefined);
  const job = by === undefined ? undefined : await loadJob(context, by);
  const caller =
    job === undefined
      ? ({ kind: 'user', user: row.launchedBy, tokenHash: '' } as const)
      : ({ kind: 'job', user: job.launchedBy, job } as const);
  const places = job === undefined ? [row.project] : [jobWorkspace(job), row.project];
  return loadSeen(context, caller, objects, { places, usedIn: row.project });
}

async function loadSeen(
  context: Context,
  caller: KnownCaller,
  objects: readonly ObjectId[],
  where: Pick<ObjectSearch, 'places' | 'usedIn'>,
): Promise<HandedOver> {
  if (objects.length === 0) return nothingHandedOver;
  const wanted = new Map(objects.map((id) => [id, undefined]));
  const { found, restricted } = await findObjects(createSight(context, caller), { wanted, ...where });
  return {
    facts: new Map([...found].map(([id, object]) => [id, object.facts])),
    places: new Map([...found].map(([id, object]) => [id, object.place])),
    restricted,
  };
}
