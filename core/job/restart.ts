// Decides what follows when a try ended badly: the job's failure stays, or its nearest master job starts again.
// Restarts by policy (executionPolicy.restartOn, docs/reference/api.md, "Restarts") belong here too. Today only a try
// that the platform itself lost starts again.

import type { WorkerEnd } from '../context.ts';
import { type Failure, failureMessages } from '../execution/failure.ts';
import { maximumTry } from '../id/workspace.ts';
import type { JobRow } from './row.ts';

/**
 * The end of a try. `lost`: with the platform or its host, which is not a failure of the job and counts against no
 * budget. `reported`: its worker reported it and still runs, so that it can keep the job's folder.
 */
export type TryEnd = { readonly failure: Failure; readonly lost: boolean; readonly reported?: true };

/** True when the master job begins its next try instead of failing. */
export function startsAgain(master: JobRow, end: TryEnd): boolean {
  // A held master job has failed for good. Its tree fails when the hold ends.
  return end.lost && master.state !== 'debug_hold' && master.try < maximumTry;
}

/** The end of a running job's try whose worker ended without a report. */
export function endOfWorker(row: JobRow, end: WorkerEnd, now: number): TryEnd {
  switch (end.how) {
    // Policies of restarts do not exist yet. A machine that was taken back is not a failure of the job either.
    case 'reclaimed':
      return { lost: true, failure: { reason: 'SpotInstanceInterruption', message: failureMessages.spotInterrupted } };
    case 'lost':
      return { lost: true, failure: { reason: 'JMInternalError', message: failureMessages.hostLost(row.pk) } };
    case 'outOfMemory':
      return { lost: false, failure: { reason: 'AppInsufficientResourceError', message: failureMessages.outOfMemory } };
    case 'exited':
    case 'stopped':
    case 'noCapacity':
    case 'refused':
    case 'unknown':
      return { lost: false, failure: { reason: 'UnresponsiveWorker', message: describeSilence(row, end, now) } };
    default:
      return end.how satisfies never;
  }
}

function describeSilence({ leaseUntil }: JobRow, { why }: WorkerEnd, now: number): string {
  if (leaseUntil !== undefined && leaseUntil < now) {
    return failureMessages.silentWorker(Math.round((now - leaseUntil) / 1000));
  }
  return failureMessages.stoppedWorker(why === '' ? '' : ` (${why})`);
}
