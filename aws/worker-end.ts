// Reads how a worker ended from the words of ECS: its stop codes and reasons.

import type { WorkerEnd, WorkerEnding } from '../core/context.ts';

/** The parts of a stopped task that say how it ended. The rest of it holds the boot nonce, and is never passed on. */
export type StoppedTask = {
  readonly stopCode?: string | undefined;
  /** Why the task stopped. If a container ended, it says only that. */
  readonly stoppedReason?: string | undefined;
  readonly exitCode?: number | undefined;
  /** Why the worker's container ended. Only here does ECS say that memory ran out. */
  readonly containerReason?: string | undefined;
};

/** `why` holds the exit code and the reasons, in that order. */
export function endOfTask(task: StoppedTask): WorkerEnd {
  const reasons = [task.stoppedReason, task.containerReason].filter((reason) => reason);
  const why = [...(task.exitCode === undefined ? [] : [`exit code ${task.exitCode}`]), ...new Set(reasons)].join('; ');
  return { kind: 'ended', how: endingOf(task), why };
}

function endingOf({ stopCode = '', stoppedReason = '', containerReason = '' }: StoppedTask): WorkerEnding {
  if (stopCode === 'SpotInterruption') return 'reclaimed';
  if (hostLostCodes.has(stopCode)) return 'lost';
  if (stopCode === 'TaskFailedToStart' && capacityReason.test(stoppedReason)) return 'noCapacity';
  if (/OutOfMemory/i.test(`${stoppedReason} ${containerReason}`)) return 'outOfMemory';
  if (stopCode === 'TaskFailedToStart') return 'refused';
  return stopCode === 'UserInitiated' ? 'stopped' : 'exited';
}

/** The stop codes of tasks whose machine went away. */
const hostLostCodes: ReadonlySet<string> = new Set(['InfrastructureHealth', 'TerminationNotice']);
/**
 * Found in the reason of a task that failed to start. The state machine looks for the same words
 * (test/aws/launch-end.test.ts).
 */
export const capacityReason = /[Cc]apacity|Rate exceeded|Throttl/;
