// Loads the data objects that a job hands over to others. A job's output is not trusted: it may name any id, but only
// objects that the job itself may see and take along are handed over.

import type { Context } from '../../core/context.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import { type HandedOver, nothingHandedOver } from '../../core/job/handed-over.ts';
import { isMaster, type JobRow, jobWorkspace } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import type { ObjectFacts } from '../../core/row/objects.ts';
import { findObjects, type ObjectSearch, type Sight } from '../access/sight.ts';
import { withHiddenLinks } from '../placement/link.ts';
import { loadObjectsAt } from '../store/load-object.ts';
import { outputSight } from './reader.ts';

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
  const seen = await loadSeen(outputSight(context, row), elsewhere, { places: [row.project], usedIn: row.project });
  return {
    facts: new Map([...facts, ...seen.facts]),
    places: new Map([...places, ...seen.places]),
    bound: seen.bound,
    open: await findOpen(context, workspace, facts),
  };
}

/**
 * The open objects among those of a workspace that link to others, and the hidden ones that they link to there. When the
 * output is looked at, every token that could close them has ended. An object that is `closing` is closed by the platform.
 */
async function findOpen(
  context: Context,
  workspace: PlaceId,
  objects: ReadonlyMap<ObjectId, ObjectFacts>,
): Promise<ObjectId[]> {
  const linking = [...objects].flatMap(([id, { links }]) => (links.length > 0 ? [id] : []));
  const along = await withHiddenLinks(context, workspace, linking);
  return along.objects.flatMap(({ id, row: { state } }) => (state === 'open' ? [id] : []));
}

/**
 * The objects that reached the input of a job through outputs of other jobs, as far as the reader of that input sees
 * them now.
 */
export async function loadArrivedObjects(sight: Sight, row: JobRow, objects: readonly ObjectId[]): Promise<HandedOver> {
  const { caller } = sight;
  const places = caller.kind === 'job' ? [jobWorkspace(caller.job), row.project] : [row.project];
  return loadSeen(sight, objects, { places, usedIn: isMaster(row) ? row.project : undefined });
}

/**
 * The objects that the input of a master job links to, as far as its reader sees them now. They are looked for first
 * where they were seen at the call. The right may have been lost while the job waited.
 */
export async function loadLinkedObjects(
  sight: Sight,
  row: JobRow,
  { pins, inputPlace = row.project }: Pick<ExecutionSpec, 'pins' | 'inputPlace'>,
  objects: readonly ObjectId[],
): Promise<HandedOver> {
  if (!isMaster(row)) return nothingHandedOver;
  const pinned = new Map(pins.map(({ object, project }) => [object, project]));
  return loadSeen(sight, objects, { places: [], usedIn: row.project }, (id) => pinned.get(id) ?? inputPlace);
}

async function loadSeen(
  sight: Sight,
  objects: readonly ObjectId[],
  where: Pick<ObjectSearch, 'places' | 'usedIn'>,
  hintOf: (object: ObjectId) => PlaceId | undefined = () => undefined,
): Promise<HandedOver> {
  const wanted = new Map(objects.map((id) => [id, hintOf(id)]));
  const { found, bound } = await findObjects(sight, { wanted, ...where });
  return {
    facts: new Map([...found].map(([id, object]) => [id, object.facts])),
    places: new Map([...found].map(([id, object]) => [id, object.place])),
    bound,
  };
}
