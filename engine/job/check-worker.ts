// Asks the port whether the worker of a job or of a launch still runs, for the sweep, so that a lost event is noticed.

import type { Context } from '../../core/context.ts';
import { failureMessages } from '../../core/execution/failure.ts';
import { heldUntil } from '../../core/job/hold.ts';
import { endOfWorker } from '../../core/job/restart.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';
import { graceEnd } from '../../core/job/worker.ts';
import { afterLaunch } from '../launch/after-launch.ts';
import { launch } from '../launch/launch.ts';
import { loadWorker, stopWorker } from '../launch/worker-task.ts';
import { loadJob } from '../store/load-job.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { endStopped } from './doom.ts';
import { endTry } from './end-try.ts';

/** Checks whether the launch of a runnable job is still under way. Undefined when nothing was to be changed. */
export async function checkLaunch(context: Context, row: JobRow): Promise<Saved | undefined> {
  const state = await context.workers.launchState(jobWorker(row));
  if (state?.kind === 'ended') return afterLaunch(context, row, state);
  if (state === undefined) await launch(context, row);
  return undefined;
}

/** Checks whether a job's worker runs, within its lease and time limit. Undefined when nothing was to be changed. */
export async function checkWorker(context: Context, row: JobRow): Promise<Saved | undefined> {
  const now = context.now();
  if (isOverdue(context, row)) return endOverdue(context, row);
  const worker = await loadWorker(context, row);
  if (worker.kind === 'ended') return endTry(context, row, endOfWorker(row, worker, now));
  const { leaseUntil = now } = row;
  const leaseMs = context.settings.leaseSeconds * 1000;
  if (leaseUntil < now) {
    // Nothing looked when the lease ended: the clock jumped or the platform was down. The worker may still run.
    if (now - leaseUntil > Math.max(missedLooks * leaseMs, missedSweepMs)) {
      return saveJob(context, row, { kind: 'beat', leaseUntil: now + leaseMs }, { leaseUntil: row.leaseUntil });
    }
    // A heartbeat may have come after the row was read.
    if ((await loadJob(context, row.pk))?.leaseUntil !== row.leaseUntil) return { kind: 'changed' };
    const stopped = await stopWorker(context, row, 'no heartbeat arrived within its lease');
    return stopped.kind === 'ended' ? endTry(context, row, endOfWorker(row, stopped, now)) : undefined;
  }
  const limit = heldUntil(row);
  return limit === undefined || now < limit ? undefined : saveJob(context, row, { kind: 'release' });
}

/** True for a running job whose worker did not obey the heartbeat that said that its time is over. */
function isOverdue(context: Context, { state, startedRunning, timeoutMs }: JobRow): boolean {
  if (state !== 'running' || startedRunning === undefined || timeoutMs === undefined) return false;
  return context.now() > startedRunning + timeoutMs + context.settings.leaseSeconds * 1000;
}

/** Stops the worker first, because a policy may start the job again, and two tries must not run at once. */
async function endOverdue(context: Context, row: JobRow): Promise<Saved | undefined> {
  const message = failureMessages.timeout(row.timeoutMs ?? 0);
  const worker = await stopWorker(context, row, message);
  if (worker.kind !== 'ended') return undefined;
  return endTry(context, row, { failure: { reason: 'JobTimeoutExceeded', message } });
}

/** Asks the worker of a terminating job to stop. Undefined while the worker still runs. */
export async function awaitStop(context: Context, row: JobRow): Promise<Saved | undefined> {
  const worker = await stopWorker(context, row, row.failureMessage ?? 'the job was ended');
  return worker.kind === 'ended' ? endStopped(context, row) : undefined;
}

/**
 * Sees to it that no worker outlives its job: once the grace time is over, the worker is stopped. `hold` while it still
 * runs.
 */
export async function releaseWorker(context: Context, row: JobRow): Promise<'done' | 'hold'> {
  const isPatient = context.now() < graceEnd(row, context.settings.leaseSeconds * 1000);
  const worker = isPatient
    ? await loadWorker(context, row)
    : await stopWorker(context, row, 'its job has ended, and the worker did not end by itself');
  return worker.kind === 'ended' ? 'done' : 'hold';
}

/** The end of a lease is noticed within this many lengths of a lease, unless nothing looked at the job. */
const missedLooks = 2;
/** The same in milliseconds, for leases that are shorter than the minute between two sweeps. */
const missedSweepMs = 90_000;
