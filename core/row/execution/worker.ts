// The workers of a user. Each has a number while it holds a job, or is started for one. Jobs beyond the last number wait
// in the same partition.

import type { Key, Row } from '../../context.ts';
import { isId, type JobId, type UserId } from '../../id/identifier.ts';
import type { WorkerId } from '../../id/worker.ts';
import { defineRow, readRow } from '../kind.ts';

/** The facts about a worker. `started` is in milliseconds since 1970. */
type WorkerFacts = {
  readonly worker: WorkerId;
  /** The job that it holds, or was started for. The row of that job has its task, its lease and its due time. */
  readonly job: JobId;
  readonly instance: string;
  readonly spot: boolean;
  readonly started: number;
};
export type WorkerRow = WorkerFacts & { readonly number: number };
type Queued = { readonly expiresAtSeconds: number };

export const workerKind = defineRow<WorkerFacts>({
  table: 'executions',
  name: 'worker',
  pk: 'worker#{user}',
  sk: 'N#{number in 5 digits}',
  meaning:
    'A worker of that user, written before it is started. The row is closed when the row of its job says that it no longer holds the job. The number then goes to another worker.',
  fields: {
    required: { worker: 'text', job: 'text', instance: 'text', spot: 'flag', started: 'number' },
    optional: {},
  },
});
export const queuedKind = defineRow<Queued>({
  table: 'executions',
  name: 'queued job',
  pk: 'worker#{user}',
  sk: 'W#{created in 13 digits}#{job}',
  meaning: 'A runnable job that waits for a number, in the order of their tries. A hint, deleted after 60 days.',
  fields: { required: { expiresAtSeconds: 'number' }, optional: {} },
});

/** The partition of the workers of a user. */
export function workersOf(user: UserId): string {
  return `worker#${user}`;
}

/** The row of a worker. */
export function workerRow(user: UserId, { number, ...facts }: WorkerRow): Row {
  return { pk: workersOf(user), sk: `${numberPrefix}${String(number).padStart(numberDigits, '0')}`, ...facts };
}

/** A worker. */
export function readWorker(row: Row): WorkerRow {
  const { sk, worker, job, instance, spot, started } = readRow(workerKind, row);
  return { number: Number(sk.slice(numberPrefix.length)), worker, job, instance, spot, started };
}

/**
 * The key of a runnable job that waits for a number.
 *
 * @param tryCreated the beginning of its try, in milliseconds since 1970
 */
export function queuedKey(user: UserId, tryCreated: number, job: JobId): Key {
  const time = String(Math.max(0, tryCreated)).padStart(timeDigits, '0');
  return { pk: workersOf(user), sk: `${queuedPrefix}${time}#${job}` };
}

/** The row of a runnable job that waits for a number. */
export function queuedRow(key: Key, now: number): Row {
  return { ...key, expiresAtSeconds: Math.ceil(now / 1000) + queuedLifeSeconds };
}

/** The job that waits for a number. */
export function readQueued(row: Row): JobId {
  const { sk } = readRow(queuedKind, row);
  const job = sk.slice(sk.lastIndexOf('#') + 1);
  if (!isId(job, 'job')) throw new Error(`The row ${row.pk} · ${sk} of executions does not name a job`);
  return job;
}

/** The sort keys of workers, and those of waiting jobs, have these beginnings. */
export const numberPrefix = 'N#';
export const queuedPrefix = 'W#';
const numberDigits = 5;
const timeDigits = 13;
/** Longer than a tree may live. */
const queuedLifeSeconds = 60 * 86_400;
