// /job-xxxx/terminate ends the tree of a job, and /job-xxxx/release the hold of a failed job. A call that is repeated, or
// too late, succeeds and changes nothing.

import { atLeast } from '../../../core/access/level.ts';
import { permissionDenied } from '../../../core/error/api-error.ts';
import type { JobRow } from '../../../core/job/row.ts';
import { loadLevel } from '../../../engine/access/level.ts';
import { releaseJob } from '../../../engine/job/release.ts';
import { terminateTree } from '../../../engine/job/terminate.ts';
import type { KnownCall } from '../../route.ts';
import { visibleJob } from './visible.ts';

/** A method of this platform: the service has no name for it. A caller who may terminate the job may release it. */
export async function releaseHeldJob(call: KnownCall<unknown>): Promise<{ id: string }> {
  const row = await endableJob(call, 'release');
  await releaseJob(call.context, row.pk);
  return { id: row.pk };
}

export async function terminateJob(call: KnownCall<unknown>): Promise<{ id: string }> {
  const row = await endableJob(call, 'terminate');
  await terminateTree(call.context, row.pk, call.caller.user);
  return { id: row.pk };
}

/**
 * The job of the path, for a caller who may end it: the user who launched the job, and anybody with ADMINISTER in its
 * project (docs/reference/api.md, "Methods of a job"). A job may end its own tree only.
 */
async function endableJob(call: KnownCall<unknown>, verb: 'terminate' | 'release'): Promise<JobRow> {
  const { context, caller } = call;
  const row = await visibleJob(call, `${verb} it`);
  if (caller.kind === 'job' && caller.job.root !== row.root) {
    const held = `that of ${caller.job.pk} in the tree ${caller.job.root}. ${row.launchedBy} may ${verb} it`;
    throw permissionDenied(`${verb} ${row.pk}`, `the token of a job of its tree ${row.root}`, held);
  }
  if (caller.kind === 'user' && caller.user !== row.launchedBy) {
    const level = await loadLevel(context, caller, row.project);
    const held = `${level ?? 'no access'}. ${row.launchedBy}, who launched it, may ${verb} it`;
    if (!atLeast(level, 'ADMINISTER'))
      throw permissionDenied(`${verb} ${row.pk}`, `ADMINISTER in ${row.project}`, held);
  }
  return row;
}
