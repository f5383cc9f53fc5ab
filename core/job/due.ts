// When the sweep looks at a job again. Pure: how long a lease is comes as an argument.

import type { JobId } from '../id/identifier.ts';
import type { JobRow } from './row.ts';

/**
 * When a row is to be looked at, if nothing happens before: a running job when its lease ends; one that waits after as
 * long as it has waited already, at least a lease, at most an hour; everything else after the time of a lease. A time that
 * is still to come and is not later is kept: moving it costs two writes in the index, looking early costs a read.
 */
export function dueTime(row: JobRow, now: number, leaseMs: number): number {
  const wanted = row.state === 'running' ? (row.leaseUntil ?? now + leaseMs) : now + patience(row, now, leaseMs);
  const { dueAt } = row;
  return dueAt !== undefined && dueAt > now && dueAt <= wanted ? dueAt : wanted;
}

/** Which part of the sweep's index a job is in. */
export function openShard(job: JobId, shardCount: number): number {
  let sum = 0;
  for (const character of job.slice('job-'.length)) sum = (sum * 31 + character.charCodeAt(0)) % 65_521;
  return sum % shardCount;
}

function patience(row: JobRow, now: number, leaseMs: number): number {
  switch (row.state) {
    case 'idle':
    case 'runnable':
      return waited(row, now, Math.max(leaseMs, queuedMs));
    case 'waiting_on_input':
    case 'waiting_on_output':
      return waited(row, now, leaseMs);
    default:
      return leaseMs;
  }
}

function waited(row: JobRow, now: number, atLeastMs: number): number {
  return Math.max(atLeastMs, Math.min(now - row.tryCreated, longestPatienceMs));
}

const longestPatienceMs = 3_600_000;
/** What moves these jobs on is in a stream or a queue that keeps it: looking at a long queue would send all of it again. */
const queuedMs = 120_000;
