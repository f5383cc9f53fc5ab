// Which data objects a job hands over to others. What its code answers is not trusted: an id alone opens nothing, it must be
// of something that the job itself may see and take along.

import type { Context } from '../core/context.ts';
import type { ObjectId, PlaceId } from '../core/id/identifier.ts';
import { type JobRow, jobWorkspace } from '../core/job/row.ts';
import { createSight, findObjects } from './execution/sight.ts';
import { loadObjectsAt } from './object/load.ts';
import type { ObjectFacts } from './object/row.ts';

export type HandedOver = {
  readonly facts: ReadonlyMap<ObjectId, ObjectFacts>;
  /** Where each of them was seen: that is where its name and its hidden companions are. */
  readonly places: ReadonlyMap<ObjectId, PlaceId>;
  /** The job sees them, but they may not leave their project. */
  readonly restricted: readonly ObjectId[];
};

/** Of the objects in the output of a master job: those in its workspace, and those that its token sees elsewhere. */
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
  if (elsewhere.length === 0) return { facts, places, restricted: [] };
  const sight = createSight(context, { kind: 'job', user: row.launchedBy, job: row });
  const wanted = new Map(elsewhere.map((id) => [id, undefined]));
  const seen = await findObjects(sight, { wanted, places: [row.project], usedIn: row.project });
  for (const [id, object] of seen.found) {
    facts.set(id, object.facts);
    places.set(id, object.place);
  }
  return { facts, places, restricted: seen.restricted };
}
