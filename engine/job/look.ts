// Looks at the row of a job and carries out the steps that its agenda calls for (core/job/agenda.ts).

import type { Context } from '../../core/context.ts';
import type { ExecutionId } from '../../core/id/identifier.ts';
import { isPaged, type Occasion, type PagedStep, type Step, stepsFor } from '../../core/job/agenda.ts';
import type { JobRow } from '../../core/job/row.ts';
import type { Position } from '../../core/work/message.ts';
import { launch } from '../launch/launch.ts';
import { passNumberOn } from '../launch/worker-number.ts';
import { stopLaunch, stopWorker } from '../launch/worker-task.ts';
import { loadJob } from '../store/load-job.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { sendWork } from '../store/send-work.ts';
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

export type JobLook = {
  readonly occasion: Occasion;
  /** Where a message continues. */
  readonly from?: Position | undefined;
  /** Pages of a step that this look carries out itself. */
  readonly pages: number;
  /** Looks at one page of the executions that wait for one, and returns the position to continue from. */
  wakeWaiters(context: Context, ended: ExecutionId, after: string | undefined): Promise<string | undefined>;
};

/** Carries out the steps that the row of a job calls for, as far as possible now. The result is as that of `look`. */
export async function lookAtJob(context: Context, row: JobRow, looked: JobLook): Promise<Saved | undefined> {
  const { occasion, from } = looked;
  const steps = remaining(row, stepsFor(row, occasion));
  const first = from === undefined ? 0 : Math.max(0, steps.indexOf(from.step));
  const start = from ?? positionOf(row);
  for (const step of steps.slice(first)) {
    const outcome = await carryOutPages(context, row, step, {
      ...looked,
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
  { pages, after, wakeWaiters }: Pick<JobLook, 'pages' | 'wakeWaiters'> & { readonly after: string | undefined },
): Promise<StepOutcome> {
  let outcome = await carryOut(context, row, step, { after, wakeWaiters });
  for (let page = 1; page < pages && typeof outcome === 'object' && 'next' in outcome; page++)
    outcome = await carryOut(context, row, step, { after: outcome.next, wakeWaiters });
  return outcome;
}

type StepCall = Pick<JobLook, 'wakeWaiters'> & { readonly after: string | undefined };

async function carryOut(context: Context, row: JobRow, step: Step, call: StepCall): Promise<StepOutcome> {
  const { after, wakeWaiters } = call;
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
    case 'destroyWorkspace':
      return holdOrNext(await destroyWorkspace(context, row, after));
    case 'lastPass':
      return holdOrNext(await lastPass(context, row, after));
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

function savedOr(otherwise: 'done' | 'hold', saved: Saved | undefined): StepOutcome {
  return saved === undefined ? otherwise : { saved };
}

function holdOrNext(outcome: 'hold' | { readonly next: string | undefined }): StepOutcome {
  return outcome === 'hold' ? outcome : nextOrDone(outcome.next);
}

function nextOrDone(next: string | undefined): StepOutcome {
  return next === undefined ? 'done' : { next };
}
