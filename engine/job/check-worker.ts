// Asks what became of the worker of a job, or of a launch: what no event brings, only the sweep notices.

import type { Context } from '../../core/context.ts';
import { failureMessages } from '../../core/execution/failure.ts';
import { endOfWorker } from '../../core/job/restart.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';
import { afterLaunch, launch } from '../launch/launch.ts';
import { loadWorker, stopWorker } from '../launch/worker-task.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { endTry } from './end-try.ts';

/** A runnable job: is its launch still under way? Undefined when there is nothing to change. */
export async function checkLaunch(context: Context, row: JobRow): Promise<Saved | undefined> {
  const state = await context.workers.launchState(jobWorker(row));
  if (state?.kind === 'ended') return afterLaunch(context, row, state);
  if (state === undefined) await launch(context, row);
  return undefined;
}

/** A running job: does its worker run, within its lease and its time limit? Undefined when there is nothing to change. */
export async function checkWorker(context: Context, row: JobRow): Promise<Saved | undefined> {
  const now = context.now();
  const worker = await loadWorker(context, row);
  if (worker.kind === 'ended') return endTry(context, row, endOfWorker(row, worker, now));
  const { leaseUntil = now, timeoutMs, startedRunning = now, task } = row;
  const leaseMs = context.settings.leaseSeconds * 1000;
  if (leaseUntil < now) {
    // Nothing looked when it ran out: the clock jumped, or the platform was away, and the worker may still be there.
    if (now - leaseUntil > Math.max(missedLooks * leaseMs, missedSweepMs)) {
      return saveJob(context, row, { kind: 'beat', leaseUntil: now + leaseMs }, { leaseUntil: row.leaseUntil });
    }
    if (task !== undefined) await context.workers.stop(task, 'nothing was heard of it');
    const stopped = await loadWorker(context, row);
    return stopped.kind === 'ended' ? endTry(context, row, endOfWorker(row, stopped, now)) : undefined;
  }
  if (timeoutMs === undefined || now <= startedRunning + timeoutMs + leaseMs) return undefined;
  const message = failureMessages.timeout(Math.round(timeoutMs / 60_000));
  return saveJob(context, row, { kind: 'end', failure: { reason: 'JobTimeoutExceeded', message } });
}

/** A terminating job: its worker is asked to stop. Undefined while the worker still runs. */
export async function awaitStop(context: Context, row: JobRow): Promise<Saved | undefined> {
  const worker = await stopWorker(context, row, row.failureMessage ?? 'the job was ended');
  return worker.kind === 'ended' ? saveJob(context, row, { kind: 'stopped' }) : undefined;
}

/** After so many lengths of a lease, a lease that ran out must have been noticed if anything had looked. */
const missedLooks = 2;
/** The same where leases are shorter than a minute, which is how often the sweep looks. */
const missedSweepMs = 90_000;
