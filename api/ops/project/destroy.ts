// /project-xxxx/destroy: invisible at once, emptied then; what does not fit into this call goes on in the background.

import type { z } from 'zod';
import type { Context } from '../../../core/context.ts';
import { invalidState, permissionDenied, resourceNotFound } from '../../../core/error/api-error.ts';
import { isId, type JobId, type ProjectId } from '../../../core/id/identifier.ts';
import { asJob, jobKey } from '../../../core/job/row.ts';
import { isTerminal } from '../../../core/job/state.ts';
import { toWorkRecord } from '../../../core/work/message.ts';
import { destroyContainer } from '../../../engine/container/destroy.ts';
import { loadProject, markProjectDestroyed } from '../../../engine/container/project.ts';
import { terminateTree } from '../../../engine/terminate.ts';
import type { PlaceCall } from '../../route.ts';
import type { destroyProjectInput } from '../../schemas/project.ts';

/** With unfinished jobs and no `terminateJobs` it is InvalidState: `dx rmproject` asks its user then. */
export async function destroyProject(call: PlaceCall<z.output<typeof destroyProjectInput>>) {
  const { context, caller, place, level, input } = call;
  if (!isId(place, 'project')) throw resourceNotFound(place);
  const project = await loadProject(context, place);
  if (project?.settings.destroyProtected === true) {
    throw permissionDenied(`destroy ${place}, which is destroyProtected`, 'that setting to be false', level);
  }
  const origins = await unfinishedTrees(context, place);
  if (origins.length > 0 && !input.terminateJobs) {
    throw invalidState(`${place} has unfinished jobs, ${origins[0]} among them: say "terminateJobs" to end them`);
  }
  for (const origin of origins) await terminateTree(context, origin, caller.user);
  await markProjectDestroyed(context, place);
  await emptyProject(context, place);
  return { id: place };
}

/** The origin jobs of all trees in a project that have not ended. */
async function unfinishedTrees(context: Context, project: ProjectId): Promise<JobId[]> {
  const origins = new Set<JobId>();
  let after: string | undefined;
  do {
    const range = { pk: `${project}#exec`, limit: jobPageSize, ...(after === undefined ? {} : { after }) };
    const page = await context.rows.query('executions', range);
    const ids = page.rows.map((row) => row.sk.split('#')[1]).filter((id) => isId(id, 'job'));
    for (const row of await context.rows.getMany('executions', ids.map(jobKey))) {
      const job = asJob(row);
      if (job !== undefined && job.tombstone !== true && !isTerminal(job.state)) origins.add(job.origin);
    }
    after = page.next;
  } while (after !== undefined);
  return [...origins];
}

async function emptyProject(context: Context, project: ProjectId): Promise<void> {
  const until = context.now() + emptyingMs;
  let after: string | undefined;
  do {
    after = await destroyContainer(context, project, after);
    if (after === undefined) return;
  } while (context.now() < until);
  await context.queues.sendWork([toWorkRecord({ kind: 'destroy', container: project, after: after ?? '' })]);
}

const jobPageSize = 500;
/** What a call spends on emptying before the work queue goes on: far from the 29 seconds that a call may take. */
const emptyingMs = 3_000;
