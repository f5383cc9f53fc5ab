// The rows of one job: the job itself, its earlier tries, and its entry in the list of its project.

import type { Key, Row } from '../../context.ts';
import { type ExecutionId, isExecutionId, type JobId, type ProjectId } from '../../id/identifier.ts';
import type { JobRow } from '../../job/row.ts';
import { type JobState, jobStates } from '../../job/state.ts';
import type { Fields } from '../field.ts';
import { defineRow, readRow } from '../kind.ts';
import { headFields } from './head.ts';

const fields: Fields<Omit<JobRow, 'pk' | 'sk'>> = {
  required: {
    ...headFields.required,
    state: Object.keys(jobStates) as JobState[],
    launch: 'number',
    executable: 'text',
    function: 'text',
    origin: 'text',
    master: 'text',
    instance: 'text',
    tryCreated: 'number',
  },
  optional: {
    ...headFields.optional,
    startedRunning: 'number',
    stoppedRunning: 'number',
    task: 'text',
    tokenHash: 'text',
    failedLaunchCount: 'number',
    leaseUntil: 'number',
    timeoutMs: 'number',
    debug: [true],
    cursor: 'text or number',
    lastPassAt: 'number',
  },
};
/** Raised when the meaning of a job row changes: a program that does not know it refuses the row. */
const jobRowVersion = 1;

export const jobKind = defineRow<JobRow>({
  table: 'executions',
  name: 'job',
  pk: '{job}',
  sk: 'A',
  meaning:
    'The one truth about a job, about 1 KB, and at most 2 KB. Each change is one conditional write on state, try and launch.',
  version: jobRowVersion,
  fields,
});
export const tryKind = defineRow<JobRow>({
  table: 'executions',
  name: 'earlier try',
  pk: '{job}',
  sk: 'T#{try}',
  meaning: 'The job row of a try that a restart has ended, as it was then.',
  version: jobRowVersion,
  fields,
});
export const listKind = defineRow<object>({
  table: 'executions',
  name: 'list entry',
  pk: '{project}#exec',
  sk: '{created in 13 digits}#{execution}',
  meaning: 'Names an execution of a project for searches, in the order of creation.',
  fields: { required: {}, optional: {} },
});

/** The key of a job row. */
export function jobKey(job: JobId): Key {
  return { pk: job, sk: executionSortKey };
}

/** The job of a row. Undefined when there is none. */
export function readJob(row: Row | undefined): JobRow | undefined {
  return row === undefined ? undefined : readRow(jobKind, row);
}

/** A job row in the form of the store. */
export function toRow(job: JobRow): Row {
  return { ...job, ...jobKey(job.pk), v: jobRowVersion };
}

/** The key of an earlier try. */
export function tryKey(job: JobId, attempt: number): Key {
  return { pk: job, sk: `${tryPrefix}${attempt}` };
}

/** The row that is kept of a try which a restart has ended. The sweep does not look at it any more. */
export function tryRow(job: JobRow): Row {
  const { openShard, dueAt, ...kept } = toRow(job);
  return { ...kept, ...tryKey(job.pk, job.try), state: 'restarted' };
}

/** An earlier try, as the row of its job shows it. Undefined when there is none. */
export function readTry(row: Row | undefined): JobRow | undefined {
  if (row === undefined) return undefined;
  return { ...readRow(tryKind, row), state: 'restarted' };
}

/** The partition of the jobs of a project. */
export function listPartition(project: ProjectId): string {
  return `${project}#exec`;
}

/**
 * The list entry of an execution. It counts only when its time is the row's `created`, because a repeated birth may
 * leave a second one.
 */
export function listKey(project: ProjectId, created: number, execution: ExecutionId): Key {
  return { pk: listPartition(project), sk: listPosition(created, execution) };
}

/**
 * The sort key of a list entry, which orders executions by creation. Without an execution it is the position before all
 * of that time.
 */
export function listPosition(created: number, execution: ExecutionId | ''): string {
  return `${String(Math.max(0, created)).padStart(createdDigits, '0')}#${execution}`;
}

/** A list entry: the execution, and its sort key, which is its position. */
export function readListed(row: Row): { readonly execution: ExecutionId; readonly position: string } {
  const { sk } = readRow(listKind, row);
  const execution = sk.slice(sk.indexOf('#') + 1);
  if (!isExecutionId(execution)) throw new Error(`The row ${row.pk} · ${sk} of executions does not name an execution`);
  return { execution, position: sk };
}

/** The sort key of the row of an execution. */
export const executionSortKey = 'A';
/** The sort keys of earlier tries have this beginning. */
export const tryPrefix = 'T#';
const createdDigits = 13;
