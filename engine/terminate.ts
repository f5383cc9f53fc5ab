// Ends an analysis, or the tree of a job, because a user or a job asked for it.

import { type AnalysisRow, hasAnalysisEnded } from '../core/analysis/row.ts';
import type { Context } from '../core/context.ts';
import { resourceNotFound } from '../core/error/api-error.ts';
import { analysisScope } from '../core/execution/scope.ts';
import type { ExecutionId, UserId } from '../core/id/identifier.ts';
import { isTerminal } from '../core/job/state.ts';
import { isJob } from '../core/row/execution/execution.ts';
import { advance } from './advance.ts';
import { putDoom } from './job/doom.ts';
import { endFromRoot } from './job/end-root.ts';
import { loadExecution, loadJob } from './store/load-job.ts';

/**
 * Terminates an analysis with all its stages, or every job of the tree that a job belongs to: its origin job and everything
 * below (docs/reference/api.md, "Spread of failures"). It is idempotent. What has ended does not change.
 *
 * @throws ApiError ResourceNotFound if the execution does not exist
 */
export async function terminateTree(context: Context, execution: ExecutionId, by: UserId): Promise<void> {
  const found = await loadExecution(context, execution);
  if (found === undefined) throw resourceNotFound(execution);
  if (!isJob(found)) return terminateAnalysis(context, found, by);
  const origin = await loadJob(context, found.origin);
  if (origin === undefined) throw resourceNotFound(execution);
  // An origin job that is ending by itself, for example after its hold, is terminated as well, and its members at once.
  if (isTerminal(origin.state)) return;
  const cause = { kind: 'termination', execution: origin.pk, try: origin.try, by } as const;
  const ended = await endFromRoot(context, origin, cause);
  // It began its next try meanwhile, which must end as well.
  if (!isTerminal(ended.state) && ended.state !== 'terminating') await terminateTree(context, execution, by);
}

/** The flag comes first. The look that follows ends the first stages, and each further one goes on. */
async function terminateAnalysis(context: Context, row: AnalysisRow, by: UserId): Promise<void> {
  if (hasAnalysisEnded(row)) return;
  await putDoom(context, row.root, analysisScope(row.pk), { kind: 'termination', execution: row.pk, try: row.try, by });
  await advance(context, row.pk);
}
