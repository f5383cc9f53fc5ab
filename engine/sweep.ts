// Sweeps: looks at every execution that is due and at its worker, and sets the time of its next look. This replaces
// lost events, and notices ended leases, timeouts and dead launches.

import { analysisDueTime } from '../core/analysis/due.ts';
import type { Context } from '../core/context.ts';
import { type ExecutionId, isExecutionId, type JobId } from '../core/id/identifier.ts';
import { asksWorker } from '../core/job/agenda.ts';
import { dueTime } from '../core/job/due.ts';
import { type ExecutionRow, isJob } from '../core/row/execution/execution.ts';
import type { WorkMessage } from '../core/work/message.ts';
import { look } from './advance.ts';
import { loadExecution, loadJob } from './store/load-job.ts';
import { lookAgainAt } from './store/save-analysis.ts';
import { saveJob } from './store/save-job.ts';
import { sendWork } from './store/send-work.ts';
import { lookLimitMs, withinTime } from './store/time-limit.ts';

export type SweepLimits = {
  /** The number of jobs after which a call ends. */
  readonly jobCount: number;
  /** The time after which no further page is begun, in milliseconds since 1970. */
  readonly until: number;
  /** The time that one look may take. */
  readonly lookMs?: number;
};

export type Swept = {
  readonly lookedAt: number;
  /** True when more jobs are due. */
  readonly more: boolean;
  /** Executions whose look failed. The caller reports them to the operator. */
  readonly failed: readonly { readonly execution: ExecutionId; readonly error: unknown }[];
};

/**
 * Looks at all jobs that are due, in all shards. A shard that cannot be read does not stop the others. Jobs that an
 * earlier sweep did not reach are set aside first, because a look at one of them may have ended that sweep.
 */
export async function sweepShards(
  context: Context,
  limits: SweepLimits,
): Promise<Swept & { readonly unread: readonly unknown[] }> {
  const shards = Array.from({ length: context.settings.openShardCount }, (_, shard) => shard);
  const aside = await Promise.allSettled(shards.map((shard) => setAside(context, shard, limits)));
  const left = shards.filter((shard) => {
    const one = aside[shard];
    return one?.status === 'fulfilled' && one.value.someDue;
  });
  const looks = await Promise.allSettled(left.map((shard) => lookAtDue(context, shard, limits)));
  const ended = [...aside, ...looks];
  const done = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  return {
    lookedAt: done.reduce((sum, { lookedAt }) => sum + lookedAt, 0),
    more: done.some(({ more }) => more),
    failed: done.flatMap(({ failed }) => failed),
    unread: ended.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])),
  };
}

/**
 * Puts the jobs off that were due before the last sweep, and sends a message for each, which is handled alone. A look
 * that ends its process, for example because it takes too much memory, then ends no other (docs/reference/protocols.md,
 * "Sweep").
 *
 * @returns `someDue`: whether other jobs of the shard are due. In most minutes none is, and the shard is not read again.
 */
async function setAside(
  context: Context,
  shard: number,
  limits: SweepLimits,
): Promise<Swept & { readonly someDue: boolean }> {
  const failed: { execution: ExecutionId; error: unknown }[] = [];
  const seen = new Set<string>();
  while (seen.size < limits.jobCount && context.now() < limits.until) {
    const found = await context.rows.due(shard, context.now(), seen.size + setAsideAtATime);
    const fresh = found.filter(({ id }) => !seen.has(id));
    const missed = fresh.filter(({ dueAt }) => isMissed(context, dueAt));
    if (missed.length === 0) return { lookedAt: seen.size, more: false, failed, someDue: fresh.length > 0 };
    for (const { id } of missed) seen.add(id);
    const executions = missed.flatMap(({ id }) => (isExecutionId(id) ? [id] : []));
    const put = await Promise.allSettled(executions.map((execution) => lookLater(context, execution)));
    const messages: WorkMessage[] = [];
    for (const [index, execution] of executions.entries()) {
      const one = put[index];
      if (one?.status === 'rejected') failed.push({ execution, error: one.reason });
      else messages.push({ kind: 'sweep', execution });
    }
    await sendWork(context, messages);
  }
  return { lookedAt: seen.size, more: true, failed, someDue: true };
}

/** True for a job that was due at the last sweep already. */
function isMissed(context: Context, dueAt: number): boolean {
  return dueAt <= context.now() - missedAfterMs;
}

/** Looks at the other jobs of a shard that are due. A job whose look fails is postponed and does not stop the others. */
async function lookAtDue(context: Context, shard: number, limits: SweepLimits): Promise<Swept> {
  const failed: { execution: ExecutionId; error: unknown }[] = [];
  let lookedAt = 0;
  const seen = new Set<string>();
  while (lookedAt < limits.jobCount && context.now() < limits.until) {
    // The index lags behind, so it may still hold rows that were just looked at, or set aside.
    const fresh = (await context.rows.due(shard, context.now(), seen.size + jobsAtATime)).filter(
      ({ id }) => !seen.has(id),
    );
    if (fresh.length === 0) return { lookedAt, more: false, failed };
    for (const { id } of fresh) seen.add(id);
    const due = fresh.filter(({ dueAt }) => !isMissed(context, dueAt));
    lookedAt += due.length;
    const executions = due.flatMap(({ id }) => (isExecutionId(id) ? [id] : []));
    const errors = await Promise.all(executions.map((execution) => sweepOrPutOff(context, execution, limits.lookMs)));
    for (const [index, execution] of executions.entries()) {
      const error = errors[index];
      if (error !== undefined) failed.push({ execution, error });
    }
  }
  return { lookedAt, more: true, failed };
}

/**
 * Sweeps one execution. If that fails, returns the error and makes the job due again, behind those that are due now.
 */
async function sweepOrPutOff(
  context: Context,
  execution: ExecutionId,
  limitMs: number = lookLimitMs,
): Promise<unknown> {
  try {
    await withinTime(`the look at ${execution}`, sweepExecution(context, execution), limitMs);
    return undefined;
  } catch (error) {
    try {
      await withinTime(`the postponement of ${execution}`, lookLater(context, execution), limitMs);
      return error;
    } catch (second) {
      return new AggregateError([error, second], `${execution} could neither be swept nor put off`, { cause: error });
    }
  }
}

/**
 * Handles an event about the worker or the launch of a job, which matters only while the job's state depends on them.
 * In every other state the stream's record brings the consequences, and this would only repeat them.
 */
export async function sweepForWorker(context: Context, job: JobId): Promise<void> {
  const row = await loadJob(context, job);
  if (row !== undefined && asksWorker(row.state)) await sweepExecution(context, job, row);
}

/**
 * Looks at one execution, and repeats that while the row changes.
 *
 * @param found the row of the execution, read just now
 */
export async function sweepExecution(context: Context, execution: ExecutionId, found?: ExecutionRow): Promise<void> {
  let row = found ?? (await loadExecution(context, execution));
  for (let step = 0; step < stepLimit; step++) {
    if (row?.dueAt === undefined || row.tombstone === true) return;
    const saved = await look(context, row, 'swept');
    if (saved === undefined && (await lookLater(context, execution))) return;
    row = saved?.kind === 'saved' ? saved.row : await loadExecution(context, execution);
  }
  throw new Error(`${execution} changed ${stepLimit} times during one sweep; the next sweep continues`);
}

/**
 * Sets the time of the next look. True when the job needs no further look now; false when its row changed meanwhile.
 */
async function lookLater(context: Context, execution: ExecutionId): Promise<boolean> {
  const row = await loadExecution(context, execution);
  const now = context.now();
  if (row?.dueAt === undefined || row.dueAt > now) return true;
  if (!isJob(row)) return lookAgainAt(context, row, analysisDueTime(row, now));
  const dueAt = dueTime(row, now, context.settings.leaseSeconds * 1000);
  // A job whose lease has ended is looked at again soon, because its task is being stopped.
  const later = dueAt > now ? dueAt : now + context.settings.heartbeatSeconds * 1000;
  return (await saveJob(context, row, { kind: 'look', dueAt: later })).kind !== 'changed';
}

/** All shards together hold the bodies of 16 times as many jobs in memory. */
const jobsAtATime = 3;
const setAsideAtATime = 25;
/** A job that has been due for so long was due at the last sweep already: sweeps come each minute, not quite exactly. */
const missedAfterMs = 50_000;
/** Changes that one sweep of an execution may cause, one after the other. */
const stepLimit = 20;
