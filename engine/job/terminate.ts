// Ends a whole tree because a user or a job asked for it. The flag comes first, then the root; its look ends all others.

import type { Context } from '../../core/context.ts';
import { resourceNotFound } from '../../core/error/api-error.ts';
import type { ExecutionId, UserId } from '../../core/id/identifier.ts';
import { ownScope } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import { expectJob } from '../../core/row/execution/execution.ts';
import { loadExecution } from '../store/load-job.ts';
import { endByDoom, putDoom } from './doom.ts';

/**
 * Terminates every execution of the tree that one belongs to (docs/reference/api.md, "Spread of failures"). Idempotent; a
 * tree that has ended stays as it is.
 *
 * @throws ApiError ResourceNotFound when there is no such execution
 */
export async function terminateTree(context: Context, execution: ExecutionId, by: UserId): Promise<void> {
  const asked = await loadExecution(context, execution);
  const found = asked === undefined ? undefined : await loadExecution(context, asked.root);
  if (found === undefined) throw resourceNotFound(execution);
  const root = expectJob(found);
  if (isTerminal(root.state) || root.state === 'terminating') return;
  const scope = ownScope(root);
  const cause = { kind: 'termination', execution: root.pk, try: root.try, by } as const;
  await putDoom(context, root.pk, scope, cause);
  const ended = await endByDoom(context, root, { cause, scope });
  // It began its next try meanwhile: that one is to end as well.
  if (!isTerminal(ended.state) && ended.state !== 'terminating') await terminateTree(context, execution, by);
}
