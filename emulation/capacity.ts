// How many more jobs may be launched: worker slots less the launches that are under way. It knows no queue and no job.
import type { Room } from './trigger/queue-poller.ts';

export type Capacity = Room & {
  /** A launch began: an execution of the state machine, by its name. */
  began(execution: string): void;
  /** Its worker ended, or the launch ended without one. */
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
    /** Messages that a function works on will begin launches; until they did, they count themselves. */
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
