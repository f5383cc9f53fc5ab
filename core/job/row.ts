// The job row: the one truth about a job. Small on purpose, because every step writes it whole in cost: at most 1 KB
// (docs/rows.md). What it means to change it is transition.ts; who saves it, engine/store/save-job.ts.

import { given } from '../given.ts';
import type { FailureReason } from '../execution/failure.ts';
import type { AnalysisId, AppId, AppletId, ContainerId, JobId, ProjectId, UserId } from '../id/identifier.ts';
import { type WorkerId, workerId } from '../id/worker.ts';
import { workspaceId } from '../id/workspace.ts';
import type { JobState } from './state.ts';

/** `pk` is the job; what else makes the row's key is in core/row. Times in milliseconds since 1970. */
export type JobRow = {
  readonly pk: JobId;
  readonly state: JobState;
  /** 0 first; raised when a master job restarts. */
  readonly try: number;
  /** Workers started for this try that nobody claimed: 0 first. Part of the worker's id (`jobWorker`). */
  readonly launch: number;
  readonly executable: AppletId | AppId;
  readonly function: string;
  readonly project: ProjectId;
  readonly launchedBy: UserId;
  /** The job that created this one, with its try at that time; absent for a job that a user ran. */
  readonly parent?: JobId;
  readonly parentTry?: number;
  readonly origin: JobId;
  readonly root: JobId | AnalysisId;
  /** The nearest job that has a workspace of its own: itself, or the one that it shares with. */
  readonly master: JobId;
  /** Every enclosing master job with its try at birth, `job-x:0`, origin first; a master job is not in its own. */
  readonly lineage: string[];
  readonly name?: string;
  readonly instance: string;
  readonly priority: 'low' | 'normal' | 'high';
  readonly created: number;
  readonly modified: number;
  readonly tryCreated: number;
  readonly startedRunning?: number;
  readonly stoppedRunning?: number;
  /** State changes of this try; `idle` is not among them (docs/reference/api.md, "Describing a job"). */
  readonly transitions: [JobState, number][];
  /** ARN of the task whose worker claimed this try. */
  readonly task?: string;
  /** Hash of the secret in the token of this try's worker. */
  readonly tokenHash?: string;
  /** Launches of this try that failed by themselves: those that found no capacity or lost their host are not counted. */
  readonly failedLaunchCount?: number;
  /** A worker that has not been heard of until then is silent. */
  readonly leaseUntil?: number;
  /** How long a try may run, from its claim. */
  readonly timeoutMs?: number;
  /** Where the wait goes on: an index into `waits`, or the sort key of the last ended member. */
  readonly cursor?: number | string;
  /** Of the request that made the job: the same id with another digest is a reused nonce. */
  readonly digest: string;
  readonly failureReason?: FailureReason;
  /** Cut so that the row stays within `jobRowByteLimit`; the whole text is then in body `O` (`{failure: {message}}`). */
  readonly failureMessage?: string;
  /** The job of the tree that failed first, when it is another one. */
  readonly failureFrom?: JobId;
  /** Nobody's job: a creator that died left a member row, and this keeps its id from being born later. Never list it. */
  readonly tombstone?: true;
  /** Both present while the row has consequences to come: the sweep looks at it at `dueAt`. */
  readonly openShard?: number;
  readonly dueAt?: number;
};

/**
 * What decides how the row of a new job looks. A master job gets a workspace of its own; without a parent it starts a tree.
 * A subjob works in the workspace of its parent.
 */
export type NewJob = {
  readonly id: JobId;
  readonly executable: JobRow['executable'];
  readonly function: string;
  readonly project: ProjectId;
  readonly launchedBy: UserId;
  /** Searches find the job by it. The row leaves out a name that is too long; the specification always holds it. */
  readonly name?: string;
  readonly instance: string;
  readonly priority: JobRow['priority'];
  readonly timeoutMs?: number;
  readonly now: number;
  /** Digest of the request that makes the job, without its nonce. */
  readonly digest: string;
  /** True when nothing has to happen before a worker can start. */
  readonly ready: boolean;
} & (
  | { readonly kind: 'master'; readonly parent?: JobRow | undefined }
  | { readonly kind: 'subjob'; readonly parent: JobRow }
);

/** Bytes that a job row may have, so that each change of it is one write unit. */
export const jobRowByteLimit = 1024;

/** The row of a job that is about to be born: try 0, launch 0, `idle` unless it is ready. Birth gives it a due time. */
export function newJobRow(job: NewJob): JobRow {
  const { id, parent, now, ready, timeoutMs } = job;
  return {
    pk: id,
    state: ready ? 'runnable' : 'idle',
    try: 0,
    launch: 0,
    executable: job.executable,
    function: job.function,
    project: job.project,
    launchedBy: job.launchedBy,
    origin: parent?.origin ?? id,
    root: parent?.root ?? id,
    master: job.kind === 'subjob' ? job.parent.master : id,
    lineage: parent === undefined ? [] : childLineage(parent),
    instance: job.instance,
    priority: job.priority,
    created: now,
    modified: now,
    tryCreated: now,
    transitions: ready ? [['runnable', now]] : [],
    digest: job.digest,
    ...given({
      parent: parent?.pk,
      parentTry: parent?.try,
      name: isSearchable(job.name) ? job.name : undefined,
      timeoutMs,
    }),
  };
}

/** True for a job with a workspace of its own. */
export function isMaster(job: JobRow): boolean {
  return job.master === job.pk;
}

/** The master job and its try in whose workspace a job works. */
export function masterTry(job: JobRow): { readonly master: JobId; readonly try: number } {
  if (isMaster(job)) return { master: job.pk, try: job.try };
  return enclosingMaster(job) ?? { master: job.master, try: 0 };
}

/** The innermost master job that encloses a job, with its try; undefined for an origin job. */
export function enclosingMaster(job: JobRow): { readonly master: JobId; readonly try: number } | undefined {
  const innermost = job.lineage.at(-1);
  return innermost === undefined ? undefined : parseLineage(innermost);
}

/** The workspace of a job's present try. */
export function jobWorkspace(job: JobRow): ContainerId {
  const { master, try: attempt } = masterTry(job);
  return workspaceId(master, attempt);
}

/** The lineage that a child of this job gets: its own, and itself when it is a master job. */
function childLineage(job: JobRow): string[] {
  return isMaster(job) ? [...job.lineage, lineageEntry(job.pk, job.try)] : [...job.lineage];
}

/** `job-x:0`: one try of a master job. */
export function lineageEntry(master: JobId, attempt: number): string {
  return `${master}:${attempt}`;
}

/** Reads a `lineageEntry`. */
export function parseLineage(entry: string): { readonly master: JobId; readonly try: number } {
  const colon = entry.lastIndexOf(':');
  return { master: entry.slice(0, colon) as JobId, try: Number(entry.slice(colon + 1)) };
}

/** The worker of a job's present launch. */
export function jobWorker(job: JobRow): WorkerId {
  return workerId({ job: job.pk, try: job.try, launch: job.launch });
}

/** The id under which the body `O` of a job's present try is kept: of the first try, the job's own. */
export function outputBodyId(job: JobRow): string {
  return job.try === 0 ? job.pk : `${job.pk}#${job.try}`;
}

/** A longer name does not fit into a row of `jobRowByteLimit`. */
function isSearchable(name: string | undefined): name is string {
  return name !== undefined && Buffer.byteLength(name) <= rowNameByteLimit;
}

const rowNameByteLimit = 128;
