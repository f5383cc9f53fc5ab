// The end of a project: its trees end, then it is emptied, in the call as far as that goes, by messages from there on.

import type { Context } from '../../core/context.ts';
import { isId, type JobId, type ProjectId, type UserId } from '../../core/id/identifier.ts';
import { asJob, jobKey } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import { everythingEndsMs, type WorkMessage } from '../../core/work/message.ts';
import { sendWork } from '../send-work.ts';
import { terminateTree } from '../terminate.ts';
import { destroyContainer } from './destroy.ts';
import { loadDestroyer, markProjectDestroyed } from './project.ts';

/** The origin jobs of all trees in a project that have not ended. */
export async function unfinishedTrees(context: Context, project: ProjectId): Promise<JobId[]> {
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

/** Makes a project invisible and empties it. The message comes first: whoever dies from here on has said what is to be done. */
export async function destroyProject(context: Context, project: ProjectId, by: UserId): Promise<void> {
  await sendWork(context, [{ kind: 'destroy', container: project }], context.now() + everythingEndsMs);
  await markProjectDestroyed(context, project, by);
  const until = context.now() + emptyingMs;
  let after: string | undefined;
  do {
    after = await destroyContainer(context, project, after);
    if (after === undefined) return;
  } while (context.now() < until);
  await sendWork(context, [{ kind: 'destroy', container: project, after }]);
}

/** One page of emptying, as a message asks for it. */
export async function goOnDestroying(
  context: Context,
  message: Extract<WorkMessage, { kind: 'destroy' }>,
): Promise<void> {
  const { container, after } = message;
  const last = message.last === true;
  if (isId(container, 'project') && !(await mayGo(context, container, last && after === undefined))) return;
  const next = await destroyContainer(context, container, after, last);
  if (next === undefined) return;
  await sendWork(context, [{ kind: 'destroy', container, after: next, ...(last ? { last } : {}) }]);
}

/** A project that is not marked stays: its request came to nothing. What was started in it just before the mark ends too. */
async function mayGo(context: Context, project: ProjectId, endTrees: boolean): Promise<boolean> {
  const by = await loadDestroyer(context, project);
  if (by === undefined) return false;
  if (endTrees) for (const origin of await unfinishedTrees(context, project)) await terminateTree(context, origin, by);
  return true;
}

const jobPageSize = 500;
/** What a call spends on emptying before the work queue goes on: far from the 29 seconds that a call may take. */
const emptyingMs = 3_000;
