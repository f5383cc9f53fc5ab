// Looks at the row of an analysis: makes the jobs of stages that are missing, ends them under a doom, and derives the
// state from theirs. Each stage that has not ended has an edge, so that its end brings another look.

import { deriveState, type Stage } from '../../core/analysis/derive.ts';
import { type AnalysisRow, analysisScopes, enterState, hasAnalysisEnded } from '../../core/analysis/row.ts';
import type { AnalysisSpec } from '../../core/analysis/spec.ts';
import type { Context } from '../../core/context.ts';
import type { Doom, DoomCause } from '../../core/execution/doom.ts';
import { failureMessages } from '../../core/execution/failure.ts';
import { isEndState } from '../../core/execution/head.ts';
import { analysisScope } from '../../core/execution/scope.ts';
import { treeEnd } from '../../core/execution/tree-limit.ts';
import type { ExecutionId } from '../../core/id/identifier.ts';
import { type ExecutionRow, isJob } from '../../core/row/execution/execution.ts';
import type { WorkMessage } from '../../core/work/message.ts';
import { endMembers, loadDoomOn, putDoom } from '../job/doom.ts';
import { loadExecution, loadExecutions } from '../store/load-job.ts';
import { type Looked, loadAnalysisSpec, saveAnalysis } from '../store/save-analysis.ts';
import { sendWork } from '../store/send-work.ts';
import { putEdges } from '../wait/wait.ts';
import { bearStages } from './birth.ts';

/**
 * Brings an analysis that has not ended as far as possible now. It starts from the row alone, so it may be called at any
 * time and any number of times.
 *
 * @param pages pages of members that one look ends; a message continues
 * @returns the result of saving the row; undefined when nothing was to be changed
 */
export async function advanceAnalysis(
  context: Context,
  row: AnalysisRow,
  { pages }: { readonly pages: number },
): Promise<Looked | undefined> {
  if (row.root === row.pk && context.now() >= treeEnd(row.created))
    await putDoom(context, row.root, analysisScope(row.pk), tooOld(row));
  const spec = await loadAnalysisSpec(context, row.pk);
  let born = await loadBorn(context, spec.stages);
  const missing = spec.stages.filter(({ execution }) => !born.has(execution));
  // A job may wait for one of a workflow among the stages, so all of those are born with it.
  const incomplete =
    missing.length === 0
      ? []
      : spec.stages.filter(({ row: one }) => !isJob(one) || missing.some(({ row: other }) => other.pk === one.pk));
  const doom = await (missing.length > 0
    ? bearStages(context, row, incomplete)
    : loadDoomOn(context, row.root, analysisScopes(row)));
  if (doom !== undefined) {
    await endStages(context, row, doom, { pages });
    born = await loadBorn(context, spec.stages);
  }
  const stages = await watchStages(context, row, spec, born);
  const derived = deriveState(row, stages, doom);
  if (derived.doom !== undefined) await putDoom(context, row.root, analysisScope(row.pk), derived.doom);
  if (derived.state === row.state) return undefined;
  return saveAnalysis(context, row, enterState(row, derived.state, derived.failure, context.now()));
}

/** Continues to end the members of a doomed analysis after the key in a message. */
export async function goOnEndingStages(
  context: Context,
  { root, after }: Extract<WorkMessage, { kind: 'endMembers' }>,
): Promise<void> {
  const row = await loadExecution(context, root);
  if (row === undefined || isJob(row) || hasAnalysisEnded(row)) return;
  const doom = await loadDoomOn(context, row.root, analysisScopes(row));
  if (doom !== undefined) await endStages(context, row, doom, { pages: 1, after });
}

/** Ends the next members of an analysis that is doomed: at most so many pages, after a key. A message continues. */
async function endStages(
  context: Context,
  row: AnalysisRow,
  doom: Doom,
  { pages, after }: { readonly pages: number; readonly after?: string | undefined },
): Promise<void> {
  let next = await endMembers(context, row.root, doom, after);
  for (let page = 1; page < pages && next !== undefined; page++) next = await endMembers(context, row.root, doom, next);
  if (next === undefined) return;
  const message: WorkMessage = { kind: 'endMembers', root: row.pk, try: row.try, after: next };
  await sendWork(context, [message]);
}

/** The rows of the stages that are born. */
async function loadBorn(context: Context, stages: AnalysisSpec['stages']): Promise<Map<ExecutionId, ExecutionRow>> {
  const rows = await loadExecutions(
    context,
    stages.map(({ execution }) => execution),
  );
  return new Map(rows.flatMap((one) => (one === undefined ? [] : [[one.pk, one]])));
}

/**
 * The stages with the rows of their jobs. Those that have not ended get an edge, and are read again behind it: a job that
 * ends later finds the edge.
 */
async function watchStages(
  context: Context,
  row: AnalysisRow,
  { stages }: AnalysisSpec,
  rows: ReadonlyMap<ExecutionId, ExecutionRow>,
): Promise<Stage[]> {
  const open = stages.filter(({ execution }) => !isEndState(rows.get(execution)?.state ?? 'idle'));
  const fresh = await putEdges(
    context,
    { waiter: row, phase: 'stage' },
    open.map(({ execution }) => ({ kind: 'execution', execution })),
  );
  const again = fresh > 0 ? await loadBorn(context, open) : rows;
  return stages.map(({ execution, failsAll }) => ({ row: again.get(execution) ?? rows.get(execution), failsAll }));
}

function tooOld({ pk, try: attempt }: AnalysisRow): DoomCause {
  return { kind: 'failure', execution: pk, try: attempt, reason: 'AuthError', message: failureMessages.treeTooOld(pk) };
}
