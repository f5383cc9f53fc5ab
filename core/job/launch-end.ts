// Reads how a launch ended that nobody claimed: what a user may be told of it, and whether waiting helps. The task's JSON
// holds the boot nonce and the job's environment: only named parts of it are ever passed on.

import { type Hash, isHash } from '../reference/value.ts';

/** `waitable`: for want of capacity, of quota, or of a host, which another launch may find: it counts against no limit. */
export type LaunchEnd = { readonly why: string; readonly waitable: boolean };

/**
 * Reads what the state machine's last step was told.
 *
 * @param seen what the task came to, or the error and cause that it was refused with
 * @returns undefined when nothing is known of how it ended
 */
export function readLaunchEnd(seen: unknown): LaunchEnd | undefined {
  if (!isHash(seen)) return undefined;
  if (seen.error === 'States.TaskFailed') return readFailedTask(parseTask(seen.cause));
  if (seen.error !== undefined) {
    const why = `${String(seen.error)}: ${String(seen.cause || 'no cause given')}`;
    return { why, waitable: waitableError.test(why) };
  }
  if (seen.taskArn === undefined) return undefined;
  const code =
    typeof seen.exitCode === 'number' ? `exit code ${seen.exitCode}` : String(seen.stopCode ?? 'no stop code');
  return { why: `the worker ended (${code}) before it took the job`, waitable: false };
}

/** The cause of this error is the task as ECS described it last, its members spelled in PascalCase. */
function readFailedTask(task: Hash): LaunchEnd {
  const { StopCode: code = 'no stop code', StoppedReason: reason = '' } = task;
  const worker = findWorker(task);
  const details = [
    String(code),
    ...(typeof worker.ExitCode === 'number' ? [`exit code ${worker.ExitCode}`] : []),
    ...new Set([reason, worker.Reason].filter((text) => typeof text === 'string' && text !== '')),
  ];
  const unstarted = code === 'TaskFailedToStart' && waitableReason.test(String(reason));
  return {
    why: `the worker ended before it took the job (${details.join('; ')})`,
    waitable: unstarted || hostLostCodes.has(String(code)),
  };
}

function findWorker(task: Hash): Hash {
  const containers = Array.isArray(task.Containers) ? task.Containers : [];
  return containers.filter(isHash).find(({ Name }) => Name === 'worker') ?? {};
}

/** A cause that Step Functions cut is no JSON: then nothing of it is passed on. */
function parseTask(cause: unknown): Hash {
  try {
    const task: unknown = JSON.parse(String(cause));
    return isHash(task) ? task : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** The stop codes of tasks whose machine went away, or was taken back. */
export const hostLostCodes: ReadonlySet<string> = new Set([
  'InfrastructureHealth',
  'SpotInterruption',
  'TerminationNotice',
]);
/** Both: the same words that the state machine looks for (statemachines/job-attempt.asl.json, Launchable). */
const waitableReason = /[Cc]apacity|Rate exceeded|Throttl/;
const waitableError =
  /Rate exceeded|Throttl|[Cc]apacity|RESOURCE:|limit on the number|ServerException|SdkClientException/;
