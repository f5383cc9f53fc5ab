// The requests for workers, in memory: the rows of the jobs say the same, and a start looks at each of them. Projects
// take turns, so that none keeps the others waiting.

import type { RunnableMessage } from '../../core/context.ts';
import type { WorkerId } from '../../core/id/worker.ts';

type Request = RunnableMessage & { readonly group: string };
export type StartQueue = {
  send(requests: readonly Request[], delaySeconds?: number): void;
  /** Takes out the next request. */
  take(): RunnableMessage | undefined;
  /** Takes out the request for that worker. Undefined when none waits. */
  takeOne(worker: WorkerId): RunnableMessage | undefined;
  /** True while a request for that worker waits, or is put off. */
  holds(worker: WorkerId): boolean;
  close(): void;
};

/** @param onSent is called when a request can be taken */
export function createStartQueue(onSent: () => void): StartQueue {
  const waiting = new Map<WorkerId, Request>();
  /** Groups in the order of their turns, each with its workers in the order of their requests. */
  const turns = new Map<string, Set<WorkerId>>();
  const delayed = new Map<WorkerId, NodeJS.Timeout>();
  const add = (requests: readonly Request[]) => {
    for (const request of requests) {
      const { worker, group } = request;
      waiting.set(worker, request);
      turns.set(group, (turns.get(group) ?? new Set()).add(worker));
    }
    onSent();
  };
  const takeOne = (worker: WorkerId): RunnableMessage | undefined => {
    const request = waiting.get(worker);
    if (request === undefined) return undefined;
    const { group, ...message } = request;
    waiting.delete(worker);
    const own = turns.get(group);
    own?.delete(worker);
    // The group goes to the end of the row.
    turns.delete(group);
    if (own !== undefined && own.size > 0) turns.set(group, own);
    return message;
  };
  return {
    send(requests, delaySeconds = 0) {
      if (delaySeconds === 0) return add(requests);
      for (const request of requests) {
        if (delayed.has(request.worker)) continue;
        const timer = setTimeout(() => {
          delayed.delete(request.worker);
          add([request]);
        }, delaySeconds * 1000);
        delayed.set(request.worker, timer.unref());
      }
    },
    take() {
      const [first] = turns;
      const [worker] = first?.[1] ?? [];
      return worker === undefined ? undefined : takeOne(worker);
    },
    takeOne,
    holds: (worker) => waiting.has(worker) || delayed.has(worker),
    close() {
      for (const timer of delayed.values()) clearTimeout(timer);
      delayed.clear();
    },
  };
}
