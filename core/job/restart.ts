// Decides what follows when a try ended badly: the job's failure stays, or a job above it starts again, as its policy
// says (docs/reference/api.md, "Restarts").

import type { WorkerEnd } from '../context.ts';
import { type ExecutionPolicy, maximumRestarts } from '../executable/policy.ts';
import { type Failure, type FailureReason, failureMessages, failureReasons } from '../execution/failure.ts';
import type { JobRow } from './row.ts';
import { isTerminal, type JobState } from './state.ts';

/** The end of a try. `reported`: its worker reported it and still runs, so that it can keep the job's folder. */
export type TryEnd = { readonly failure: Failure; readonly reported?: true };

/** The facts about a job that may start again. */
export type RestartFacts = {
  readonly job: Pick<JobRow, 'state' | 'try' | 'priority'>;
  /** The policy in effect. */
  readonly policy: ExecutionPolicy;
  /** The tries of the job before the present one. Each has ended with a restart, for the reason in its row. */
  readonly earlier: readonly Pick<JobRow, 'failureReason' | 'priority'>[];
};

/**
 * True when the job begins its next try, instead of failing with its tree. `restartOn` allows a number of restarts for
 * the reason, or by `*` for each reason that it does not name. All restarts together are at most `maxRestarts`. A spot
 * machine that was taken back is not a failure: without a number for it, only `maxRestarts` counts.
 */
export function startsAgain({ job, policy, earlier }: RestartFacts, reason: FailureReason): boolean {
  const { restartOn = {}, maxRestarts = maximumRestarts } = policy;
  if (!failureReasons[reason].restartable || endsForGood(job.state) || job.try >= maxRestarts) return false;
  const allowed = [reason, '*'].find((name) => Object.hasOwn(restartOn, name));
  if (allowed === undefined) return reason === 'SpotInstanceInterruption';
  return earlier.filter(({ failureReason }) => failureReason === reason).length < (restartOn[allowed] ?? 0);
}

/**
 * True when a job does not start again, whatever flag asks for it: a held job has failed for good, and so has one that
 * has ended or whose hold is over.
 */
export function endsForGood(state: JobState): boolean {
  return state === 'debug_hold' || state === 'terminating' || isTerminal(state);
}

/**
 * The priority of the next try, if it is another one: after `maxSpotTries` tries on spot machines the job, and everything
 * that it makes, runs on others. Without that, a wide tree might never end, because some machine is always taken back.
 */
export function nextPriority({ job, policy, earlier }: RestartFacts): JobRow['priority'] | undefined {
  const { maxSpotTries = defaultSpotTries } = policy;
  if (job.priority !== 'low') return undefined;
  const spotTryCount = earlier.filter(({ priority }) => priority === 'low').length + 1;
  return spotTryCount < maxSpotTries ? undefined : onDemandPriority;
}

/**
 * The priority with which a new job runs. A job that was made low by the call runs on demand if its policy forbids spot
 * tries, or if the job that makes it was low and does not run on spot machines any more.
 *
 * @param above the priority that was asked for the job above, and the one that it runs with
 */
export function firstPriority(
  asked: JobRow['priority'],
  policy: ExecutionPolicy,
  above: { readonly asked: JobRow['priority']; readonly final: JobRow['priority'] } | undefined,
): JobRow['priority'] {
  if (asked !== 'low') return asked;
  const leftSpot = above !== undefined && above.asked === 'low' && above.final !== 'low';
  return leftSpot || policy.maxSpotTries === 0 ? onDemandPriority : asked;
}

/** The end of a running job's try whose worker ended without a report. */
export function endOfWorker(row: JobRow, end: WorkerEnd, now: number): TryEnd {
  switch (end.how) {
    case 'reclaimed':
      return { failure: { reason: 'SpotInstanceInterruption', message: failureMessages.spotInterrupted } };
    case 'lost':
      return { failure: { reason: 'UnresponsiveWorker', message: failureMessages.hostLost(row.pk) } };
    case 'outOfMemory':
      return { failure: { reason: 'AppInsufficientResourceError', message: failureMessages.outOfMemory } };
    case 'exited':
    case 'stopped':
    case 'noCapacity':
    case 'refused':
    case 'unknown':
      return { failure: { reason: 'UnresponsiveWorker', message: describeSilence(row, end, now) } };
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

/** Tries on spot machines, if the policy does not say (docs/decisions/lifecycle-and-api.md, "Jobs"). */
const defaultSpotTries = 3;
/** Both other priorities run on demand. On the service, a job that leaves spot machines is shown with this one. */
const onDemandPriority = 'high';
