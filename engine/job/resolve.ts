// Replaces references to other jobs' outputs by what those outputs hold, once they are all done. Loads the facts; the rules
// are core/reference.

import type { Context } from '../../core/context.ts';
import type { AnalysisId, JobId, ObjectId, PlaceId } from '../../core/id/identifier.ts';
import { workspaceId } from '../../core/id/workspace.ts';
import { type JobRow, jobWorkspace, parseLineage } from '../../core/job/row.ts';
import { findReferences } from '../../core/reference/find.ts';
import { type ObjectMetadata, objectsForMetadata, resolveReferences } from '../../core/reference/resolve.ts';
import { exceedsBytes, exceedsDepth, type Hash, maximumDepth, maximumValueBytes } from '../../core/reference/value.ts';
import { loadJobs, loadOutput } from '../store/load-job.ts';
import { loadObject } from '../store/load-object.ts';

/** The jobs whose outputs a value refers to, each once. */
export function jobsReferredTo(value: unknown): JobId[] {
  return [...new Set(findReferences(value).flatMap((one) => (one.kind === 'job' ? [one.job] : [])))];
}

/** The data objects that a value links to, each once, with where to look first. */
export function objectsReferredTo(value: unknown): Map<ObjectId, ReturnType<typeof hintOf>> {
  const objects = new Map<ObjectId, ReturnType<typeof hintOf>>();
  for (const reference of findReferences(value)) {
    if (reference.kind === 'object') objects.set(reference.object, objects.get(reference.object) ?? hintOf(reference));
  }
  return objects;
}

/** The values with every reference to a job's output replaced; a problem when one cannot be met. */
export async function resolveOutputs(
  context: Context,
  values: Hash,
): Promise<{ readonly value: Hash } | { readonly problem: string }> {
  const jobs = jobsReferredTo(values);
  if (jobs.length === 0) return { value: values };
  const rows = await loadJobs(context, jobs);
  const outputs = new Map<JobId | AnalysisId, Hash>();
  await Promise.all(
    rows.map(async (row) => {
      if (row?.state === 'done') outputs.set(row.pk, await loadOutput(context, row));
    }),
  );
  const metadata = new Map<ObjectId, ObjectMetadata>();
  const places = rows.flatMap((row) => (row === undefined ? [] : outputPlaces(row)));
  await Promise.all(
    objectsForMetadata(values, outputs).map(async (id) => {
      const object = await loadObject(context, id);
      const placement = places.map((place) => object?.placements.get(place)).find((one) => one !== undefined);
      if (object === undefined || placement === undefined) return;
      const { name, properties } = placement;
      metadata.set(id, { name, properties, details: object.details });
    }),
  );
  const resolved = resolveReferences(values, outputs, metadata);
  if ('problem' in resolved) return resolved;
  if (exceedsBytes(resolved.value)) {
    const limit = `more than the ${maximumValueBytes} bytes of JSON that are possible: pass files instead`;
    return { problem: `with the outputs that it refers to it has ${limit}` };
  }
  if (exceedsDepth(resolved.value)) {
    return { problem: `with the outputs that it refers to it nests deeper than ${maximumDepth} levels` };
  }
  return { value: resolved.value as Hash };
}

/** Where the outputs of a job are: each place has its own names and properties for the same object. */
function outputPlaces(row: JobRow): PlaceId[] {
  const outer = row.lineage.at(-1);
  const above = outer === undefined ? undefined : parseLineage(outer);
  return [row.project, ...(above === undefined ? [] : [workspaceId(above.master, above.try)]), jobWorkspace(row)];
}

function hintOf(reference: ReturnType<typeof findReferences>[number]) {
  return reference.kind === 'object' ? reference.project : undefined;
}
