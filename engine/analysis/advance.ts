// Looks at the row of an analysis: makes the jobs of stages that are missing, ends them under a doom, and derives the
// state from theirs. Each stage that has not ended has an edge, so that its end brings another look.

import { deriveState, type Stage } from '../../core/analysis/derive.ts';
import { type AnalysisRow, analysisScopes, enterState, hasAnalysisEnded } from '../../core/analysis/row.ts';
import type { AnalysisSpec } from '../../core/analysis/spec.ts';
import type { Context } from '../../core/context.ts';
import type { DoomCause } from '../../core/execution/doom.ts';
import { failureMessages } from '../../core/execution/failure.ts';
import { isEndState } from '../../core/execution/head.ts';
import { analysisScope } from '../../core/execution/scope.ts';
import { treeEnd } from '../../core/execution/tree-limit.ts';
import { isJob } from '../../core/row/execution/execution.ts';
import type { WorkMessage } from '../../core/work/message.ts';
import { endMembers, loadDoomOn, putDoom } from '../job/doom.ts';
import { loadExecution, loadJobs } from '../store/load-job.ts';
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
  let doom = await loadDoomOn(context, row.root, analysisScopes(row));
  if (doom === undefined && !(await bearMissing(context, row, spec)))
    doom = await loadDoomOn(context, row.root, analysisScopes(row));
  if (doom !== undefined) await endStages(context, row, { pages });
  const stages = await watchStages(context, row, spec);
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
  if (row !== undefined && !isJob(row) && !hasAnalysisEnded(row)) await endStages(context, row, { pages: 1, after });
}

/** Ends the next members of an analysis that is doomed: at most so many pages, after a key. A message continues. */
async function endStages(
  context: Context,
  row: AnalysisRow,
  { pages, after }: { readonly pages: number; readonly after?: string | undefined },
): Promise<void> {
  const doom = await loadDoomOn(context, row.root, analysisScopes(row));
  if (doom === undefined) return;
  let next = await endMembers(context, row.root, doom, after);
  for (let page = 1; page < pages && next !== undefined; page++) next = await endMembers(context, row.root, doom, next);
  if (next === undefined) return;
  const message: WorkMessage = { kind: 'endMembers', root: row.pk, try: row.try, after: next };
  await sendWork(context, [message]);
}

async function bearMissing(context: Context, row: AnalysisRow, { stages }: AnalysisSpec): Promise<boolean> {
  const born = await loadJobs(
    context,
    stages.map(({ execution }) => execution),
  );
  const missing = stages.filter((_, index) => born[index] === undefined);
  return missing.length === 0 || bearStages(context, row, missing);
}

/**
 * The stages with the rows of their jobs. Those that have not ended get an edge, and are read again behind it: a job that
 * ends later finds the edge.
 */
async function watchStages(context: Context, row: AnalysisRow, { stages }: AnalysisSpec): Promise<Stage[]> {
  const rows = new Map((await loadJobs(context, executionsOf(stages))).map((job) => [job?.pk, job]));
  const open = stages.filter(({ execution }) => !isEndState(rows.get(execution)?.state ?? 'idle'));
  const fresh = await putEdges(
    context,
    { waiter: row, phase: 'stage' },
    open.map(({ execution }) => ({ kind: 'execution', execution })),
  );
  if (fresh > 0)
    for (const job of await loadJobs(context, executionsOf(open))) if (job !== undefined) rows.set(job.pk, job);
  return stages.map(({ execution, failsAll }) => ({ row: rows.get(execution), failsAll }));
}

function executionsOf(stages: AnalysisSpec['stages']) {
  return stages.map(({ execution }) => execution);
}

function tooOld({ pk, try: attempt }: AnalysisRow): DoomCause {
  return { kind: 'failure', execution: pk, try: attempt, reason: 'AuthError', message: failureMessages.treeTooOld(pk) };
}
