// Says in the log of a job how long it waited for a worker, and for what.

import type { JobRow } from './row.ts';

/**
 * A sentence for a job whose worker has just begun, if it waited for more than a moment.
 *
 * @param slotCount the number of jobs that may run at a time on this machine, if there is such a limit
 */
export function slotWaitNote({ transitions }: Pick<JobRow, 'transitions'>, slotCount: number | undefined): string[] {
  const timeOf = (wanted: string) => transitions.findLast(([state]) => state === wanted)?.[1];
  const waitedMs = (timeOf('running') ?? 0) - (timeOf('runnable') ?? Number.POSITIVE_INFINITY);
  if (!(waitedMs > silentMs)) return [];
  const why =
    slotCount === undefined
      ? ''
      : `: at most ${slotCount} ${slotCount === 1 ? 'job runs' : 'jobs run'} at a time here (espalier start --workers)`;
  return [`This job waited ${Math.round(waitedMs / 1000)} s for a worker${why}`];
}

/** A shorter wait needs no explanation. */
const silentMs = 5_000;
