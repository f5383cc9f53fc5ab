// Counts how many more jobs may be launched: the worker slots less the launches that are under way.

import type { Room } from './trigger/queue-poller.ts';

export type Capacity = Room & {
  /** Notes that a launch began. `execution` is the name of the state machine's execution. */
  began(execution: string): void;
  /** Notes that the launch's worker ended, or that the launch ended without a worker. */
  ended(execution: string): void;
};

export function createCapacity(slots: number): Capacity {
  const open = new Set<string>();
  let reserved = 0;
  let waiting: (() => void)[] = [];
  const tell = () => {
    const all = waiting;
    waiting = [];
    for (const resolve of all) resolve();
  };
  return {
    free: () => slots - open.size - reserved,
    /** Messages that a function works on will begin launches. Each holds a slot until the function has returned. */
    reserve(count) {
      reserved += count;
      return () => {
        reserved -= count;
        tell();
      };
    },
    changed(signal) {
      if (signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const end = () => {
          signal.removeEventListener('abort', end);
          resolve();
        };
        signal.addEventListener('abort', end);
        waiting.push(end);
      });
    },
    began: (execution) => void open.add(execution),
    ended(execution) {
      if (open.delete(execution)) tell();
    },
  };
}
