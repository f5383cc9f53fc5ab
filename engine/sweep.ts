// The sweep: reconciles without any event. Looks at every job that is due, at what runs for it, and says when it looks
// again. What it does is what the stream does, and what only a clock can notice: leases, timeouts, launches that died.

import type { Context } from '../core/context.ts';
import { isId, type JobId } from '../core/id/identifier.ts';
import { dueTime } from '../core/job/due.ts';
import { failureMessages } from '../core/job/failure.ts';
import { endOfWorker } from '../core/job/restart.ts';
import { type JobRow, jobWorker } from '../core/job/row.ts';
import type { JobState } from '../core/job/state.ts';
import { endIfDoomed, lookAt } from './job/advance.ts';
import { endTry } from './job/end-try.ts';
import { afterLaunch, launch } from './launch/launch.ts';
import { loadWorker } from './launch/worker-task.ts';
import { loadJob } from './store/load-job.ts';
import { type Saved, saveJob } from './store/save-job.ts';

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
  readonly failed: readonly { readonly job: JobId; readonly error: unknown }[];
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
  const failed: { job: JobId; error: unknown }[] = [];
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
    const jobs = due.flatMap(({ id }) => (isId(id, 'job') ? [id] : []));
    const errors = await Promise.all(jobs.map((job) => sweepOrPutOff(context, job)));
    for (const [index, job] of jobs.entries()) {
      const error = errors[index];
      if (error !== undefined) failed.push({ job, error });
    }
  }
  return { lookedAt, more: true, failed };
}

/** What went wrong; the job is due again later, behind those that wait now. */
async function sweepOrPutOff(context: Context, job: JobId): Promise<unknown> {
  try {
    await sweepJob(context, job);
    return undefined;
  } catch (error) {
    try {
      await lookLater(context, job);
      return error;
    } catch (second) {
      return new AggregateError([error, second], `${job} could neither be swept nor put off`, { cause: error });
    }
  }
}

/**
 * An event tells of the job's task or execution, which is news only while its state depends on them. The consequences of
 * every other state come with the record of the stream: a second and a third hand would do them twice and three times.
 */
export async function sweepForWorker(context: Context, job: JobId): Promise<void> {
  const row = await loadJob(context, job);
  if (row !== undefined && dependsOnWorker.has(row.state)) await sweepJob(context, job);
}

/** Looks at one job, and goes on while it changes. */
export async function sweepJob(context: Context, job: JobId): Promise<void> {
  for (let step = 0; step < stepLimit; step++) {
    const row = await loadJob(context, job);
    if (row === undefined || row.tombstone === true) return;
    const saved = await lookClosely(context, row);
    if (saved !== undefined) continue;
    if (await lookLater(context, job)) return;
  }
  throw new Error(`${job} changes too often to be swept; it is looked at again`);
}

/** Unlike a look that the stream asked for, it asks Step Functions and ECS what they know. */
async function lookClosely(context: Context, row: JobRow): Promise<Saved | undefined> {
  if (row.state === 'runnable') return (await endIfDoomed(context, row)) ?? lookAtLaunch(context, row);
  if (row.state === 'running') return (await endIfDoomed(context, row)) ?? lookAtWorker(context, row);
  return lookAt(context, row);
}

async function lookAtLaunch(context: Context, row: JobRow): Promise<Saved | undefined> {
  const state = await context.workers.launchState(jobWorker(row));
  if (state?.kind === 'ended') return afterLaunch(context, row, state);
  if (state === undefined) await launch(context, row);
  return undefined;
}

async function lookAtWorker(context: Context, row: JobRow): Promise<Saved | undefined> {
  const now = context.now();
  const worker = await loadWorker(context, row);
  if (worker.kind === 'ended') return endTry(context, row, endOfWorker(row, worker, now));
  const { leaseUntil = now, timeoutMs, startedRunning = now, task } = row;
  const leaseMs = context.settings.leaseSeconds * 1000;
  if (leaseUntil < now) {
    // Nobody looked when it ran out: the clock jumped, or the platform was away, and its worker may be there still.
    if (now - leaseUntil > Math.max(missedLooks * leaseMs, missedSweepMs)) {
      return saveJob(context, row, { kind: 'beat', leaseUntil: now + leaseMs }, { leaseUntil: row.leaseUntil });
    }
    if (task !== undefined) await context.workers.stop(task, 'nothing was heard of it');
    const stopped = await loadWorker(context, row);
    return stopped.kind === 'ended' ? endTry(context, row, endOfWorker(row, stopped, now)) : undefined;
  }
  if (timeoutMs === undefined || now <= startedRunning + timeoutMs + leaseMs) return undefined;
  const message = failureMessages.timeout(Math.round(timeoutMs / 60_000));
  return saveJob(context, row, { kind: 'end', failure: { reason: 'JobTimeoutExceeded', message } });
}

/** True when the job needs no further look now: it has nothing to come, is not due, or has a new time. */
async function lookLater(context: Context, job: JobId): Promise<boolean> {
  const row = await loadJob(context, job);
  const now = context.now();
  if (row?.dueAt === undefined || row.dueAt > now) return true;
  const dueAt = dueTime(row, now, context.settings.leaseSeconds * 1000);
  // A lease that has run out is looked at again soon: its task is being stopped.
  const later = Math.max(dueAt, now + context.settings.heartbeatSeconds * 1000);
  return (await saveJob(context, row, { kind: 'look', dueAt: later })).kind !== 'changed';
}

const dependsOnWorker: ReadonlySet<JobState> = new Set(['runnable', 'running', 'terminating', 'restartable']);
const jobsAtATime = 10;
/** Changes that one look may bring about, one after the other. */
const stepLimit = 20;
/** Lengths of a lease after which a lease that ran out must have been noticed, had anybody looked. */
const missedLooks = 2;
/** The same where leases are shorter than a minute, which is how often anybody looks. */
const missedSweepMs = 90_000;
