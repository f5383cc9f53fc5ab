// What becomes of a job whose try ended badly: its failure stands, or its nearest master job starts again. Restarts by policy
// (executionPolicy.restartOn, docs/reference/api.md, "Restarts") belong here too; today only what the platform itself
// lost starts again.

import type { TaskView } from '../context.ts';
import { maximumTry } from '../id/workspace.ts';
import { type Failure, failureMessages } from './failure.ts';
import { hostLostCodes } from './launch-end.ts';
import type { JobRow } from './row.ts';

/** How a try ended. `lost`: with the platform or its host, which is nobody's failure and counts against no budget. */
export type TryEnd = { readonly failure: Failure; readonly lost: boolean };

/** True when the master job begins its next try instead of failing. */
export function startsAgain(master: JobRow, end: TryEnd): boolean {
  return end.lost && master.try < maximumTry;
}

/**
 * How the try of a running job ended whose worker has stopped without reporting.
 *
 * @param task as ECS tells it; undefined when ECS does not know it any more
 */
export function endOfWorker(row: JobRow, task: TaskView | undefined, now: number): TryEnd {
  const silent = row.leaseUntil !== undefined && row.leaseUntil < now;
  // Policies of restarts do not exist yet: a machine that was taken back is nobody's failure either.
  if (task?.stopCode === 'SpotInterruption') {
    return { lost: true, failure: { reason: 'SpotInstanceInterruption', message: failureMessages.spotInterrupted } };
  }
  if (hostLostCodes.has(task?.stopCode ?? '')) {
    return { lost: true, failure: { reason: 'JMInternalError', message: failureMessages.hostLost(row.pk) } };
  }
  if (/OutOfMemory/i.test(`${task?.stoppedReason} ${task?.containerReason}`)) {
    return { lost: false, failure: { reason: 'AppInsufficientResourceError', message: failureMessages.outOfMemory } };
  }
  const message = silent
    ? failureMessages.silentWorker(Math.round((now - (row.leaseUntil ?? now)) / 1000))
    : failureMessages.stoppedWorker(describeStop(task));
  return { lost: false, failure: { reason: 'UnresponsiveWorker', message } };
}

function describeStop(task: TaskView | undefined): string {
  const parts = [
    ...(task?.exitCode === undefined ? [] : [`exit code ${task.exitCode}`]),
    ...(task?.stoppedReason ? [task.stoppedReason] : []),
    ...(task?.containerReason ? [task.containerReason] : []),
  ];
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}
