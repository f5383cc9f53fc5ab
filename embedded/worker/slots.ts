// The slots of this machine: how many jobs run at a time, and which one is next. A job in a slot may wait for the jobs
// below it. While none of those has a slot, one of them gets a slot beyond the limit. The levels of a tree are limited,
// and so are these slots.

import type { RunnableMessage } from '../../core/context.ts';
import type { JobId } from '../../core/id/identifier.ts';
import { readWorkerId, type WorkerId } from '../../core/id/worker.ts';
import type { StartQueue } from '../queue/start-queue.ts';

export type Slots = {
  /** Notes the jobs above a job whose worker is waited for. They are forgotten when the worker is taken. */
  note(worker: WorkerId, ancestors: readonly JobId[]): void;
  /** Takes the next request that may have a slot now, and its slot. */
  take(): RunnableMessage | undefined;
  /** Gives a slot back. */
  leave(worker: WorkerId): void;
  /** Slots that are in use, those beyond the limit included. */
  readonly used: number;
};

export function createSlots(queue: StartQueue, limit: number): Slots {
  /** The jobs above each job that has a slot, and above each one that waits for one. */
  const running = new Map<WorkerId, readonly JobId[]>();
  const waiting = new Map<WorkerId, readonly JobId[]>();
  /** The workers that are waited for, by each job above them. */
  const below = new Map<JobId, Set<WorkerId>>();

  const forget = (worker: WorkerId): readonly JobId[] => {
    const ancestors = waiting.get(worker) ?? [];
    waiting.delete(worker);
    for (const ancestor of ancestors) {
      const workers = below.get(ancestor);
      workers?.delete(worker);
      if (workers?.size === 0) below.delete(ancestor);
    }
    return ancestors;
  };
  const begin = (message: RunnableMessage | undefined) => {
    if (message !== undefined) running.set(message.worker, forget(message.worker));
    return message;
  };
  /** A request below a job that has a slot while none of the jobs below it has one. */
  const takeOwed = (): RunnableMessage | undefined => {
    const served = new Set([...running.values()].flat());
    for (const worker of running.keys()) {
      const job = readWorkerId(worker)?.job;
      if (job === undefined || served.has(job)) continue;
      for (const one of below.get(job) ?? []) {
        const message = queue.takeOne(one);
        if (message !== undefined) return message;
      }
    }
    return undefined;
  };
  return {
    note(worker, ancestors) {
      waiting.set(worker, ancestors);
      for (const ancestor of ancestors) below.set(ancestor, (below.get(ancestor) ?? new Set()).add(worker));
    },
    take: () => begin(running.size < limit ? queue.take() : takeOwed()),
    leave: (worker) => void running.delete(worker),
    get used() {
      return running.size;
    },
  };
}
