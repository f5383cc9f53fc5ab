// Handles the end of a launch: another launch or the end of the job if no worker has claimed it, otherwise only a look
// (docs/reference/protocols.md, "Ends that are only seen").

import type { Context, WorkerEnd } from '../core/context.ts';
import { readWorkerId, type WorkerId } from '../core/id/worker.ts';
import { asksWorker } from '../core/job/agenda.ts';
import { type JobRow, jobWorker } from '../core/job/row.ts';
import { isTerminal, type JobState } from '../core/job/state.ts';
import { obeyDoom } from './job/doom.ts';
import { afterLaunch } from './launch/after-launch.ts';
import { loadExecutions, loadJob } from './store/load-job.ts';
import { sweepExecution } from './sweep.ts';
import { loadWaiters } from './wait/wake.ts';

/** The last step of a launch, which ended in this way. */
export async function finalise(context: Context, worker: WorkerId, end: WorkerEnd): Promise<void> {
  const launched = readWorkerId(worker);
  if (launched === undefined) return;
  const found = await loadJob(context, launched.job);
  if (found === undefined) return;
  // If the row changes meanwhile, the job is not runnable any more, or another launch of it is under way.
  const isUnclaimed = found.state === 'runnable' && jobWorker(found) === worker;
  if (isUnclaimed && (await obeyDoom(context, found)) === undefined) await afterLaunch(context, found, end);
  const row = isUnclaimed ? ((await loadJob(context, found.pk)) ?? found) : found;
  // An ended job settles once its machine is gone. The event of the task does not cause that look: two looks at once
  // would both write.
  const isItsEnd = isTerminal(row.state) && jobWorker(row) === worker;
  if (isItsEnd && (await isBeingLookedAt(context, row))) return;
  if (isItsEnd || asksWorker(row.state)) await sweepExecution(context, row.pk, row);
}

/**
 * True for a job that has just ended and that others still wait for. The record of its end wakes them at this time, and
 * settles the job after that. If it does not, the sweep does. A second look would repeat the writes of the first.
 */
async function isBeingLookedAt(context: Context, row: JobRow): Promise<boolean> {
  if (context.now() - row.modified >= recordMs) return false;
  const { waiters } = await loadWaiters(context, row.pk, undefined);
  return (await loadExecutions(context, waiters)).some((waiter) => waitingStates.has(waiter?.state ?? ''));
}

/** The states in which a job looks at what it waits for. */
const waitingStates: ReadonlySet<string> = new Set<JobState>([
  'idle',
  'waiting_on_input',
  'waiting_on_output',
  'restartable',
]);
/** The stream delivers a record within this time. */
const recordMs = 5_000;
