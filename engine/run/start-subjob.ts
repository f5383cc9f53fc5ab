// Starts a subjob, which runs an entry point of the calling job's executable in the calling job's workspace
// (docs/reference/api.md, "Subjobs").

import type { Context } from '../../core/context.ts';
import type { JobId } from '../../core/id/identifier.ts';
import type { KnownCaller } from '../../core/identity/caller.ts';
import { planNewJob } from '../../core/run/plan-new-job.ts';
import { prepareInput } from '../../core/run/prepare-input.ts';
import { accepted } from '../../core/run/refusal.ts';
import type { NewJobRequest } from '../../core/run/request.ts';
import { createSight } from '../access/sight.ts';
import { createJob } from '../job/birth.ts';
import { withoutAnalyses } from '../job/refer-to-stages.ts';
import { loadSpec } from '../store/load-job.ts';
import { findWanted } from './find-wanted.ts';
import { identifyJob, type Repeatable } from './repeat.ts';

/**
 * Starts a subjob. A call is idempotent by its nonce.
 *
 * @throws ApiError InvalidInput or ResourceNotFound for a bad request, InvalidState when the job is not running
 */
export async function startSubjob(
  context: Context,
  caller: Extract<KnownCaller, { kind: 'job' }>,
  call: Repeatable & { readonly request: NewJobRequest },
): Promise<{ readonly id: JobId }> {
  const { job } = caller;
  const { request } = call;
  const { id, digest, exists } = await identifyJob(context, caller, call);
  if (exists) return { id };
  const sight = createSight(context, caller);
  const prepared = accepted(prepareInput(await withoutAnalyses(sight, request), undefined));
  const spec = await loadSpec(context, job.pk);
  const ancestors = [...spec.ancestors, job.pk];
  const where = { project: job.project, leavesWorkspace: false, leavesTree: false, ancestors };
  const found = await findWanted(sight, prepared.wanted, where);
  const parent = { job, spec };
  return createJob(context, accepted(planNewJob({ id, digest, now: context.now(), request, prepared, found, parent })));
}
