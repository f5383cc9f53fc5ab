// /job-xxxx/terminate: ends the tree of a job. A call that is repeated, or too late, succeeds and changes nothing.

import { atLeast } from '../../../core/access/level.ts';
import { permissionDenied } from '../../../core/error/api-error.ts';
import { loadLevel } from '../../../engine/access/level.ts';
import { terminateTree } from '../../../engine/job/terminate.ts';
import type { KnownCall } from '../../route.ts';
import { visibleJob } from './visible.ts';

/**
 * Allowed for the user who launched the job, and with ADMINISTER in its project (docs/reference/api.md, "Methods of a
 * job"). A job may end jobs of its own tree.
 */
export async function terminateJob(call: KnownCall<unknown>): Promise<{ id: string }> {
  const { context, caller } = call;
  const row = await visibleJob(call, 'terminate it');
  const isOwn = caller.kind === 'job' ? caller.job.root === row.root : caller.user === row.launchedBy;
  if (!isOwn) {
    const level = await loadLevel(context, caller, row.project);
    if (!atLeast(level, 'ADMINISTER'))
      throw permissionDenied(`terminate ${row.pk}`, 'ADMINISTER, or to have launched it', level);
  }
  await terminateTree(context, row.pk, caller.user);
  return { id: row.pk };
}
