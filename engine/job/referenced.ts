// Loads the values that replace references to outputs of other jobs, as far as a reader sees them.
// core/reference/resolve.ts replaces the references.

import type { ObjectId } from '../../core/id/identifier.ts';
import { outputPlaces } from '../../core/job/plan-output.ts';
import { referredJobs } from '../../core/reference/find.ts';
import type { Reference } from '../../core/reference/reference.ts';
import { type ObjectMetadata, objectsForMetadata, type Referenced } from '../../core/reference/resolve.ts';
import { findJobs, type Sight } from '../access/sight.ts';
import { loadOutputs } from '../store/load-job.ts';
import { loadObject } from '../store/load-object.ts';
import { mapLimited } from '../store/map-limited.ts';

/**
 * The outputs that the references name, of jobs that are done, and the metadata of objects that they ask for. Jobs that
 * the reader does not see now are left out, and so are names of places that the reader does not see.
 */
export async function loadReferenced(sight: Sight, references: readonly Reference[]): Promise<Referenced> {
  const { context } = sight;
  const rows = [...(await findJobs(sight, referredJobs(references))).values()];
  const outputs = await loadOutputs(context, rows, references);
  const places = new Set(rows.flatMap(outputPlaces));
  const metadata = new Map<ObjectId, ObjectMetadata>();
  await mapLimited(objectsForMetadata(references, outputs), async (id) => {
    const object = await loadObject(context, id);
    for (const place of places) {
      const placement = object?.placements.get(place);
      if (object === undefined || placement === undefined || (await sight.levelIn(place)) === undefined) continue;
      const { name, properties } = placement;
      metadata.set(id, { name, properties, details: object.details });
      return;
    }
  });
  return { outputs, metadata };
}
