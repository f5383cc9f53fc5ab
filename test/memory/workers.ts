// Queues, launches, tasks and log streams in memory. They only remember: a test decides which messages are delivered
// and which workers die.

import type {
  LaunchInput,
  LogLine,
  LogReader,
  Queues,
  RunnableMessage,
  Value,
  WorkerEnd,
  WorkerEnding,
  WorkerHandle,
  WorkerState,
  Workers,
} from '../../core/context.ts';
import type { JobId } from '../../core/id/identifier.ts';
import type { LaunchOf, WorkerId } from '../../core/id/worker.ts';
import { around, type Hook } from './rows.ts';

export type WorkRecord = { readonly [name: string]: Value };
export type Sent<Message> = { readonly message: Message; readonly visibleAt: number };
export interface MemoryQueues extends Queues {
  hook: Hook;
  /** Waiting messages in the order of sending. Tests take them out. */
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
      await call(
        queues.hook,
        'queues',
        'sendRunnable',
        JSON.stringify(messages),
        () => {
          checkDelay(delaySeconds);
          queues.runnable.push(...messages.map((message) => ({ message, visibleAt: now() + delaySeconds * 1000 })));
        },
        true,
        delaySeconds,
      );
    },
    async sendWork(messages, delaySeconds = 0) {
      await call(
        queues.hook,
        'queues',
        'sendWork',
        JSON.stringify(messages),
        () => {
          checkDelay(delaySeconds);
          queues.work.push(...messages.map((message) => ({ message, visibleAt: now() + delaySeconds * 1000 })));
        },
        true,
        delaySeconds,
      );
    },
  };
  return queues;
}

export type MemoryLaunch = { readonly input: LaunchInput; state: WorkerState };
export interface MemoryWorkers extends Workers {
  hook: Hook;
  readonly launches: Map<WorkerId, MemoryLaunch>;
  /** A worker that is absent here is not known any more. */
  readonly states: Map<WorkerHandle, WorkerState>;
  /** Workers for which `stop` was called. The test decides when they end, unless `stopAtOnce` is set. */
  readonly stopping: Set<WorkerHandle>;
  stopAtOnce: boolean;
  /** The state of a worker becomes known: one step, as the port's own calls are. */
  report(handle: WorkerHandle, state: WorkerState): Promise<void>;
}

/** Workers in memory, with none started yet. */
export function createMemoryWorkers(): MemoryWorkers {
  const workers: MemoryWorkers = {
    hook: {},
    launches: new Map(),
    states: new Map(),
    stopping: new Set(),
    stopAtOnce: true,
    start: (worker, input) =>
      call(
        workers.hook,
        'workers',
        'start',
        worker,
        () => {
          if (!workers.launches.has(worker)) workers.launches.set(worker, { input, state: { kind: 'starting' } });
        },
        true,
        input,
      ),
    launchState: (worker) =>
      call(workers.hook, 'workers', 'launchState', worker, () => workers.launches.get(worker)?.state, false),
    stopLaunch: (worker) =>
      call(workers.hook, 'workers', 'stopLaunch', worker, () => {
        const launch = workers.launches.get(worker);
        if (launch !== undefined) launch.state = ended('unknown');
      }),
    state: (handle) => call(workers.hook, 'workers', 'state', handle, () => workers.states.get(handle), false),
    report: (handle, state) =>
      call(workers.hook, 'workers', 'report', handle, () => void workers.states.set(handle, state), true, state),
    stop: (handle) =>
      call(workers.hook, 'workers', 'stop', handle, () => {
        if (!workers.states.has(handle)) return;
        workers.stopping.add(handle);
        if (workers.stopAtOnce) workers.states.set(handle, ended('stopped'));
      }),
  };
  return workers;
}

/** The end of a worker, as the port reports it. */
export function ended(how: WorkerEnding, why = ''): WorkerEnd {
  return { kind: 'ended', how, why };
}

/** The variables of a worker's environment with which it claims its job. */
export function bootOf({ environment }: LaunchInput): LaunchOf & { readonly nonce: string } {
  const { ESPALIER_JOB, ESPALIER_TRY, ESPALIER_LAUNCH, ESPALIER_NONCE = '' } = environment;
  const numbers = { try: Number(ESPALIER_TRY), launch: Number(ESPALIER_LAUNCH) };
  return { job: ESPALIER_JOB as JobId, ...numbers, nonce: ESPALIER_NONCE };
}

export interface MemoryLogs extends LogReader {
  append(taskArn: string, lines: readonly LogLine[]): void;
}

/** A page of CloudWatch may be shorter than requested, because it ends at 1 MB. */
const maximumPageLines = 1000;

/** Tokens are positions. */
export function createMemoryLogs(): MemoryLogs {
  const streams = new Map<string, LogLine[]>();
  return {
    append: (taskArn, lines) => void streams.set(taskArn, [...(streams.get(taskArn) ?? []), ...lines]),
    async read(taskArn, token, limit = 10_000) {
      const lines = streams.get(taskArn);
      if (lines === undefined) return { lines: [], token: undefined };
      const from = Number(token ?? 0);
      const page = lines.slice(from, from + Math.min(limit, maximumPageLines));
      return { lines: page, token: String(from + page.length) };
    },
  };
}

function call<Result>(
  hook: Hook,
  port: string,
  name: string,
  detail: string,
  act: () => Result,
  writes = true,
  args: unknown = detail,
): Promise<Result> {
  const keys = port === 'workers' ? [`workers ${detail}`] : [];
  return around(hook, { port, name, detail, writes, args, keys }, act);
}

function checkDelay(delaySeconds: number): void {
  if (!(delaySeconds >= 0 && delaySeconds <= 900)) throw new Error(`a delay is 0 to 900 seconds, not ${delaySeconds}`);
}
