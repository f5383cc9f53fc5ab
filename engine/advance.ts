// Looks at executions. The stream, messages and the sweep all call `look`, which starts from the row alone.

import { type AnalysisRow, hasAnalysisEnded } from '../core/analysis/row.ts';
import type { Context, Row } from '../core/context.ts';
import { type ExecutionId, isExecutionId, type ObjectId } from '../core/id/identifier.ts';
import { type Occasion, stepsFor } from '../core/job/agenda.ts';
import { type ExecutionRow, isExecutionKey, isJob, readExecution } from '../core/row/execution/execution.ts';
import type { Position, WorkMessage } from '../core/work/message.ts';
import { advanceAnalysis } from './analysis/advance.ts';
import { failMaker } from './analysis/fail-maker.ts';
import { lookAtJob } from './job/look.ts';
import { loadExecution } from './store/load-job.ts';
import { mapLimited } from './store/map-limited.ts';
import { changed, retryWhileChanged } from './store/retry-while-changed.ts';
import { type Looked, settleAnalysis } from './store/save-analysis.ts';
import { sendWork } from './store/send-work.ts';
import { lookLimitMs, withinTime } from './store/time-limit.ts';
import { loadWaiters } from './wait/wake.ts';

/**
 * Handles a record of the executions table's stream. Only a new state, try or launch calls for a step.
 *
 * @param before the row before the change, if there was one and the stream holds it
 */
export async function onExecutionChange(context: Context, after: Row, before?: Row): Promise<void> {
  const row = isExecutionKey(after) ? readExecution(after) : undefined;
  if (row === undefined || row.tombstone === true) return;
  if (before?.state === row.state && before.try === row.try && before.launch === after.launch) return;
  const [first] = isJob(row) ? stepsFor(row, 'entered') : [];
  if (isJob(row) && first === undefined) return;
  // A launch does not need a fresh row, because `dispatch` reads the row again.
  if (first === 'launch') await look(context, row, 'entered');
  else await advance(context, row.pk, row);
}

/**
 * Handles a record as `onExecutionChange` does, but does not keep the records behind it waiting. If the look fails or
 * takes too long, a message repeats it alone.
 *
 * @returns the error of the failed look, for the operator
 */
export async function onExecutionChangeOrLater(
  context: Context,
  after: Row,
  before?: Row,
  limitMs: number = lookLimitMs,
): Promise<unknown> {
  try {
    await withinTime(`the look at ${after.pk}`, onExecutionChange(context, after, before), limitMs);
    return undefined;
  } catch (error) {
    if (!isExecutionId(after.pk)) throw error;
    await sendWork(context, [{ kind: 'sweep', execution: after.pk }]);
    return error;
  }
}

/**
 * Looks at an execution once. If that changes the row, the stream's record of the change brings the next steps.
 *
 * @param entered the row as a record says that it came into its state; absent when an edge or a message asks
 */
export async function advance(context: Context, execution: ExecutionId, entered?: ExecutionRow): Promise<void> {
  const lookOnce = async () => {
    const row = await loadExecution(context, execution);
    if (row === undefined) return undefined;
    const isStill = entered !== undefined && row.state === entered.state && row.try === entered.try;
    return (await look(context, row, isStill ? 'entered' : 'woken'))?.kind === 'changed' ? changed : undefined;
  };
  await retryWhileChanged(execution, lookOnce, (message) => new Error(message));
}

/** Looks at every execution that waits for a data object which was closed or is gone. */
export async function onObjectClosed(context: Context, object: ObjectId, after?: string): Promise<void> {
  const next = await wakeWaiters(context, object, after);
  if (next !== undefined) await sendWork(context, [{ kind: 'wake', object, after: next }]);
}

/**
 * Continues the steps of an execution at the position in a message. If the execution has another state by now, the
 * steps of that state start from the first. A message of an earlier try is ignored.
 */
export async function resume(context: Context, message: Extract<WorkMessage, { kind: 'resume' }>): Promise<void> {
  const row = await loadExecution(context, message.execution);
  if (row === undefined || row.try !== message.try) return;
  await look(context, row, 'woken', row.state === message.state ? message : undefined);
}

/**
 * Carries out the steps that a row calls for, as far as possible now. It starts from the row alone, so it may be called
 * at any time and any number of times.
 *
 * @returns the result of saving the row, which must then be read again; undefined when nothing was to be changed, or
 *   when a message, an edge or the sweep continues later
 */
export async function look(
  context: Context,
  execution: ExecutionRow,
  occasion: Occasion,
  from?: Position,
): Promise<Looked | undefined> {
  return isJob(execution)
    ? lookAtJob(context, execution, { occasion, from, pages: pagesOf(occasion), wakeWaiters })
    : lookAtAnalysis(context, execution, occasion, from);
}

async function lookAtAnalysis(
  context: Context,
  row: AnalysisRow,
  occasion: Occasion,
  from?: Position,
): Promise<Looked | undefined> {
  const pages = pagesOf(occasion);
  if (!hasAnalysisEnded(row)) return advanceAnalysis(context, row, { pages });
  if (row.dueAt === undefined) return undefined;
  if (from === undefined) await failMaker(context, row);
  let after = await wakeWaiters(context, row.pk, from?.after);
  for (let page = 1; page < pages && after !== undefined; page++) after = await wakeWaiters(context, row.pk, after);
  if (after === undefined) return settleAnalysis(context, row);
  const { pk, try: attempt, state } = row;
  await sendWork(context, [{ kind: 'resume', execution: pk, try: attempt, state, step: 'wakeWaiters', after }]);
  return undefined;
}

/** Looks at one page of the executions that wait for `ended`, and returns the position to continue from. */
async function wakeWaiters(
  context: Context,
  ended: ExecutionId | ObjectId,
  after: string | undefined,
): Promise<string | undefined> {
  const { waiters, next } = await loadWaiters(context, ended, after);
  const failed: ExecutionId[] = [];
  const lookAt = async (waiter: ExecutionId) => {
    await withinTime(`the look at ${waiter}`, advance(context, waiter), lookLimitMs).catch(() => failed.push(waiter));
  };
  await mapLimited(waiters, lookAt, waitersAtATime);
  // A failed look gets a message of its own. If it fails again, that is reported, and no other execution waits for it.
  await sendWork(
    context,
    failed.map((execution) => ({ kind: 'advance', execution })),
  );
  return next;
}

function pagesOf(occasion: Occasion): number {
  return occasion === 'swept' ? pagesPerSweep : 1;
}

/** A sweep goes on by itself for some pages, because the messages for them may be lost. */
const pagesPerSweep = 40;
/** Waiters of a page that are looked at at once. Each may hold large bodies in memory. */
const waitersAtATime = 8;
