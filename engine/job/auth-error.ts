// Ends jobs that may not go on: their tree is too old, or their launcher has lost the right to run jobs in the project
// (docs/reference/api.md, "Failure reasons").

import { atLeast } from '../../core/access/level.ts';
import type { Context } from '../../core/context.ts';
import { invalidAuthentication } from '../../core/error/api-error.ts';
import type { DoomCause } from '../../core/execution/doom.ts';
import { failureMessages } from '../../core/execution/failure.ts';
import { treeEnd } from '../../core/execution/tree-limit.ts';
import { failureScope, type JobRow } from '../../core/job/row.ts';
import { mayAct } from '../../core/job/state.ts';
import { loadUserLevel } from '../access/level.ts';
import { loadJob } from '../store/load-job.ts';
import type { Saved } from '../store/save-job.ts';
import { obeyDoom } from './doom.ts';
import { endFromRoot } from './end-root.ts';

/** Ends the tree of a root that is older than a tree may be. Undefined when it is not. */
export async function endOldTree(context: Context, root: JobRow): Promise<Saved | undefined> {
  if (context.now() < treeEnd(root.created)) return undefined;
  const row = await endFromRoot(context, root, causeOf(root, failureMessages.treeTooOld(root.pk)));
  return { kind: 'saved', row };
}

/**
 * Checks that the user who launched a job may still run jobs in its project. If not, the job fails with its tree.
 *
 * @throws ApiError InvalidAuthentication when the right is lost
 */
export async function requireLauncher(context: Context, job: JobRow): Promise<void> {
  if (!mayAct(job.state)) return;
  const level = await loadUserLevel(context, job.launchedBy, job.project);
  if (atLeast(level, 'CONTRIBUTE')) return;
  const message = failureMessages.launcherLost(job.launchedBy, job.project, level);
  const origin = await loadJob(context, job.origin);
  const scope = failureScope(job);
  if (origin?.try === scope.try) await endFromRoot(context, origin, causeOf(job, message));
  await obeyDoom(context, job);
  throw invalidAuthentication(message);
}

function causeOf({ pk, try: attempt }: JobRow, message: string): DoomCause {
  return { kind: 'failure', execution: pk, try: attempt, reason: 'AuthError', message };
}
