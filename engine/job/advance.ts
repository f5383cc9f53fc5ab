// Looks at the row of a job and carries out the steps that its agenda calls for (core/job/agenda.ts). The stream,
// messages and the sweep all call `look`.

import type { Context, Row } from '../../core/context.ts';
import { type ExecutionId, isExecutionId, type ObjectId } from '../../core/id/identifier.ts';
import { isPaged, type Occasion, type PagedStep, type Step, stepsFor } from '../../core/job/agenda.ts';
import type { JobRow } from '../../core/job/row.ts';
import { type ExecutionRow, expectJob, isExecutionKey, readExecution } from '../../core/row/execution/execution.ts';
import type { Position, WorkMessage } from '../../core/work/message.ts';
import { launch } from '../launch/launch.ts';
import { passNumberOn } from '../launch/worker-number.ts';
import { stopLaunch, stopWorker } from '../launch/worker-task.ts';
import { loadExecution, loadJob } from '../store/load-job.ts';
import { mapLimited } from '../store/map-limited.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { sendWork } from '../store/send-work.ts';
import { lookLimitMs, withinTime } from '../store/time-limit.ts';
import { loadWaiters } from '../wait/wake.ts';
import { endOldTree } from './auth-error.ts';
import { awaitStop, checkLaunch, checkWorker, releaseWorker } from './check-worker.ts';
import { awaitDescendants, destroyWorkspace } from './destroy-workspace.ts';
import { obeyDoom } from './doom.ts';
import { endDescendants, endTree } from './end-tree.ts';
import { beginNextTry } from './end-try.ts';
import { advanceInput } from './input.ts';
import { lastPass } from './last-pass.ts';
import { advanceOutput } from './output.ts';
import { takeBack } from './take-back.ts';

/**
 * Handles a record of the executions table's stream. Only a new state, try or launch calls for a step.
 *
 * @param before the row before the change, if there was one and the stream holds it
 */
export async function onExecutionChange(context: Context, after: Row, before?: Row): Promise<void> {
  const row = isExecutionKey(after) ? readExecution(after) : undefined;
  if (row === undefined || row.tombstone === true) return;
  if (before?.state === row.state && before.try === row.try && before.launch === after.launch) return;
  const entered = expectJob(row);
  const [first] = stepsFor(entered, 'entered');
  if (first === undefined) return;
  // A launch does not need a fresh row, because `dispatch` reads the row again.
  if (first === 'launch') await look(context, row, 'entered');
  else await advance(context, row.pk, entered);
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
export async function advance(context: Context, execution: ExecutionId, entered?: JobRow): Promise<void> {
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
): Promise<Saved | undefined> {
  const row = expectJob(execution);
  const steps = remaining(row, stepsFor(row, occasion));
  const first = from === undefined ? 0 : Math.max(0, steps.indexOf(from.step));
  const start = from ?? positionOf(row);
  for (const step of steps.slice(first)) {
    const pages = occasion === 'swept' ? pagesPerSweep : 1;
    const outcome = await carryOutPages(context, row, step, {
      pages,
      after: step === start?.step ? start.after : undefined,
    });
    if (outcome === 'done') continue;
    if (outcome === 'hold') {
      // The steps before took several messages. Without this, each look would send all of them again. A row that waits
      // for the last pass says so by itself.
      if (from !== undefined && isPaged(step) && step !== 'lastPass')
        await saveJob(context, row, { kind: 'reach', cursor: step });
      return undefined;
    }
    if ('saved' in outcome) return outcome.saved;
    if (!isPaged(step)) throw new Error(`"${step}" has no pages`);
    const { pk, try: attempt, state } = row;
    // The message may be lost. The next sweep then goes on here.
    if (occasion === 'swept') await saveJob(context, row, { kind: 'reach', cursor: `${step} ${outcome.next}` });
    await sendWork(context, [{ kind: 'resume', execution: pk, try: attempt, state, step, after: outcome.next }]);
    return undefined;
  }
  return undefined;
}

/** The position that a look has reached in a step, if the row holds one (`JobRow.cursor`). */
function positionOf({ cursor }: JobRow): { readonly step: PagedStep; readonly after: string | undefined } | undefined {
  if (typeof cursor !== 'string') return undefined;
  const [step = ''] = cursor.split(' ', 1);
  return isPaged(step) ? { step, after: cursor.slice(step.length + 1) || undefined } : undefined;
}

/** The steps without the pages that were done before the row reached a later step. */
function remaining(row: JobRow, steps: readonly Step[]): readonly Step[] {
  const position = positionOf(row);
  const reached = position === undefined ? 0 : steps.indexOf(position.step);
  return steps.filter((step, index) => index >= reached || !isPaged(step));
}

/** `hold`: something else must happen first. An edge, a message or the due time then causes another look. */
type StepOutcome = 'done' | 'hold' | { readonly saved: Saved } | { readonly next: string };

/** Carries out a step from a position, at most `pages` pages of it. */
async function carryOutPages(
  context: Context,
  row: JobRow,
  step: Step,
  { pages, after }: { readonly pages: number; readonly after: string | undefined },
): Promise<StepOutcome> {
  let outcome = await carryOut(context, row, step, after);
  for (let page = 1; page < pages && typeof outcome === 'object' && 'next' in outcome; page++)
    outcome = await carryOut(context, row, step, outcome.next);
  return outcome;
}

async function carryOut(context: Context, row: JobRow, step: Step, after: string | undefined): Promise<StepOutcome> {
  switch (step) {
    case 'obeyDoom':
      return savedOr('done', await obeyDoom(context, row));
    case 'endOldTree':
      return savedOr('done', await endOldTree(context, row));
    case 'advanceInput':
      return savedOr('hold', await advanceInput(context, row));
    case 'launch':
      await launch(context, row);
      return 'done';
    case 'checkLaunch':
      return savedOr('hold', await checkLaunch(context, row));
    case 'checkWorker':
      return savedOr('hold', await checkWorker(context, row));
    case 'advanceOutput':
      return savedOr('hold', await advanceOutput(context, row));
    case 'awaitStop':
      return savedOr('hold', await awaitStop(context, row));
    case 'stopWorker':
      await stopWorker(context, row, 'its try was given up');
      return 'done';
    case 'stopLaunch':
      await stopLaunch(context, row, `the job is ${row.state}`);
      return 'done';
    case 'takeBack':
      await takeBack(context, row);
      return 'done';
    case 'endTree':
      return nextOrDone(await endTree(context, row, after));
    case 'endDescendants':
      return nextOrDone(await endDescendants(context, row, after));
    case 'awaitDescendants':
      return awaitDescendants(context, row);
    case 'wakeWaiters':
      return nextOrDone(await wakeWaiters(context, row.pk, after));
    case 'passNumberOn':
      await passNumberOn(context, row);
      return 'done';
    case 'endWorker':
      await releaseWorker(context, row);
      return 'done';
    case 'releaseWorker':
      return releaseWorker(context, row);
    case 'destroyWorkspace': {
      const outcome = await destroyWorkspace(context, row, after);
      return outcome === 'hold' ? outcome : nextOrDone(outcome.next);
    }
    case 'lastPass': {
      const outcome = await lastPass(context, row, after);
      return outcome === 'hold' ? outcome : nextOrDone(outcome.next);
    }
    case 'retry':
      return { saved: await beginNextTry(context, row) };
    case 'settle':
      return { saved: await settle(context, row) };
    default:
      return step satisfies never;
  }
}

/**
 * Takes an ended job out of the index. The stream and the end of its launch often cause two looks at the same time. The
 * row is read again, because a read costs less than a refused write.
 */
async function settle(context: Context, row: JobRow): Promise<Saved> {
  const again = await loadJob(context, row.pk);
  return again?.dueAt === row.dueAt ? saveJob(context, row, { kind: 'settle' }) : { kind: 'changed' };
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

function savedOr(otherwise: 'done' | 'hold', saved: Saved | undefined): StepOutcome {
  return saved === undefined ? otherwise : { saved };
}

function nextOrDone(next: string | undefined): StepOutcome {
  return next === undefined ? 'done' : { next };
}

/** A sweep goes on by itself for some pages, because the messages for them may be lost. */
const pagesPerSweep = 40;
/** Waiters of a page that are looked at at once. Each may hold large bodies in memory. */
const waitersAtATime = 8;
