// Does the worker of a job still run? Asks ECS about the job's own task; what it says is only looked at, never trusted to
// have been told.

import type { Context, TaskView } from '../../core/context.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';

export type WorkerTask =
  | { readonly kind: 'running' }
  /** `task` is undefined when ECS does not know it any more. */
  | { readonly kind: 'stopped'; readonly task: TaskView | undefined };

/** A task that ECS does not know counts as stopped once its lease has run out: a new one may not be listed yet. */
export async function loadWorkerTask(context: Context, row: JobRow): Promise<WorkerTask> {
  if (row.task === undefined) return { kind: 'stopped', task: undefined };
  const task = await context.workers.task(row.task);
  if (task?.lastStatus === 'STOPPED') return { kind: 'stopped', task };
  const expired = row.leaseUntil === undefined || row.leaseUntil < context.now();
  return task === undefined && expired ? { kind: 'stopped', task } : { kind: 'running' };
}

/** Asks the worker of a job to end, and tells whether it has. */
export async function stopWorker(context: Context, row: JobRow, why: string): Promise<WorkerTask> {
  const before = await loadWorkerTask(context, row);
  if (before.kind === 'stopped' || row.task === undefined) return before;
  await context.workers.stopTask(row.task, why);
  return loadWorkerTask(context, row);
}

/** Ends the execution of a launch that nobody claimed; one that is over, or never was, stays so. */
export async function stopLaunch(context: Context, row: JobRow, why: string): Promise<void> {
  const worker = jobWorker(row);
  if ((await context.workers.executionStatus(worker)) === 'RUNNING') await context.workers.stopExecution(worker, why);
}
