// Loads the values that replace references to outputs of other jobs. core/reference/resolve.ts replaces them.

import type { Context } from '../../core/context.ts';
import type { ObjectId } from '../../core/id/identifier.ts';
import { outputPlaces } from '../../core/job/plan-output.ts';
import { referredJobs } from '../../core/reference/find.ts';
import type { Reference } from '../../core/reference/reference.ts';
import { type ObjectMetadata, objectsForMetadata, type Referenced } from '../../core/reference/resolve.ts';
import { loadJobs, loadOutputs } from '../store/load-job.ts';
import { loadObject } from '../store/load-object.ts';
import { mapLimited } from '../store/map-limited.ts';

/** The outputs that the references name, of jobs that are done, and the metadata of objects that they ask for. */
export async function loadReferenced(context: Context, references: readonly Reference[]): Promise<Referenced> {
  const rows = await loadJobs(context, referredJobs(references));
  const outputs = await loadOutputs(context, rows);
  const places = rows.flatMap((row) => (row === undefined ? [] : outputPlaces(row)));
  const metadata = new Map<ObjectId, ObjectMetadata>();
  await mapLimited(objectsForMetadata(references, outputs), async (id) => {
    const object = await loadObject(context, id);
    const placement = places.map((place) => object?.placements.get(place)).find((one) => one !== undefined);
    if (object === undefined || placement === undefined) return;
    const { name, properties } = placement;
    metadata.set(id, { name, properties, details: object.details });
  });
  return { outputs, metadata };
}
