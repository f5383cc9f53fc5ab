// Destroys a project: ends its trees and then empties it. Messages continue what does not fit into the call.

import type { Context } from '../core/context.ts';
import { isEndState } from '../core/execution/head.ts';
import { type ExecutionId, isId, type PlaceId, type ProjectId, type UserId } from '../core/id/identifier.ts';
import { listPartition, readListed } from '../core/row/execution/job.ts';
import { everythingEndsMs, type WorkMessage } from '../core/work/message.ts';
import { isInUse } from './app/resources.ts';
import { loadDestroyer, markProjectDestroyed } from './container/project.ts';
import { listProjectCaches } from './container/project-cache.ts';
import { destroyContainer, type Pass } from './removal/container.ts';
import { loadExecutions } from './store/load-job.ts';
import { mapLimited } from './store/map-limited.ts';
import { sendWork } from './store/send-work.ts';
import { terminateTree } from './terminate.ts';

/**
 * The root of a tree in a project that has not ended; `unknown` when the project has so many jobs that a call has no
 * time to read all of them. The newest jobs are read first.
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
 * Makes a project invisible, ends its trees if `endTrees` is set, and empties it. The message that completes this is
 * sent first, so that the work is done even after a crash.
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
    after = await destroyPage(context, project, { after, pass: 'first', by });
    if (after === undefined) return;
  } while (context.now() < until);
  await sendWork(context, [{ ...message, after }]);
}

/**
 * Removes one page, as a message asks for it. A project without the mark stays: its request was interrupted. Resources
 * stay as long as their app has them.
 */
export async function goOnDestroying(
  context: Context,
  message: Extract<WorkMessage, { kind: 'destroy' }>,
): Promise<void> {
  const { container, after } = message;
  const pass = message.last === true ? 'last' : 'first';
  const by = isId(container, 'project') ? await loadDestroyer(context, container) : undefined;
  if (isId(container, 'project') && by === undefined) return;
  if (isId(container, 'container') && (await isInUse(context, container))) return;
  const next = await destroyPage(context, container, { after, pass, by });
  if (next === undefined) return;
  await sendWork(context, [{ kind: 'destroy', container, after: next, last: message.last }]);
}

/**
 * Ends the trees of one page of a project's jobs, or removes one page of its contents, which follow the jobs. The last
 * pass reads the jobs again, because some may have started just before the mark.
 */
async function destroyPage(
  context: Context,
  container: PlaceId,
  { after, pass, by }: { after: string | undefined; pass: Pass; by: UserId | undefined },
): Promise<string | undefined> {
  if (!isId(container, 'project') || by === undefined) return destroyContainer(context, container, after, pass);
  if (after === undefined || after.startsWith(jobsPosition)) {
    const { roots, next } = await loadUnfinished(context, container, after?.slice(jobsPosition.length));
    await mapLimited(roots, (root) => terminateTree(context, root, by));
    if (next !== undefined) return `${jobsPosition}${next}`;
    await destroyCaches(context, container);
    return destroyContainer(context, container, contentPosition, pass);
  }
  if (after === contentPosition) await destroyCaches(context, container);
  return destroyContainer(context, container, after, pass);
}

/** Leaves each project cache to a message of its own. The last pass does it again, for those that were just being made. */
async function destroyCaches(context: Context, project: ProjectId): Promise<void> {
  for await (const container of listProjectCaches(context, project)) {
    await sendWork(context, [{ kind: 'destroy', container }]);
  }
}

/** Reads one page of the jobs of a project, the newest first, and returns the roots of those that have not ended. */
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

/** The prefix of a position in the list of jobs. */
const jobsPosition = 'jobs ';
/** The position where the contents of a container begin. */
const contentPosition = '{}';
const jobPageSize = 200;
/** The time that a call spends on looking for unfinished jobs, and on emptying before the work queue continues. */
const lookingMs = 10_000;
const emptyingMs = 3_000;
