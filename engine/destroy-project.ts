// The end of a project: its trees end, then it is emptied, in the call as far as that goes, by messages from there on.

import type { Context } from '../core/context.ts';
import { isEndState } from '../core/execution/head.ts';
import { type ExecutionId, isId, type PlaceId, type ProjectId, type UserId } from '../core/id/identifier.ts';
import { listPartition, readListed } from '../core/row/execution/job.ts';
import { everythingEndsMs, type WorkMessage } from '../core/work/message.ts';
import { loadDestroyer, markProjectDestroyed } from './container/project.ts';
import { terminateTree } from './job/terminate.ts';
import { destroyContainer } from './removal/container.ts';
import { loadExecutions } from './store/load-job.ts';
import { mapLimited } from './store/map-limited.ts';
import { sendWork } from './store/send-work.ts';

/**
 * The root of a tree in a project that has not ended; `unknown` when so many jobs were run there that not all of them could be
 * looked at within the time of a call. The newest come first.
 */
export async function findUnfinishedTree(
  context: Context,
  project: ProjectId,
): Promise<ExecutionId | 'unknown' | undefined> {
  const until = context.now() + lookingMs;
  let after: string | undefined;
  do {
    const page = await loadUnfinished(context, project, after);
    if (page.roots[0] !== undefined) return page.roots[0];
    after = page.next;
  } while (after !== undefined && context.now() < until);
  return after === undefined ? undefined : 'unknown';
}

/**
 * Makes a project invisible, ends its trees if they may be unfinished, and empties it. The message comes first: whoever dies from
 * here on has said what is to be done.
 */
export async function destroyProject(
  context: Context,
  project: ProjectId,
  by: UserId,
  { endTrees }: { readonly endTrees: boolean },
): Promise<void> {
  let after: string | undefined = endTrees ? undefined : contentPosition;
  const message = { kind: 'destroy', container: project } as const;
  await sendWork(context, [{ ...message, after }], context.now() + everythingEndsMs);
  await markProjectDestroyed(context, project, by);
  const until = context.now() + emptyingMs;
  do {
    after = await destroyPage(context, project, { after, last: false, by });
    if (after === undefined) return;
  } while (context.now() < until);
  await sendWork(context, [{ ...message, after }]);
}

/** One page of emptying, as a message asks for it. A project that is not marked stays: its request came to nothing. */
export async function goOnDestroying(
  context: Context,
  message: Extract<WorkMessage, { kind: 'destroy' }>,
): Promise<void> {
  const { container, after } = message;
  const last = message.last === true;
  const by = isId(container, 'project') ? await loadDestroyer(context, container) : undefined;
  if (isId(container, 'project') && by === undefined) return;
  const next = await destroyPage(context, container, { after, last, by });
  if (next === undefined) return;
  await sendWork(context, [{ kind: 'destroy', container, after: next, last: message.last }]);
}

/**
 * Of a project, a page of its jobs, whose trees end, or a page of what is in it, which follows. In the last pass as well: what was
 * started just before the mark ends too.
 */
async function destroyPage(
  context: Context,
  container: PlaceId,
  { after, last, by }: { after: string | undefined; last: boolean; by: UserId | undefined },
): Promise<string | undefined> {
  const endsTrees = after === undefined || after.startsWith(jobsPosition);
  if (!isId(container, 'project') || by === undefined || !endsTrees) {
    return destroyContainer(context, container, after, last);
  }
  const { roots, next } = await loadUnfinished(context, container, after?.slice(jobsPosition.length));
  await mapLimited(roots, (root) => terminateTree(context, root, by));
  return next === undefined ? destroyContainer(context, container, contentPosition, last) : `${jobsPosition}${next}`;
}

/** One page of the jobs of a project, the newest first: the roots of those that have not ended. */
async function loadUnfinished(
  context: Context,
  project: ProjectId,
  after: string | undefined,
): Promise<{ readonly roots: readonly ExecutionId[]; readonly next: string | undefined }> {
  const range = { pk: listPartition(project), limit: jobPageSize, descending: true, after };
  const { rows, next } = await context.rows.query('executions', range);
  const ids = rows.map((row) => readListed(row).execution);
  const roots = new Set<ExecutionId>();
  for (const row of await loadExecutions(context, ids)) {
    if (row !== undefined && row.tombstone !== true && !isEndState(row.state)) roots.add(row.root);
  }
  return { roots: [...roots], next };
}

/** Before the position in the list of jobs. */
const jobsPosition = 'jobs ';
/** Where what is in a container begins. */
const contentPosition = '{}';
const jobPageSize = 200;
/** What a call spends on looking for unfinished jobs, and what it spends on emptying before the work queue goes on. */
const lookingMs = 10_000;
const emptyingMs = 3_000;
