// The reasons why jobs fail: the closed list, whose fault each is, and the sentences that users read
// (docs/reference/api.md, "Failure reasons").

import type { ExecutionId, JobId, ProjectId, UserId } from '../id/identifier.ts';

/** The party that has to act, and pays. It decides charge, restart and log level. */
export type Fault = 'user' | 'application' | 'platform';
type ReasonFacts = {
  readonly fault: Fault;
  readonly billed: boolean;
  /** Whether `executionPolicy.restartOn` may name it. */
  readonly restartable: boolean;
  /** Whether a worker may report it about its own job. */
  readonly reported: boolean;
};

const reason = (fault: Fault, facts: Partial<Omit<ReasonFacts, 'fault'>> = {}): ReasonFacts => ({
  fault,
  billed: fault !== 'platform',
  restartable: false,
  reported: false,
  ...facts,
});

/** Every reason of docs/reference/api.md, "Failure reasons". */
export const failureReasons = {
  AppError: reason('user', { reported: true }),
  AppInternalError: reason('application', { restartable: true, reported: true }),
  AppInsufficientResourceError: reason('application', { restartable: true, reported: true }),
  AuthError: reason('user', { reported: true }),
  CostLimitExceeded: reason('user'),
  SpendingLimitExceeded: reason('user'),
  OrgExpired: reason('user'),
  DependencyUnsatisfiable: reason('user', { billed: false }),
  ExecutionError: reason('platform', { restartable: true, reported: true }),
  IncompleteUploads: reason('application', { reported: true }),
  InputError: reason('user', { billed: false }),
  OutputError: reason('application', { reported: true }),
  JMInternalError: reason('platform', { restartable: true }),
  JobTimeoutExceeded: reason('application', { restartable: true, reported: true }),
  JobTreeFailure: reason('application'),
  SpotInstanceInterruption: reason('platform', { restartable: true }),
  UnresponsiveWorker: reason('platform', { restartable: true }),
  Terminated: reason('user', { reported: true }),
} as const satisfies { readonly [name: string]: ReasonFacts };
export type FailureReason = keyof typeof failureReasons;

/** A failure that has been decided: the content of the row. */
export type Failure = { readonly reason: FailureReason; readonly message: string; readonly from?: ExecutionId };

/** True for a reason that a worker may report. */
export function isReportedReason(text: unknown): text is FailureReason {
  return (
    typeof text === 'string' && Object.hasOwn(failureReasons, text) && failureReasons[text as FailureReason].reported
  );
}

/** The characters of a reported message that are read, here and by the worker that reports it. A trace may be long. */
export const reportedMessageCharacters = 10_000;

/** The sentences for failures that the platform itself decides on. */
export const failureMessages = {
  treeFailure: (job: ExecutionId, why: FailureReason, message: string) =>
    `${job}, a job of the same tree, failed with ${why}: ${message}`,
  dependencyFailed: (job: ExecutionId, state: string, why: string | undefined) =>
    `${job}, which this job depends on, ${state === 'failed' ? 'failed' : 'was terminated'}${why === undefined ? '' : ` (${why})`}`,
  dependencyGone: (id: string) => `${id}, which this job depends on, could not be found any more`,
  terminated: (by: UserId) => `The job was terminated by ${by}`,
  analysisTerminated: (by: UserId) => `The analysis was terminated by ${by}`,
  discarded: (master: ExecutionId, attempt: number) =>
    `Try ${attempt} of ${master} was given up and starts again; this job belonged to it`,
  hostLost: (job: JobId) => `The machine that ${job} ran on was lost`,
  silentWorker: (seconds: number) =>
    `The machine running the job stopped responding: a sign of life was ${seconds} s late`,
  stoppedWorker: (detail: string) => `The machine running the job stopped before it reported a result${detail}`,
  outOfMemory: 'The job needed more memory than its instance type has, and was ended: choose a larger instance type',
  spotInterrupted: 'The machine running the job was taken back (spot capacity)',
  timeout: (limitMs: number) =>
    `The job ran longer than its timeout policy allows (${minutesText(Math.round(limitMs / 60_000))}), and was ended`,
  treeTooOld: (root: ExecutionId) =>
    `The tree of ${root} was started more than 30 days ago. It ends then, restarts included`,
  launcherLost: (user: UserId, project: ProjectId, level: string | undefined) =>
    `${user}, who launched the job, has ${level ?? 'no access'} in ${project} now. Running jobs there needs CONTRIBUTE`,
  unlaunchable: (times: number, why: string) => `No worker could be started for the job, in ${times} attempts: ${why}`,
  executableGone: (id: string) =>
    `${id}, which the job runs, was removed from every project and workspace before the job could start`,
  input: (problems: readonly string[]) => `The job's input cannot be used: ${problems.join('; ')}`,
  output: (problems: readonly string[]) => `The job's output cannot be used: ${problems.join('; ')}`,
} as const;

function minutesText(minutes: number): string {
  return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
}
