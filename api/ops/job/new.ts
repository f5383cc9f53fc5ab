// /job/new: a job makes a subjob of its own executable, in its own workspace (docs/reference/api.md, "Subjobs").

import type { z } from 'zod';
import { callerScope } from '../../../core/access/caller.ts';
import { jobWorkspace } from '../../../core/job/row.ts';
import { planNewJob } from '../../../core/run/plan-new-job.ts';
import { prepareInput } from '../../../core/run/prepare-input.ts';
import { createSight, findJobs, findObjects } from '../../../engine/access/sight.ts';
import { identifyJob } from '../../../engine/execution/repeat.ts';
import { createJob } from '../../../engine/job/birth.ts';
import { loadSpec } from '../../../engine/store/load-job.ts';
import type { JobCall } from '../../route.ts';
import type { newJobInput } from '../../schemas/execution.ts';

export async function newJob(call: JobCall<z.output<typeof newJobInput>>): Promise<{ id: string }> {
  const { context, caller, input, rawInput, path } = call;
  const nonce = input.nonce ?? undefined;
  const { id, digest, exists } = await identifyJob(context, {
    scope: callerScope(caller),
    route: path,
    raw: rawInput,
    nonce,
  });
  if (exists) return { id };
  const request = { ...input, name: input.name ?? undefined };
  const prepared = prepareInput(request, undefined);
  if ('refused' in prepared) throw prepared.refused;
  const sight = createSight(context, caller);
  const { wanted } = prepared;
  const places = [jobWorkspace(caller.job), caller.job.project];
  const [jobs, objects, spec] = await Promise.all([
    findJobs(sight, wanted.jobs),
    findObjects(sight, { wanted: wanted.objects, places, usedIn: undefined }),
    loadSpec(context, caller.job.pk),
  ]);
  const parent = { job: caller.job, spec };
  const found = { jobs, objects: objects.found };
  const plan = planNewJob({ id, digest, now: context.now(), request, prepared, found, parent });
  if ('refused' in plan) throw plan.refused;
  return createJob(context, plan);
}
