// Reads how a launch ended that was not claimed, from the input of the state machine's last step.

import type { WorkerEnd } from '../core/context.ts';
import { type Hash, isHash } from '../core/reference/value.ts';
import { endOfTask, type StoppedTask } from './worker-end.ts';

/**
 * Reads `seen` of statemachines/job-attempt.asl.json.
 *
 * @param seen the task as it ended, or the error and cause with which its start was refused
 */
export function readLaunchEnd(seen: unknown): WorkerEnd {
  if (!isHash(seen)) return unknownEnd;
  if (seen.error === 'States.TaskFailed') return readFailedTask(parseTask(seen.cause));
  if (seen.error !== undefined) {
    const why = `${String(seen.error)}: ${String(seen.cause || 'no cause given')}`;
    return { kind: 'ended', how: capacityError.test(why) ? 'noCapacity' : 'refused', why };
  }
  if (seen.taskArn === undefined) return unknownEnd;
  const code =
    typeof seen.exitCode === 'number' ? `exit code ${seen.exitCode}` : String(seen.stopCode ?? 'no stop code');
  return { kind: 'ended', how: 'exited', why: beforeItsJob(code) };
}

/** The stop code is the first part of the reason, because an operator looks for it. */
function readFailedTask(task: StoppedTask): WorkerEnd {
  const { how, why } = endOfTask(task);
  const details = [task.stopCode ?? 'no stop code', ...(why === '' ? [] : [why])];
  return { kind: 'ended', how, why: beforeItsJob(details.join('; ')) };
}

function beforeItsJob(details: string): string {
  return `the worker ended before it took the job (${details})`;
}

/**
 * The cause of that error is the task as ECS last described it, with members in PascalCase. A cause that Step Functions
 * truncated is not JSON, and none of it is passed on.
 */
function parseTask(cause: unknown): StoppedTask {
  try {
    const task: unknown = JSON.parse(String(cause));
    return isHash(task) ? readTask(task) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function readTask(task: Hash): StoppedTask {
  const containers = Array.isArray(task.Containers) ? task.Containers : [];
  const worker = containers.filter(isHash).find(({ Name }) => Name === 'worker') ?? {};
  return {
    stopCode: textOf(task.StopCode),
    stoppedReason: textOf(task.StoppedReason),
    exitCode: typeof worker.ExitCode === 'number' ? worker.ExitCode : undefined,
    containerReason: textOf(worker.Reason),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

const unknownEnd: WorkerEnd = { kind: 'ended', how: 'unknown', why: '' };
/** Found in the error or cause of a task that was not started. The state machine looks for the same words. */
export const capacityError =
  /Rate exceeded|Throttl|[Cc]apacity|RESOURCE:|limit on the number|ServerException|SdkClientException/;
