// The worker of a job: whether it still runs, and how it is stopped. The port is asked each time; what an event said of it is
// not relied upon.

import type { Context, WorkerState } from '../../core/context.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';

/** A worker of which nothing is known counts as ended once its lease has run out: a new one may not be listed yet. */
export async function loadWorker(context: Context, row: JobRow): Promise<WorkerState> {
  if (row.task === undefined) return forgotten;
  const state = await context.workers.state(row.task);
  if (state !== undefined) return state;
  const expired = row.leaseUntil === undefined || row.leaseUntil < context.now();
  return expired ? forgotten : { kind: 'running' };
}

/** Asks the worker of a job to end, and answers whether it has. */
export async function stopWorker(context: Context, row: JobRow, why: string): Promise<WorkerState> {
  const before = await loadWorker(context, row);
  if (before.kind === 'ended' || row.task === undefined) return before;
  await context.workers.stop(row.task, why);
  return loadWorker(context, row);
}

/** Ends a launch that nobody claimed; one that is over, or never was, stays so. */
export async function stopLaunch(context: Context, row: JobRow, why: string): Promise<void> {
  const worker = jobWorker(row);
  const state = await context.workers.launchState(worker);
  if (state !== undefined && state.kind !== 'ended') await context.workers.stopLaunch(worker, why);
}

const forgotten: WorkerState = { kind: 'ended', how: 'unknown', why: '' };
