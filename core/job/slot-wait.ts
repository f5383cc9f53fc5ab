// Says in the log of a job that it waits for a worker, how long it waited, and for what.

import type { JobRow } from './row.ts';

/**
 * A sentence for a job whose worker has just begun, if it waited for more than a moment.
 *
 * @param slotCount the number of jobs that may run at a time on this machine, if there is such a limit
 */
export function slotWaitNote({ transitions }: Pick<JobRow, 'transitions'>, slotCount: number | undefined): string[] {
  const waitedMs =
    (timeOf(transitions, 'running') ?? 0) - (timeOf(transitions, 'runnable') ?? Number.POSITIVE_INFINITY);
  if (!(waitedMs > silentMs)) return [];
  const why = slotCount === undefined ? '' : `: ${limitOf(slotCount)}`;
  return [`This job waited ${Math.round(waitedMs / 1000)} s for a worker${why}`];
}

/** What is known about the workers for which a job may wait. */
export type WorkerSupply = {
  /** True for a job whose user has as many workers as one may have. */
  readonly isQueued: boolean;
  /** The number of jobs that may run at a time on this machine and of those that do, if there is such a limit. */
  readonly slots: { readonly count: number; readonly taken: number } | undefined;
};

/** True for a job that has waited for its worker for more than a moment. */
export function waitsLong({ state, transitions }: Pick<JobRow, 'state' | 'transitions'>, now: number): boolean {
  return state === 'runnable' && now - (timeOf(transitions, 'runnable') ?? now) >= silentMs;
}

/** A sentence for a job that waits now. */
export function slotWaitLine({ isQueued, slots }: WorkerSupply): string {
  if (isQueued) return 'Waiting for a free worker: this user has as many as one user may have';
  if (slots === undefined || slots.taken < slots.count) return 'Waiting for a worker to start';
  // A job that waits for those below it does not count for them, so more than the limit may run.
  const taken = Math.min(slots.taken, slots.count);
  return `Waiting for a free worker (${taken} of ${slots.count} are taken): ${limitOf(slots.count)}`;
}

function limitOf(slotCount: number): string {
  return `at most ${slotCount} ${slotCount === 1 ? 'job runs' : 'jobs run'} at a time here (espalier start --workers)`;
}

function timeOf(transitions: JobRow['transitions'], wanted: string): number | undefined {
  return transitions.findLast(([state]) => state === wanted)?.[1];
}

/** A shorter wait needs no explanation. */
const silentMs = 5_000;
