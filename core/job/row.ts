// The job row: the one truth about a job. It has at most 1 KB, because every change is charged for the whole row
// (docs/rows.md). transition.ts says what a change means, and engine/store/save-job.ts saves it.

import type { ExecutionHead } from '../execution/head.ts';
import {
  analysisScope,
  innermostMaster,
  lineageEntry,
  masterScope,
  readLineageEntry,
  type Scope,
  scopeIn,
} from '../execution/scope.ts';
import { given } from '../given.ts';
import type {
  AnalysisId,
  AppId,
  AppletId,
  ContainerId,
  ExecutionId,
  JobId,
  ProjectId,
  UserId,
} from '../id/identifier.ts';
import { type WorkerId, workerId } from '../id/worker.ts';
import { workspaceId } from '../id/workspace.ts';
import type { JobState } from './state.ts';

/** `pk` is the job. The rest of the row's key is in core/row. Times are in milliseconds since 1970. */
export type JobRow = ExecutionHead<JobId, JobState> & {
  /** Workers started for this try that did not claim the job: 0 at first. Part of the worker's id (`jobWorker`). */
  readonly launch: number;
  readonly executable: AppletId | AppId;
  readonly function: string;
  /** The job that a user or a stage of an analysis started, with this one somewhere below it. */
  readonly origin: JobId;
  /** The nearest job that has a workspace of its own: this job, or the one whose workspace it shares. */
  readonly master: JobId;
  readonly instance: string;
  readonly tryCreated: number;
  readonly startedRunning?: number;
  readonly stoppedRunning?: number;
  /** Handle of the task whose worker claimed this try. */
  readonly task?: string;
  /** Hash of the secret in the token of this try's worker. */
  readonly tokenHash?: string;
  /**
   * Launches of this try that failed by themselves. Launches that found no capacity or lost their host are not counted.
   */
  readonly failedLaunchCount?: number;
  /** A worker without a sign of life until then is silent. */
  readonly leaseUntil?: number;
  /** How long a try may run, from its claim. */
  readonly timeoutMs?: number;
  /** The run asks to hold the job after some failures. The specification names them. */
  readonly debug?: true;
  /**
   * Where the wait goes on: an index into `waits`, or the sort key of the last ended member. In a running job:
   * `beforeMembers` once it has begun to make a job. In an ended job: the step where its agenda goes on,
   * and after a space the position in it.
   */
  readonly cursor?: number | string;
  /** When the last pass over the workspaces of an ended job comes. */
  readonly lastPassAt?: number;
};

/**
 * The facts that decide how the row of a new job looks. A master job gets a workspace of its own. Without a parent it
 * starts a tree. A subjob works in the workspace of its parent.
 */
export type NewJob = {
  readonly id: JobId;
  readonly executable: JobRow['executable'];
  readonly function: string;
  readonly project: ProjectId;
  readonly launchedBy: UserId;
  /**
   * Searches find the job by this name. The row leaves out a name that is too long; the specification always has it.
   */
  readonly name?: string;
  readonly instance: string;
  readonly priority: JobRow['priority'];
  readonly timeoutMs?: number;
  readonly debug?: boolean;
  readonly now: number;
  /** Digest of the request that makes the job, without its nonce. */
  readonly digest: string;
  /** True when the parent is a subjob that may restart by itself. Its restart then discards this job. */
  readonly parentRestartsAlone?: boolean;
} & (
  | {
      readonly kind: 'master';
      readonly parent?: JobRow | undefined;
      /** The analysis whose stage the job is. Such a job is the origin of its own tree of jobs. */
      readonly stageOf?: EnclosingAnalysis | undefined;
    }
  | { readonly kind: 'subjob'; readonly parent: JobRow }
);

/** The fields of an analysis from which the rows of its stages are made. */
export type EnclosingAnalysis = {
  readonly pk: AnalysisId;
  readonly root: ExecutionId;
  readonly lineage: readonly string[];
};

/** The cursor of a job that has begun to make other jobs, before any of them has ended. */
export const beforeMembers = '';
/**
 * Bytes that a job row should have, so that each change of it is one write unit. Failure messages are cut to that. A job
 * below several master jobs, or one with long names, may need a second unit, and none needs a third.
 */
export const jobRowByteLimit = 1024;

/** The row of a job that is about to be born: `idle`, try 0, launch 0. Birth gives it a due time. */
export function newJobRow(job: NewJob): JobRow {
  const { id, parent, now, timeoutMs } = job;
  const stageOf = job.kind === 'master' ? job.stageOf : undefined;
  return {
    pk: id,
    state: 'idle',
    try: 0,
    launch: 0,
    executable: job.executable,
    function: job.function,
    project: job.project,
    launchedBy: job.launchedBy,
    origin: parent?.origin ?? id,
    root: stageOf?.root ?? parent?.root ?? id,
    master: job.kind === 'subjob' ? job.parent.master : id,
    lineage: parent === undefined ? stageLineage(stageOf) : childLineage(parent, job.parentRestartsAlone === true),
    instance: job.instance,
    priority: job.priority,
    created: now,
    modified: now,
    tryCreated: now,
    transitions: [],
    digest: job.digest,
    ...given({
      parent: parent?.pk,
      parentTry: parent?.try,
      name: isSearchable(job.name) ? job.name : undefined,
      timeoutMs,
      debug: job.debug === true ? (true as const) : undefined,
    }),
  };
}

function stageLineage(analysis: EnclosingAnalysis | undefined): string[] {
  return analysis === undefined ? [] : [...analysis.lineage, lineageEntry(analysisScope(analysis.pk))];
}

/** The analysis that a job belongs to, as a stage or below one. Undefined when it belongs to none. */
export function analysisOf(job: JobRow): AnalysisId | undefined {
  const scope = job.lineage.map(readLineageEntry).findLast(({ kind }) => kind === 'analysis');
  return scope?.kind === 'analysis' ? scope.execution : undefined;
}

/** True for the job that an analysis started for a stage, and false for the jobs below it. */
export function isStageJob(job: JobRow): boolean {
  return job.origin === job.pk && job.root !== job.pk;
}

/** One try of a master job. */
export type MasterTry = { readonly master: JobId; readonly try: number };

/** True for a job with a workspace of its own. */
export function isMaster(job: JobRow): boolean {
  return job.master === job.pk;
}

/** The master job and its try in whose workspace a job works. */
export function masterTry(job: JobRow): MasterTry {
  if (isMaster(job)) return { master: job.pk, try: job.try };
  return enclosingMaster(job) ?? { master: job.master, try: 0 };
}

/** The innermost master job that encloses a job, with its try. Undefined when there is none. */
export function enclosingMaster(job: JobRow): MasterTry | undefined {
  const scope = innermostMaster(job.lineage);
  return scope === undefined ? undefined : { master: scope.execution, try: scope.try };
}

/** Every scope that a job is in, outermost first, and its own. */
export function scopesOf(job: JobRow): Scope[] {
  return [...job.lineage.map(readLineageEntry), ownScope(job)];
}

/** The present try of a job, with everything below it. */
export function ownScope(job: JobRow): Extract<Scope, { execution: JobId }> {
  return isMaster(job) ? masterScope(job.pk, job.try) : { kind: 'subjob', execution: job.pk, try: job.try };
}

/**
 * The scope that restarts when a job fails: its own, or the nearest one above.
 *
 * @param alone true when every entry point of the executable restarts by itself
 */
export function restartScope(job: JobRow, alone: boolean): Scope {
  const above = job.lineage.at(-1);
  return isMaster(job) || above === undefined || (alone && restartsAlone(job))
    ? ownScope(job)
    : readLineageEntry(above);
}

/** The name of a try of a master job, as lineages and the placements of its output hold it. */
export function ownName(job: JobRow): string {
  return lineageEntry(ownScope(job));
}

/** The scope that fails with a job: its origin job, with everything below that. */
export function failureScope(job: JobRow): Scope {
  return scopeIn(job.lineage, job.origin) ?? ownScope(job);
}

/** The workspace of a job's present try. */
export function jobWorkspace(job: JobRow): ContainerId {
  const { master, try: attempt } = masterTry(job);
  return workspaceId(master, attempt);
}

/** The lineage that a child of this job gets: its own, and itself when it may restart. */
/**
 * The lineage of what a job makes.
 *
 * @param alone true when the job may restart without its master
 */
export function childLineage(job: JobRow, alone: boolean): string[] {
  const isScope = isMaster(job) || (alone && restartsAlone(job));
  return isScope ? [...job.lineage, lineageEntry(ownScope(job))] : job.lineage;
}

/** Each scope takes room in the rows of the jobs below, so deeply nested jobs restart with the scope above. */
function restartsAlone(job: JobRow): boolean {
  return job.lineage.length < maximumSubjobScopes;
}

/** The worker of a job's present launch. */
export function jobWorker(job: JobRow): WorkerId {
  return workerId({ job: job.pk, try: job.try, launch: job.launch });
}

/** The id under which the body `O` of a job's present try is kept. For the first try it is the job's own id. */
export function outputBodyId(job: JobRow): string {
  return job.try === 0 ? job.pk : `${job.pk}#${job.try}`;
}

/** A longer name does not fit into a row of `jobRowByteLimit`. */
function isSearchable(name: string | undefined): name is string {
  return name !== undefined && Buffer.byteLength(name) <= rowNameByteLimit;
}

const rowNameByteLimit = 128;
/** Scopes above a subjob that still restarts by itself. */
const maximumSubjobScopes = 3;
