// Lets the end of an analysis reach the job that made it.

import type { AnalysisRow } from '../../core/analysis/row.ts';
import type { Context } from '../../core/context.ts';
import type { DoomCause } from '../../core/execution/doom.ts';
import { readLineageEntry } from '../../core/execution/scope.ts';
import { isId } from '../../core/id/identifier.ts';
import { failureScope } from '../../core/job/row.ts';
import { loadDoomOn, obeyDoom, putDoom } from '../job/doom.ts';
import { loadJob } from '../store/load-job.ts';

/**
 * An analysis that a job made in its own tree, and that was not done, fails the tree of that job, as a child of it does.
 * If the analysis ended because something above it had to end, nothing is added.
 */
export async function failMaker(context: Context, row: AnalysisRow): Promise<void> {
  if (row.state === 'done' || row.parent === undefined) return;
  const maker = await loadJob(context, row.parent);
  if (maker === undefined) throw new Error(`${row.parent} made ${row.pk} but has no row`);
  const doom = await loadDoomOn(context, row.root, row.lineage.map(readLineageEntry));
  if (doom === undefined) await putDoom(context, row.root, failureScope(maker), await causeOf(context, row));
  const origin = await loadJob(context, maker.origin);
  if (origin !== undefined) await obeyDoom(context, origin);
}

/** The job of a stage that failed first, or the analysis. */
async function causeOf(context: Context, row: AnalysisRow): Promise<DoomCause> {
  const { failureFrom, failureReason: reason = 'JMInternalError', failureMessage: message = '' } = row;
  const { pk, try: attempt } = (isId(failureFrom, 'job') ? await loadJob(context, failureFrom) : undefined) ?? row;
  return { kind: 'failure', execution: pk, try: attempt, reason, message };
}
