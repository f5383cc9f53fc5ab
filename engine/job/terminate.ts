// Ends a whole tree because a user or a job asked for it.

import type { Context } from '../../core/context.ts';
import { resourceNotFound } from '../../core/error/api-error.ts';
import type { ExecutionId, UserId } from '../../core/id/identifier.ts';
import { isTerminal } from '../../core/job/state.ts';
import { expectJob } from '../../core/row/execution/execution.ts';
import { loadExecution } from '../store/load-job.ts';
import { endFromRoot } from './end-root.ts';

/**
 * Terminates every execution of the tree that `execution` belongs to (docs/reference/api.md, "Spread of failures"). It
 * is idempotent. A tree that has ended does not change.
 *
 * @throws ApiError ResourceNotFound when there is no such execution
 */
export async function terminateTree(context: Context, execution: ExecutionId, by: UserId): Promise<void> {
  const member = await loadExecution(context, execution);
  const found = member === undefined ? undefined : await loadExecution(context, member.root);
  if (found === undefined) throw resourceNotFound(execution);
  const root = expectJob(found);
  // A root that is ending by itself, for example after its hold, is terminated as well, and its members at once.
  if (isTerminal(root.state)) return;
  const cause = { kind: 'termination', execution: root.pk, try: root.try, by } as const;
  const ended = await endFromRoot(context, root, cause);
  // The root began its next try meanwhile, which must end as well.
  if (!isTerminal(ended.state) && ended.state !== 'terminating') await terminateTree(context, execution, by);
}
