// A job's input for its describe: references replaced as far as their outputs are known (docs/reference/api.md,
// "References").

import type { Context } from '../../core/context.ts';
import type { AnalysisId, JobId } from '../../core/id/identifier.ts';
import type { JobRow } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { resolveKnown } from '../../core/reference/resolve.ts';
import { exceedsBytes, type Hash, isHash } from '../../core/reference/value.ts';
import { jobsReferredTo } from '../job/resolve.ts';
import { loadJobs, loadOutput } from '../store/load-job.ts';
import { mapLimited } from '../store/map-limited.ts';

/**
 * Body `I` once the job has become runnable. Before, what is known by now, of at most `lookedAtCount` jobs. Clients compare
 * arrays with the input as given element by element, and fail on a shorter one: arrays that flattening made shorter are
 * shown as they were before it.
 */
export async function loadKnownInput(context: Context, row: JobRow, spec: ExecutionSpec): Promise<Hash> {
  const jobs = jobsReferredTo(spec.originalInput);
  if (jobs.length === 0) return spec.originalInput;
  const resolved = await context.bodies.load(row.pk, 'I');
  if (isHash(resolved) && !hasShorterArray(spec.originalInput, resolved)) return resolved;
  const known = await loadOutputs(context, jobs.slice(0, lookedAtCount));
  const shown = resolveKnown(spec.originalInput, known) as Hash;
  // What would be too large for an input is shown with its references.
  return exceedsBytes(shown) ? spec.originalInput : shown;
}

async function loadOutputs(context: Context, jobs: readonly JobId[]): Promise<Map<JobId | AnalysisId, Hash>> {
  const rows = await loadJobs(context, jobs);
  const outputs = new Map<JobId | AnalysisId, Hash>();
  await mapLimited(rows, async (row) => {
    if (row?.state === 'done') outputs.set(row.pk, await loadOutput(context, row));
  });
  return outputs;
}

function hasShorterArray(original: Hash, resolved: Hash): boolean {
  return Object.entries(original).some(([name, value]) => {
    const flat = resolved[name];
    return Array.isArray(value) && Array.isArray(flat) && flat.length < value.length;
  });
}

/** A describe does not read more outputs than this: a scatter of thousands is shown with its references. */
const lookedAtCount = 100;
