// What becomes of a job whose try ended badly: its failure stands, or its nearest master job starts again. Restarts by policy
// (executionPolicy.restartOn, docs/reference/api.md, "Restarts") belong here too; today only what the platform itself
// lost starts again.

import type { WorkerEnd } from '../context.ts';
import { maximumTry } from '../id/workspace.ts';
import { type Failure, failureMessages } from './failure.ts';
import type { JobRow } from './row.ts';

/** How a try ended. `lost`: with the platform or its host, which is nobody's failure and counts against no budget. */
export type TryEnd = { readonly failure: Failure; readonly lost: boolean };

/** True when the master job begins its next try instead of failing. */
export function startsAgain(master: JobRow, end: TryEnd): boolean {
  return end.lost && master.try < maximumTry;
}

/** How the try of a running job ended whose worker has ended without a report. */
export function endOfWorker(row: JobRow, end: WorkerEnd, now: number): TryEnd {
  switch (end.how) {
    // Policies of restarts do not exist yet: a machine that was taken back is nobody's failure either.
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
