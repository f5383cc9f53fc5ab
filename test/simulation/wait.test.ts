// Searches waits on the product's own functions (docs/reference/protocols.md, "Waits").

import { describe, expect, test } from 'vitest';
import { isTerminal } from '../../core/job/state.ts';
import { advance } from '../../engine/advance.ts';
import { saveJob } from '../../engine/store/save-job.ts';
import type { MemoryContext } from '../memory/context.ts';
import { planJob } from '../memory/plan.ts';
import { type Budget, budgets } from './budget.ts';
import { explore } from './explore.ts';
import { currentActor, type World } from './replay.ts';
import { createSmallContext, givenJob, peek, wire } from './world.ts';

type Planted = (context: MemoryContext) => void;

/** J waits for `count` jobs, which end while J is advanced. The sweep runs only at the end, or not at all. */
async function waitingJob(
  count: number,
  options: { readonly sweep: boolean; readonly state?: 'idle'; readonly planted?: Planted },
): Promise<World> {
  const context = createSmallContext();
  const parent = planJob('tree').row;
  const names = ['d', 'e'].slice(0, count);
  const needed = await Promise.all(
    names.map((name) => givenJob(context, name, { parent, at: { state: 'waiting_on_output' } })),
  );
  const dependsOn = needed.map(({ pk }) => pk);
  const waiter = await givenJob(context, 'j', {
    parent,
    dependsOn,
    at: { state: options.state ?? 'waiting_on_input' },
  });
  options.planted?.(context);
  const wired = wire(context);
  return {
    ...wired,
    sees: ({ before, after }) => {
      if (before?.state === after?.state) return [];
      if (after?.state === 'runnable') return [{ key: 'end of *', writes: false }];
      return after?.state === 'done' ? [{ key: `end of ${after.pk}`, writes: true }] : [];
    },
    // launch.test.ts searches what follows once J is runnable.
    mailOf: (change) =>
      change.after?.pk === waiter.pk && change.after.state === 'runnable' ? undefined : wired.mailOf(change),
    sweep: async () => (options.sweep ? wired.sweep() : undefined),
    actors: [
      { name: 'birth of j', run: () => advance(context, waiter.pk) },
      ...needed.map((row) => ({ name: `${row.name} ends`, run: () => saveJob(context, row, { kind: 'complete' }) })),
    ],
    invariant: () => {
      const early =
        peek(context, waiter.pk)?.state === 'runnable' && needed.some(({ pk }) => peek(context, pk)?.state !== 'done');
      return early ? 'j starts before all that it waits for is done' : undefined;
    },
    final: () => {
      const state = peek(context, waiter.pk)?.state ?? 'idle';
      return isTerminal(state) || (!options.sweep && state === 'runnable') ? undefined : `j waits for ever: ${state}`;
    },
  };
}

const calm: Budget = { crashes: 0, losses: 0, doubles: 0 };

test('a job wakes without a sweep, at whatever moments its two dependencies end', async () => {
  const found = await explore(() => waitingJob(2, { sweep: false }), calm);
  expect(found.problem).toBeUndefined();
  expect(found.states).toBeGreaterThan(500);
}, 120_000);

describe('a job with one dependency and the sweep wakes', () => {
  test.each(budgets)('when %s', async (_title, budget) => {
    const found = await explore(() => waitingJob(1, { sweep: true, state: 'idle' }), budget);
    expect(found.problem).toBeUndefined();
    expect(found.states).toBeGreaterThan(50);
  });
});

describe('the search finds a planted error', () => {
  test('an edge that is put after the second read', async () => {
    const found = await explore(() => waitingJob(1, { sweep: false, planted: putEdgesLate }), calm);
    expect(found.problem?.what).toMatch('waits for ever');
  });

  test('a lost record without a sweep', async () => {
    const found = await explore(() => waitingJob(1, { sweep: false }), { ...calm, losses: 1 });
    expect(found.problem?.what).toMatch('waits for ever');
  });

  test('a dependency that counts as ready before it is done', async () => {
    const found = await explore(() => waitingJob(1, { sweep: false, planted: readOthersAsDone }), calm);
    expect(found.problem?.what).toMatch('starts before');
  });
});

/** Plants an error: the edge reaches the table only after the second read. */
function putEdgesLate({ rows }: MemoryContext): void {
  const { put, getMany } = rows;
  const late = new Map<string, (() => Promise<unknown>)[]>();
  rows.put = async (table, row, expected) => {
    if (!row.sk.startsWith('W#')) return put(table, row, expected);
    const actor = currentActor();
    late.set(actor, [...(late.get(actor) ?? []), () => put(table, row, expected)]);
    return true;
  };
  rows.getMany = async (table, keys) => {
    const found = await getMany(table, keys);
    const mine = late.get(currentActor()) ?? [];
    late.delete(currentActor());
    for (const one of mine) await one();
    return found;
  };
}

function readOthersAsDone({ rows }: MemoryContext): void {
  const { getMany } = rows;
  rows.getMany = async (table, keys) => {
    const found = await getMany(table, keys);
    return found.map((row) => (row?.state === 'waiting_on_output' ? { ...row, state: 'done' } : row));
  };
}
