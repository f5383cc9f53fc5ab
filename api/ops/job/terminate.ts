// /job-xxxx/terminate: ends the tree of a job. A call that is repeated, or too late, succeeds and changes nothing.

import { atLeast } from '../../../core/access/level.ts';
import { permissionDenied } from '../../../core/error/api-error.ts';
import { loadLevel } from '../../../engine/access/level.ts';
import { terminateTree } from '../../../engine/job/terminate.ts';
import type { KnownCall } from '../../route.ts';
import { visibleJob } from './visible.ts';

/**
 * Allowed for the user who launched the job, and with ADMINISTER in its project (docs/reference/api.md, "Methods of a
 * job"). A job may end its own tree only.
 */
export async function terminateJob(call: KnownCall<unknown>): Promise<{ id: string }> {
  const { context, caller } = call;
  const row = await visibleJob(call, 'terminate it');
  if (caller.kind === 'job' && caller.job.root !== row.root) {
    throw permissionDenied(`terminate ${row.pk}`, 'the token of a job of its own tree', `that of ${caller.job.pk}`);
  }
  if (caller.kind === 'user' && caller.user !== row.launchedBy) {
    const level = await loadLevel(context, caller, row.project);
    if (!atLeast(level, 'ADMINISTER'))
      throw permissionDenied(`terminate ${row.pk}`, 'ADMINISTER, or to have launched it', level);
  }
  await terminateTree(context, row.pk, caller.user);
  return { id: row.pk };
}
