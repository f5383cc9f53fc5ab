// Starts workers for the jobs that are runnable, as far as there are slots.

import type { Context, RunnableMessage, WorkerEnd, Workers } from '../../core/context.ts';
import type { JobId } from '../../core/id/identifier.ts';
import { readWorkerId, type WorkerId } from '../../core/id/worker.ts';
import { dispatch } from '../../engine/launch/dispatch.ts';
import { loadJob } from '../../engine/store/load-job.ts';
import { createStartQueue, type StartQueue } from '../queue/start-queue.ts';
import { createUnderWay } from '../under-way.ts';
import { createKeptWorkers, type KeptWorkerOptions, type KeptWorkers } from './kept-workers.ts';
import { createSlots } from './slots.ts';

export type WorkerOptions = Omit<KeptWorkerOptions, 'keptCount' | 'onEnded'> & {
  /** Handles the end of a worker. */
  readonly onEnded: (worker: WorkerId, end: WorkerEnd) => Promise<void>;
  readonly context: () => Context;
  /** The number of jobs that may run at once. */
  readonly slots: number;
};
export type OwnWorkers = {
  readonly port: Workers;
  /** Takes requests for workers. */
  request(messages: readonly (RunnableMessage & { readonly group: string })[], delaySeconds?: number): Promise<void>;
  warmUp(): Promise<void>;
  close(): Promise<void>;
};

export function createWorkers(options: WorkerOptions): OwnWorkers {
  const { context, report } = options;
  let isClosed = false;
  let isFilling = false;
  const underWay = createUnderWay();
  const processes = createKeptWorkers({
    ...options,
    keptCount: options.slots,
    ask: (...question) => underWay.add(options.ask(...question)),
    onEnded(worker: WorkerId, end: WorkerEnd) {
      slots.leave(worker);
      // What follows from an end that the platform's own end causes, the next start finds.
      if (isClosed) return;
      const followed = underWay.add(options.onEnded(worker, end));
      followed.catch((fault: unknown) => report(`the end of worker ${worker}`, fault));
      void fill();
    },
  });
  const queue = createStartQueue(() => void fill());
  const slots = createSlots(queue, options.slots);
  const fill = async () => {
    if (isFilling || isClosed) return;
    isFilling = true;
    try {
      for (let message = slots.take(); message !== undefined && !isClosed; message = slots.take()) {
        await begin(message);
      }
    } finally {
      isFilling = false;
    }
  };
  /** A request that is out of date starts nothing, and gives its slot back. */
  const begin = async (message: RunnableMessage) => {
    await underWay
      .add(dispatch(context(), message))
      .catch((fault: unknown) => report(`the start of ${message.worker}`, fault));
    if (processes.launchState(message.worker) === undefined) slots.leave(message.worker);
  };
  return {
    port: { ...portOf(processes, queue), slotsTaken: () => slots.used },
    async request(messages, delaySeconds) {
      for (const { worker } of messages) slots.note(worker, await ancestorsOf(context(), worker));
      if (!isClosed) queue.send(messages, delaySeconds);
    },
    warmUp: () => processes.warmUp(),
    async close() {
      isClosed = true;
      queue.close();
      await processes.close();
      await underWay.ended();
    },
  };
}

function portOf(processes: KeptWorkers, queue: StartQueue): Workers {
  return {
    start: (worker, input) => processes.start(worker, input),
    launchState: async (worker) =>
      processes.launchState(worker) ?? (queue.holds(worker) ? { kind: 'starting' } : undefined),
    stopLaunch: async (worker) => processes.stopLaunch(worker),
    state: async (handle) => processes.state(handle),
    stop: async (handle) => processes.stop(handle),
  };
}

/** The jobs above the job of a worker, the nearest first. */
async function ancestorsOf(context: Context, worker: WorkerId): Promise<JobId[]> {
  const ancestors: JobId[] = [];
  const job = readWorkerId(worker)?.job;
  let row = job && (await loadJob(context, job));
  while (row?.parent !== undefined) {
    ancestors.push(row.parent);
    row = await loadJob(context, row.parent);
  }
  return ancestors;
}
