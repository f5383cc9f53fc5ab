// A whole context in memory for tests: every port, a clock that only tests move, and random bytes from a seed.

import { createHmac } from 'node:crypto';
import type { Context, Settings } from '../../core/context.ts';
import { createMemoryBodies, createMemoryContent, type MemoryBodies, type MemoryContent } from './content.ts';
import { createMemoryRows, type Hook, type MemoryRows } from './rows.ts';
import {
  createMemoryLogs,
  createMemoryQueues,
  createMemoryWorkers,
  type MemoryLogs,
  type MemoryQueues,
  type MemoryWorkers,
} from './workers.ts';

export type Clock = { now: number };
export type MemoryContext = Context & {
  readonly rows: MemoryRows;
  readonly bodies: MemoryBodies;
  readonly content: MemoryContent;
  readonly queues: MemoryQueues;
  readonly workers: MemoryWorkers;
  readonly logs: MemoryLogs;
  readonly clock: Clock;
  /** Sets one hook for the rows, bodies, queues and workers. */
  setHook(hook: Hook): void;
};

/** `seed` feeds `random`, and `now` is the first time of the clock. */
export function createMemoryContext(
  options: { readonly seed?: number; readonly now?: number; readonly settings?: Partial<Settings> } = {},
): MemoryContext {
  const clock: Clock = { now: options.now ?? 1_700_000_000_000 };
  const now = (): number => clock.now;
  const next = seededRandom(options.seed ?? 1);
  const rows = createMemoryRows();
  const bodies = createMemoryBodies();
  const queues = createMemoryQueues(now);
  const workers = createMemoryWorkers();
  return {
    rows,
    bodies,
    queues,
    workers,
    content: createMemoryContent(now),
    logs: createMemoryLogs(),
    clock,
    seals: {
      seal: async (purpose, text) => createHmac('sha256', `test ${purpose}`).update(text).digest('hex'),
    },
    settings: {
      region: 'aws:us-east-1',
      leaseSeconds: 600,
      heartbeatSeconds: 120,
      openShardCount: 4,
      workersPerUser: 100,
      ...options.settings,
    },
    apiUrl: async () => 'http://127.0.0.1:8000',
    now,
    random: (byteCount) => Uint8Array.from({ length: byteCount }, () => Math.floor(next() * 256)),
    setHook: (hook) => {
      for (const port of [rows, bodies, queues, workers]) port.hook = hook;
    },
  };
}

/** Numbers from 0 to 1 that repeat with their seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
