// /job-xxxx/terminate ends the tree of a job, /analysis-xxxx/terminate an analysis, and /job-xxxx/release the hold of a
// failed job. A call that is repeated, or too late, succeeds and changes nothing.

import { atLeast } from '../../../core/access/level.ts';
import { permissionDenied, resourceNotFound } from '../../../core/error/api-error.ts';
import { type ExecutionRow, isJob } from '../../../core/row/execution/execution.ts';
import { loadLevel } from '../../../engine/access/level.ts';
import { releaseJob } from '../../../engine/job/release.ts';
import { terminateTree } from '../../../engine/terminate.ts';
import type { KnownCall } from '../../route.ts';
import { visibleExecution } from './visible.ts';

/** A method of this platform: the service has no name for it. A caller who may terminate the job may release it. */
export async function releaseHeldJob(call: KnownCall<unknown>): Promise<{ id: string }> {
  const row = await endable(call, 'release');
  if (!isJob(row)) throw resourceNotFound(call.subject);
  await releaseJob(call.context, row.pk);
  return { id: row.pk };
}

export async function terminate(call: KnownCall<unknown>): Promise<{ id: string }> {
  const row = await endable(call, 'terminate');
  await terminateTree(call.context, row.pk, call.caller.user);
  return { id: row.pk };
}

/**
 * The execution of the path, for a caller who may end it: the user who launched it, and anybody with ADMINISTER in its
 * project (docs/reference/api.md, "Methods of a job"). A job may end its own tree only.
 */
async function endable(call: KnownCall<unknown>, verb: 'terminate' | 'release'): Promise<ExecutionRow> {
  const { context, caller } = call;
  const row = await visibleExecution(call, `${verb} it`);
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
