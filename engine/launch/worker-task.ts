// Finds out whether the worker of a job still runs, and stops it. It asks the port, because events may be lost or late.

import type { Context, WorkerState } from '../../core/context.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';
import { loadWorkers } from './worker-number.ts';

/**
 * The state of a job's worker. A new worker may not be listed yet, so an unknown one counts as ended only once its
 * lease has ended.
 */
export async function loadWorker(context: Context, row: JobRow): Promise<WorkerState> {
  if (row.task === undefined) return forgotten;
  const state = await context.workers.state(row.task);
  if (state !== undefined) return state;
  const expired = row.leaseUntil === undefined || row.leaseUntil < context.now();
  return expired ? forgotten : { kind: 'running' };
}

/**
 * Asks the worker of a job to stop, and returns its state afterwards. A worker that holds another job by now is left
 * alone: for this job it has ended.
 */
export async function stopWorker(context: Context, row: JobRow, why: string): Promise<WorkerState> {
  const before = await loadWorker(context, row);
  if (before.kind === 'ended' || row.task === undefined) return before;
  const worker = (await loadWorkers(context, row.launchedBy)).find((one) => one.worker === jobWorker(row));
  if (worker !== undefined && worker.job !== row.pk) return forgotten;
  await context.workers.stop(row.task, why);
  return loadWorker(context, row);
}

/** Stops a launch that no worker has claimed. Does nothing if the launch has ended or never began. */
export async function stopLaunch(context: Context, row: JobRow, why: string): Promise<void> {
  const worker = jobWorker(row);
  const state = await context.workers.launchState(worker);
  if (state !== undefined && state.kind !== 'ended') await context.workers.stopLaunch(worker, why);
}

const forgotten: WorkerState = { kind: 'ended', how: 'unknown', why: '' };
