// Queues, executions, tasks and log streams in memory: they only remember. A test decides what is delivered and who dies.

import type {
  LaunchInput,
  LogLine,
  LogReader,
  Queues,
  RunnableMessage,
  TaskView,
  Value,
  Workers,
} from '../../core/context.ts';
import type { JobId } from '../../core/id/identifier.ts';
import type { LaunchOf, WorkerId } from '../../core/id/worker.ts';
import type { Hook } from './rows.ts';

export type WorkRecord = { readonly [name: string]: Value };
export type Sent<Message> = { readonly message: Message; readonly visibleAt: number };
export interface MemoryQueues extends Queues {
  hook: Hook;
  /** Waiting messages, in the order sent; tests take them out. */
  runnable: Sent<RunnableMessage & { group: string }>[];
  work: Sent<WorkRecord>[];
}

/** Empty queues. */
export function createMemoryQueues(now: () => number): MemoryQueues {
  const queues: MemoryQueues = {
    hook: {},
    runnable: [],
    work: [],
    async sendRunnable(messages, delaySeconds = 0) {
      await around(queues.hook, 'queues', 'sendRunnable', JSON.stringify(messages), () => {
        checkDelay(delaySeconds);
        queues.runnable.push(...messages.map((message) => ({ message, visibleAt: now() + delaySeconds * 1000 })));
      });
    },
    async sendWork(messages, delaySeconds = 0) {
      await around(queues.hook, 'queues', 'sendWork', JSON.stringify(messages), () => {
        checkDelay(delaySeconds);
        queues.work.push(...messages.map((message) => ({ message, visibleAt: now() + delaySeconds * 1000 })));
      });
    },
  };
  return queues;
}

export type MemoryExecution = { readonly input: LaunchInput; status: 'RUNNING' | 'CLOSED' };
export interface MemoryWorkers extends Workers {
  hook: Hook;
  readonly executions: Map<WorkerId, MemoryExecution>;
  /** By task ARN; absent: ECS no longer knows it. */
  readonly tasks: Map<string, TaskView>;
  /** ARNs that `stopTask` was called for: the test decides when they are STOPPED, unless `stopAtOnce`. */
  readonly stopping: Set<string>;
  stopAtOnce: boolean;
}

/** No worker yet. */
export function createMemoryWorkers(): MemoryWorkers {
  const workers: MemoryWorkers = {
    hook: {},
    executions: new Map(),
    tasks: new Map(),
    stopping: new Set(),
    stopAtOnce: true,
    start: (worker, input) =>
      around(workers.hook, 'workers', 'start', worker, () => {
        if (!workers.executions.has(worker)) workers.executions.set(worker, { input, status: 'RUNNING' });
      }),
    executionStatus: (worker) =>
      around(workers.hook, 'workers', 'executionStatus', worker, () => workers.executions.get(worker)?.status, false),
    stopExecution: (worker) =>
      around(workers.hook, 'workers', 'stopExecution', worker, () => {
        const execution = workers.executions.get(worker);
        if (execution !== undefined) execution.status = 'CLOSED';
      }),
    task: (arn) => around(workers.hook, 'workers', 'task', arn, () => workers.tasks.get(arn), false),
    stopTask: (arn) =>
      around(workers.hook, 'workers', 'stopTask', arn, () => {
        if (!workers.tasks.has(arn)) return;
        workers.stopping.add(arn);
        if (workers.stopAtOnce) workers.tasks.set(arn, { lastStatus: 'STOPPED', stopCode: 'UserInitiated' });
      }),
  };
  return workers;
}

/** What a worker finds in its environment, and claims with. */
export function bootOf({ environment }: LaunchInput): LaunchOf & { readonly nonce: string } {
  const { ESPALIER_JOB, ESPALIER_TRY, ESPALIER_LAUNCH, ESPALIER_NONCE = '' } = environment;
  const numbers = { try: Number(ESPALIER_TRY), launch: Number(ESPALIER_LAUNCH) };
  return { job: ESPALIER_JOB as JobId, ...numbers, nonce: ESPALIER_NONCE };
}

export interface MemoryLogs extends LogReader {
  append(taskArn: string, lines: readonly LogLine[]): void;
}

/** A page of CloudWatch may be shorter than was asked for: it ends at 1 MB. */
const maxPageLines = 1000;

/** Tokens are positions. */
export function createMemoryLogs(): MemoryLogs {
  const streams = new Map<string, LogLine[]>();
  return {
    append: (taskArn, lines) => void streams.set(taskArn, [...(streams.get(taskArn) ?? []), ...lines]),
    async read(taskArn, token, limit = 10_000) {
      const lines = streams.get(taskArn);
      if (lines === undefined) return { lines: [], token: undefined };
      const from = Number(token ?? 0);
      const page = lines.slice(from, from + Math.min(limit, maxPageLines));
      return { lines: page, token: String(from + page.length) };
    },
  };
}

async function around<Result>(
  hook: Hook,
  port: string,
  name: string,
  detail: string,
  act: () => Result,
  writes = true,
): Promise<Result> {
  const step = { port, name, detail, writes };
  await hook.before?.(step);
  const result = act();
  await hook.after?.(step, result);
  return result;
}

function checkDelay(delaySeconds: number): void {
  if (!(delaySeconds >= 0 && delaySeconds <= 900)) throw new Error(`a delay is 0 to 900 seconds, not ${delaySeconds}`);
}
