// The sweep: reconciles without any event. Looks at every execution that is due, at what runs for it, and says when it looks
// again. What it does is what the stream does, and what only a clock can notice: leases, timeouts, launches that died.

import type { Context } from '../core/context.ts';
import { type ExecutionId, isExecutionId, type JobId } from '../core/id/identifier.ts';
import { asksWorker } from '../core/job/agenda.ts';
import { dueTime } from '../core/job/due.ts';
import { expectJob } from '../core/row/execution/execution.ts';
import { look } from './job/advance.ts';
import { loadExecution, loadJob } from './store/load-job.ts';
import { saveJob } from './store/save-job.ts';

export type SweepLimits = {
  /** Jobs looked at in one call. */
  readonly jobCount: number;
  /** No further page is begun after this time, in milliseconds since 1970. */
  readonly until: number;
};

export type Swept = {
  readonly lookedAt: number;
  /** More are due. */
  readonly more: boolean;
  /** Those that could not be looked at to the end, to be told to the operator. */
  readonly failed: readonly { readonly execution: ExecutionId; readonly error: unknown }[];
};

/** Looks at the jobs of all shards that are due. A shard that cannot be read keeps none of the others from being swept. */
export async function sweepShards(
  context: Context,
  limits: SweepLimits,
): Promise<Swept & { readonly unread: readonly unknown[] }> {
  const shards = Array.from({ length: context.settings.openShardCount }, (_, shard) => sweep(context, shard, limits));
  const ended = await Promise.allSettled(shards);
  const done = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  return {
    lookedAt: done.reduce((sum, { lookedAt }) => sum + lookedAt, 0),
    more: done.some(({ more }) => more),
    failed: done.flatMap(({ failed }) => failed),
    unread: ended.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])),
  };
}

/** Looks at the jobs of one shard that are due. One that cannot be looked at is put off: it keeps none from its turn. */
export async function sweep(context: Context, shard: number, limits: SweepLimits): Promise<Swept> {
  const failed: { execution: ExecutionId; error: unknown }[] = [];
  let lookedAt = 0;
  const seen = new Set<string>();
  while (lookedAt < limits.jobCount && context.now() < limits.until) {
    // Rows that were just looked at may still stand in the index, which lags behind.
    const due = (await context.rows.due(shard, context.now(), seen.size + jobsAtATime)).filter(
      ({ id }) => !seen.has(id),
    );
    if (due.length === 0) return { lookedAt, more: false, failed };
    for (const { id } of due) seen.add(id);
    lookedAt += due.length;
    const executions = due.flatMap(({ id }) => (isExecutionId(id) ? [id] : []));
    const errors = await Promise.all(executions.map((execution) => sweepOrPutOff(context, execution)));
    for (const [index, execution] of executions.entries()) {
      const error = errors[index];
      if (error !== undefined) failed.push({ execution, error });
    }
  }
  return { lookedAt, more: true, failed };
}

/** What went wrong; the job is due again later, behind those that wait now. */
async function sweepOrPutOff(context: Context, execution: ExecutionId): Promise<unknown> {
  try {
    await sweepExecution(context, execution);
    return undefined;
  } catch (error) {
    try {
      await lookLater(context, execution);
      return error;
    } catch (second) {
      return new AggregateError([error, second], `${execution} could neither be swept nor put off`, { cause: error });
    }
  }
}

/**
 * An event tells of the job's task or execution, which is news only while its state depends on them. The consequences of
 * every other state come with the record of the stream: a second and a third hand would do them twice and three times.
 */
export async function sweepForWorker(context: Context, job: JobId): Promise<void> {
  const row = await loadJob(context, job);
  if (row !== undefined && asksWorker(row.state)) await sweepExecution(context, job);
}

/** Looks at one execution, and goes on while it changes. */
export async function sweepExecution(context: Context, execution: ExecutionId): Promise<void> {
  for (let step = 0; step < stepLimit; step++) {
    const row = await loadExecution(context, execution);
    if (row === undefined || row.tombstone === true) return;
    const saved = await look(context, row, 'swept');
    if (saved !== undefined) continue;
    if (await lookLater(context, execution)) return;
  }
  throw new Error(`${execution} changes too often to be swept; it is looked at again`);
}

/** True when the job needs no further look now: it has nothing to come, is not due, or has a new time. */
async function lookLater(context: Context, execution: ExecutionId): Promise<boolean> {
  const found = await loadExecution(context, execution);
  const row = found && expectJob(found);
  const now = context.now();
  if (row?.dueAt === undefined || row.dueAt > now) return true;
  const dueAt = dueTime(row, now, context.settings.leaseSeconds * 1000);
  // A lease that has run out is looked at again soon: its task is being stopped.
  const later = Math.max(dueAt, now + context.settings.heartbeatSeconds * 1000);
  return (await saveJob(context, row, { kind: 'look', dueAt: later })).kind !== 'changed';
}

const jobsAtATime = 10;
/** Changes that one look may bring about, one after the other. */
const stepLimit = 20;
