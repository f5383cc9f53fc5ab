// Which jobs need their machine. A worker holds a job from its start until the job has reported or ended, and may be
// stopped only when it does not.

import type { WorkerId } from '../id/worker.ts';
import { type JobRow, jobWorker } from './row.ts';
import type { JobState } from './state.ts';

/**
 * True while a worker holds the job of that row, or is started for it. A later launch or try has another worker, and
 * begins only when the earlier one is gone.
 */
export function holdsJob(worker: WorkerId, row: JobRow | undefined): boolean {
  return row !== undefined && row.tombstone !== true && needsWorker[row.state] && jobWorker(row) === worker;
}

/** True for a job for whose present try a worker was started, whether or not it claimed the job. */
export function wasLaunched(row: JobRow): boolean {
  return row.task !== undefined || row.transitions.some(([state]) => state === 'runnable');
}

/**
 * The time from which a worker that holds no job any more is stopped, in milliseconds since 1970. Before, it may still
 * send its log and exit by itself. The grace time is the lease.
 */
export function graceEnd({ stoppedRunning, modified }: JobRow, leaseMs: number): number {
  return (stoppedRunning ?? modified) + leaseMs;
}

/** The states in which the machine is needed, or is being stopped. */
const needsWorker: { readonly [state in JobState]: boolean } = {
  idle: false,
  waiting_on_input: false,
  runnable: true,
  running: true,
  waiting_on_output: false,
  terminating: true,
  restartable: true,
  debug_hold: true,
  done: false,
  failed: false,
  terminated: false,
  restarted: false,
};
