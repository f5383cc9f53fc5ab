// Tests a wait over a list: which pages it reads, which dependencies get an edge, and what it makes of those that end
// while the edges are written.

import { beforeEach, expect, test } from 'vitest';
import type { Dependency } from '../../core/execution/dependency.ts';
import { type Readiness, type Wait, type WaitOutcome, waitFor } from '../../engine/wait/wait.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';

let context: MemoryContext;
/** The cursors after which pages were read, and the numbers of the dependencies that were read, page by page. */
let pages: (number | undefined)[];
let reads: number[][];
beforeEach(() => {
  context = createMemoryContext();
  pages = [];
  reads = [];
});

/** Waits for dependencies in these states, in pages of three. The cursor is the number of those before it. */
function waitOver(
  states: Readiness<string>[],
  change: Partial<Wait<number, string>> = {},
): Promise<WaitOutcome<number, string>> {
  const dependencies = states.map((_, index): Dependency => ({ kind: 'execution', execution: jobId(`d${index}`) }));
  return waitFor(context, {
    ...{ waiter: { pk: jobId('waiter'), try: 0 }, phase: 'input', window: 10, few: 10, from: undefined },
    page: async (after) => {
      pages.push(after);
      const start = after ?? 0;
      const some = dependencies.slice(start, start + 3);
      const items = some.map((dependency, index) => ({ dependency, cursor: start + index + 1 }));
      return { items, end: start + 3 >= dependencies.length };
    },
    read: async (some) => {
      const numbers = some.map((one) => dependencies.indexOf(one));
      reads.push(numbers);
      return numbers.map((index) => states[index] ?? 'ready');
    },
    ...change,
  });
}

/** Something that happens when the first edge is written. */
function onEdge(act: () => void): void {
  context.setHook({
    before: ({ name }) => {
      if (name !== 'put') return;
      context.setHook({});
      act();
    },
  });
}

const edges = () => context.rows.all('executions').filter(({ sk }) => sk.startsWith('W#'));

test('a list of which all are ready is read once, to its end', async () => {
  expect(await waitOver(Array(7).fill('ready'))).toEqual({ kind: 'ready' });
  expect(pages).toEqual([undefined, 3, 6]);
  expect(reads).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
  expect(edges()).toEqual([]);
});

test('the position is behind the last that is ready with all before it', async () => {
  expect(await waitOver(['ready', 'ready', 'unready', 'ready'])).toEqual({ kind: 'waiting', cursor: 2 });
  expect(await waitOver(['unready', 'ready'])).toEqual({ kind: 'waiting', cursor: undefined });
  expect(await waitOver(['ready', 'ready', 'unready'], { from: 1 })).toEqual({ kind: 'waiting', cursor: 2 });
});

test('a wait goes on behind dependencies that end while their edges are written', async () => {
  const states: Readiness<string>[] = [...Array(5).fill('unready'), 'ready', 'unready'];
  onEdge(() => states.fill('ready', 0, 6));
  expect(await waitOver(states, { window: 5 })).toEqual({ kind: 'waiting', cursor: 6 });
  expect(pages).toEqual([undefined, 3, 5]);
});

test('a failure that comes while the edges are written is noticed, although others still run', async () => {
  const states: Readiness<string>[] = ['unready', 'unready'];
  onEdge(() => {
    states[1] = { problem: 'it failed' };
  });
  expect(await waitOver(states)).toEqual({ kind: 'problem', problem: 'it failed' });
});

test('an edge that is there is not written again', async () => {
  await waitOver(['unready', 'unready']);
  const writes: string[] = [];
  context.setHook({ before: ({ name, detail }) => void (name === 'put' && writes.push(detail)) });
  await waitOver(['unready', 'unready', 'unready']);
  expect(writes).toHaveLength(1);
  expect(edges().map(({ pk }) => pk)).toEqual(['d0', 'd1', 'd2'].map(jobId));
});

test('a page without dependencies is the end, whatever it says', async () => {
  const empty = async (after: number | undefined) => {
    pages.push(after);
    return { items: [], end: false };
  };
  expect(await waitOver([], { page: empty })).toEqual({ kind: 'ready' });
  expect(pages).toHaveLength(1);
});

test('a read that forgets a dependency is a fault of the platform', async () => {
  await expect(waitOver(['ready', 'ready'], { read: async () => ['ready'] })).rejects.toThrow('fewer dependencies');
});
