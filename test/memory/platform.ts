// Drives the engine on a memory context: it delivers stream records and messages, and plays workers. One loop, which a
// test can stop anywhere, takes the place of a deployment's streams, queues and Step Functions.

import type { RunnableMessage } from '../../core/context.ts';
import { type JobId, type ObjectId, parseId } from '../../core/id/identifier.ts';
import { type WorkerId, workerId } from '../../core/id/worker.ts';
import type { JobRow } from '../../core/job/row.ts';
import type { Hash } from '../../core/reference/value.ts';
import { jobKey, readJob } from '../../core/row/execution/job.ts';
import { onExecutionChange, onObjectClosed } from '../../engine/advance.ts';
import { finalise } from '../../engine/finalise.ts';
import { type Claimed, claim } from '../../engine/job/claim.ts';
import { finish, type Result } from '../../engine/job/finish.ts';
import { loadInput } from '../../engine/job/input.ts';
import { dispatch } from '../../engine/launch/dispatch.ts';
import { sweepShards } from '../../engine/sweep.ts';
import { doWork } from '../../engine/work.ts';
import type { MemoryContext } from './context.ts';
import { jobId } from './plan.ts';
import type { RowChange } from './rows.ts';
import { bootOf, ended, type WorkRecord } from './workers.ts';

/** The program of a job. It returns its result, or `undefined` to keep running. It may call the API as the job. */
export type Program = (claimed: Claimed & { readonly input: Hash }) => Promise<Result | undefined> | Result | undefined;
export type MemoryPlatform = {
  /** Delivers everything until only messages are left that are due later. */
  run(): Promise<void>;
  /** Sweeps every shard at the present time of the clock. */
  sweep(): Promise<void>;
  /** Records that have not been delivered yet. */
  readonly records: RowChange[];
};

/**
 * Makes a platform whose workers run `program`.
 *
 * @param isReported false loses the news that a launch has ended
 */
export function createMemoryPlatform(
  context: MemoryContext,
  program: Program,
  isReported: () => boolean = () => true,
): MemoryPlatform {
  const records: RowChange[] = [];
  const started = new Set<WorkerId>();
  context.rows.onChange = (change) => void records.push(change);
  const step = async (): Promise<boolean> => {
    const record = records.shift();
    if (record !== undefined) {
      await deliverRecord(context, record);
      return true;
    }
    const work = takeVisible<WorkRecord>(context.queues.work, context.clock.now);
    if (work !== undefined) {
      await doWork(context, work);
      return true;
    }
    const runnable = takeVisible<RunnableMessage & { group: string }>(context.queues.runnable, context.clock.now);
    if (runnable !== undefined) {
      await dispatch(context, runnable);
      return true;
    }
    for (const [worker, launch] of context.workers.launches) {
      if (launch.state.kind === 'ended' || started.has(worker)) continue;
      started.add(worker);
      await playWorker(context, worker, program, isReported);
      return true;
    }
    return false;
  };
  return {
    records,
    async run() {
      for (let count = 0; await step(); count++) {
        if (count > stepLimit) throw new Error(`still moving after ${stepLimit} steps`);
      }
    },
    async sweep() {
      const limits = { jobCount: 10_000, until: Number.POSITIVE_INFINITY };
      const { failed, unread } = await sweepShards(context, limits);
      for (const error of [...unread, ...failed.map((one) => one.error)]) throw error;
      // Jobs that were due for long are looked at by messages.
      const isAside = ({ message }: { message: WorkRecord }) => message.kind === 'sweep';
      const aside = context.queues.work.filter(isAside);
      context.queues.work = context.queues.work.filter((one) => !isAside(one));
      for (const { message } of aside) await doWork(context, message);
    },
  };
}

/** Delivers one record of a table's stream, as the function `advance` does. */
async function deliverRecord(context: MemoryContext, { table, before, after }: RowChange): Promise<void> {
  if (after === undefined || after.sk !== 'A') return;
  if (table === 'executions') await onExecutionChange(context, after, before);
  const parsed = parseId(after.pk);
  if (table === 'objects' && after.state === 'closed' && before?.state !== 'closed' && parsed !== undefined) {
    await onObjectClosed(context, parsed.id as ObjectId);
  }
}

/** The ARN of the first task that was started for a worker. */
export function taskOf(worker: string): string {
  return `arn:aws:ecs:us-east-1:000000000000:task/espalier-test-workers/${worker}`;
}

/** A job by its id, as it is now. */
export function peekJob(context: MemoryContext, job: JobId): JobRow {
  const row = readJob(context.rows.peek('executions', jobKey(job)));
  if (row === undefined) throw new Error(`there is no ${job}`);
  return row;
}

/** The job that was planned under this name (`planJob`), as it is now. */
export function byName(context: MemoryContext, name: string): JobRow {
  return peekJob(context, jobId(name));
}

/** True once nothing is left to happen to a job but the last pass over its workspaces. */
export function isSettled({ dueAt, lastPassAt }: { readonly [name: string]: unknown }): boolean {
  return dueAt === lastPassAt;
}

/** Plays one well-behaved worker: it claims, runs the program, reports, and ends. */
async function playWorker(
  context: MemoryContext,
  worker: WorkerId,
  program: Program,
  isReported: () => boolean,
): Promise<void> {
  const launch = context.workers.launches.get(worker);
  if (launch === undefined) return;
  const boot = bootOf(launch.input);
  if (workerId(boot) !== worker) throw new Error(`${worker} has another job's input`);
  const task = taskOf(worker);
  context.workers.states.set(task, { kind: 'running' });
  const claimed = await claim(context, { ...boot, task }).catch(() => undefined);
  const result = claimed === undefined ? undefined : await runProgram(context, program, claimed);
  if (claimed !== undefined && result === undefined) return;
  if (claimed !== undefined && result !== undefined) {
    const { state } = await finish(context, claimed.row, result);
    // It keeps the folder of a held job, and ends when it is stopped.
    if (state === 'debug_hold') return;
  }
  context.workers.states.set(task, ended('exited', 'exit code 0'));
  launch.state = ended('unknown');
  if (!isReported()) return;
  await finalise(context, worker, ended('exited', 'the worker ended (exit code 0) before it took the job'));
}

async function runProgram(context: MemoryContext, program: Program, claimed: Claimed): Promise<Result | undefined> {
  return program({ ...claimed, input: await loadInput(context, claimed.row, claimed.spec, 'itself') });
}

function takeVisible<Message>(queue: { message: Message; visibleAt: number }[], now: number): Message | undefined {
  const index = queue.findIndex(({ visibleAt }) => visibleAt <= now);
  return index < 0 ? undefined : queue.splice(index, 1)[0]?.message;
}

/** A tree of 10,000 jobs takes 200,000 steps. */
const stepLimit = 1_000_000;
