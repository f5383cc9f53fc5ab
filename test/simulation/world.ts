// Builds small worlds for the explorer: the rows at one moment, and the functions of the engine that meet there.

import { createHash } from 'node:crypto';
import { isEndState } from '../../core/execution/head.ts';
import type { JobId } from '../../core/id/identifier.ts';
import type { WorkerId } from '../../core/id/worker.ts';
import { beforeMembers, type JobRow } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { type ExecutionRow, isExecutionKey, isJob, readExecution } from '../../core/row/execution/execution.ts';
import { jobKey, readJob, toRow } from '../../core/row/execution/job.ts';
import { memberRow } from '../../core/row/execution/tree.ts';
import { onExecutionChange } from '../../engine/advance.ts';
import { claim } from '../../engine/job/claim.ts';
import { finish, type Result } from '../../engine/job/finish.ts';
import { dispatch } from '../../engine/launch/dispatch.ts';
import { sweepShards } from '../../engine/sweep.ts';
import { doWork } from '../../engine/work.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { type PlanOptions, planJob } from '../memory/plan.ts';
import { type RowChange, rowDigest } from '../memory/rows.ts';
import { bootOf, ended, type WorkRecord } from '../memory/workers.ts';
import type { Touch } from './contention.ts';
import { isActing, type Mail, nextDraw, type World } from './replay.ts';

/** A context whose random bytes depend on the actor that asks, not on the order of the actors. */
export function createSmallContext(): MemoryContext {
  let drawn = 0;
  const context = createMemoryContext({ settings: { openShardCount: 1 } });
  const random = (byteCount: number): Uint8Array => {
    const draw = nextDraw() ?? `nobody ${++drawn}`;
    return createHash('sha512').update(draw).digest().subarray(0, byteCount);
  };
  return Object.assign(context, { random });
}

/** Puts a job into the rows, in the given state. */
export async function givenJob(context: MemoryContext, name: string, options: PlanOptions & { at: Partial<JobRow> }) {
  const plan = planJob(name, options);
  const row: JobRow = { ...plan.row, openShard: 0, dueAt: context.now() + 600_000, ...options.at };
  await context.bodies.save(row.pk, 'spec', plan.spec satisfies ExecutionSpec);
  await context.rows.put('executions', toRow(row));
  if (plan.memberOf !== undefined) {
    const { root, parent } = plan.memberOf;
    const { pk: job, parentTry = 0, lineage } = row;
    await context.rows.put('executions', memberRow(root, { parent, execution: job, parentTry, lineage }));
    if (peek(context, parent)?.state === 'running') {
      await context.rows.update('executions', jobKey(parent), { set: { cursor: beforeMembers } });
    }
  }
  return row;
}

/** The parts that all worlds share: mail becomes calls of the engine, and the sweep runs until quiet. */
export function wire(context: MemoryContext): Pick<World, 'context' | 'mailOf' | 'takeMail' | 'sweep'> {
  return {
    context,
    mailOf: (change) => mailOf(context, change),
    takeMail: () => [
      ...context.queues.runnable.splice(0).map(({ message: { group: _, ...message } }): Mail => {
        return { name: `runnable ${message.worker}`, deliver: () => dispatch(context, message) };
      }),
      ...takeDue(context).map((message): Mail => {
        return { name: `work ${JSON.stringify(message)}`, deliver: () => doWork(context, message) };
      }),
    ],
    sweep: () => sweepUntilQuiet(context),
  };
}

/** Takes the due messages. Later ones stay in the queue, because the clock stands still during a search. */
function takeDue(context: MemoryContext): WorkRecord[] {
  const { queues, clock } = context;
  const due = queues.work.filter(({ visibleAt }) => visibleAt <= clock.now);
  queues.work = queues.work.filter((one) => !due.includes(one));
  return due.map(({ message }) => message);
}

/** Runs only the sweep, as if every message from now on were lost. Workers that it starts do their work. */
async function sweepUntilQuiet(context: MemoryContext): Promise<void> {
  for (let round = 0; round < sweepRounds; round++) {
    context.clock.now += 700_000;
    const limits = { jobCount: 1_000, until: Number.POSITIVE_INFINITY };
    const { failed, unread } = await sweepShards(context, limits);
    for (const error of [...unread, ...failed.map((one) => one.error)]) throw error;
    for (const { message } of context.queues.runnable.splice(0)) await dispatch(context, message);
    for (const { message } of context.queues.work.splice(0)) await doWork(context, message);
    for (const worker of context.workers.launches.keys()) await work(context, worker, `${worker}#sweep${round}`);
  }
}

/** One task of a launch: it claims and reports an empty output. It ends quietly when the claim is refused. */
async function work(context: MemoryContext, worker: WorkerId, task: string, result: Result = { output: {} }) {
  const launch = context.workers.launches.get(worker);
  if (launch === undefined || launch.state.kind === 'ended') return;
  context.workers.states.set(task, { kind: 'running' });
  const claimed = await claim(context, { ...bootOf(launch.input), task }).catch(() => undefined);
  if (claimed !== undefined) await finish(context, claimed.row, result).catch(() => undefined);
  context.workers.states.set(task, ended('exited'));
  launch.state = ended('unknown');
}

/** A job's row; undefined when it was never born. Actors must not call it: the search would not see what they read. */
export function peek(context: MemoryContext, job: JobId): JobRow | undefined {
  if (isActing()) throw new Error('an actor reads a row without a step');
  return readJob(context.rows.peek('executions', jobKey(job)));
}

/**
 * What changes mean to rules about a job that lives while another execution is over: done, settled, or in its next try, or
 * an analysis that has ended. Two jobs that come to life or end may do so in any order, and so may two that are over
 * (World.sees).
 */
export function seenByRulesOfLife({ table, before, after }: RowChange): Touch[] {
  const row = after ?? before;
  if (table !== 'executions' || row?.sk !== 'A') return [];
  const [was, is] = [before, after].map((one) => (one === undefined ? undefined : readExecution(one)));
  const lives = (one: ExecutionRow | undefined): boolean => one !== undefined && !isEndState(one.state);
  const isOver = (one: ExecutionRow | undefined): boolean =>
    one !== undefined && (isJob(one) ? one.state === 'done' : isEndState(one.state));
  const over = (one: ExecutionRow | undefined): string => `${isOver(one)} ${one?.dueAt === undefined} ${one?.try}`;
  return [
    ...(lives(was) === lives(is) ? [] : [{ key: `life of ${row.pk}`, writes: true }]),
    ...(over(was) === over(is) ? [] : [{ key: 'life of *', writes: false }]),
  ];
}

function mailOf(context: MemoryContext, { before, after }: RowChange): Mail | undefined {
  const row = after !== undefined && isExecutionKey(after) ? readExecution(after) : undefined;
  if (after === undefined || row === undefined || row.tombstone === true || row.state === 'running') return undefined;
  if (before?.state === row.state && before?.try === row.try && before?.launch === after.launch) return undefined;
  const name = `record ${row.name ?? row.pk} ${row.state} t${row.try} l${after.launch}`;
  // Only the start of a worker uses the row as it was. All else loads it again.
  const about = row.state === 'runnable' ? rowDigest(after) : '';
  return { name, about, deliver: () => onExecutionChange(context, after, before) };
}

const sweepRounds = 8;
