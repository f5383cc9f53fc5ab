// Searches the meeting of a look that settles a job with a sweep that sets the time of its next look. A row that has
// left the index of the sweep must stay out.

import { expect, test } from 'vitest';
import { advance } from '../../engine/advance.ts';
import { loadJob } from '../../engine/store/load-job.ts';
import { saveJob } from '../../engine/store/save-job.ts';
import { sweepExecution } from '../../engine/sweep.ts';
import type { MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { budgets } from './budget.ts';
import { explore } from './explore.ts';
import type { World } from './replay.ts';
import { createSmallContext, givenJob, peek, wire } from './world.ts';

/** A job is done, and its last pass is due. The stream looks at it while the sweep does. */
async function settlingJob(plant?: (context: MemoryContext) => void): Promise<World> {
  const context = createSmallContext();
  const past = context.now() - 1;
  const { pk } = await givenJob(context, 'j', { at: { state: 'done', dueAt: past, lastPassAt: past } });
  plant?.(context);
  const halfOut = () => {
    const { dueAt, openShard } = peek(context, pk) ?? {};
    return (dueAt === undefined) !== (openShard === undefined);
  };
  return {
    ...wire(context),
    actors: [
      { name: 'stream', run: () => advance(context, pk) },
      { name: 'sweep', run: () => sweepExecution(context, pk) },
      { name: 'late look', run: () => lookFrom(context) },
    ],
    invariant: () => (halfOut() ? 'the row has a due time and is not in the index' : undefined),
    final: () => (peek(context, pk)?.dueAt === undefined ? undefined : 'the job never leaves the index'),
  };
}

/** A sweep that has read the row, and puts the next look off later. */
async function lookFrom(context: MemoryContext): Promise<void> {
  const row = await loadJob(context, jobId('j'));
  if (row?.dueAt !== undefined) await saveJob(context, row, { kind: 'look', dueAt: context.now() + 600_000 });
}

test.each(budgets)('a settled job stays out of the index when %s', async (_title, budget) => {
  const found = await explore(() => settlingJob(), budget);
  expect(found.problem).toBeUndefined();
  expect(found.states).toBeGreaterThan(5);
});

test('the search finds a look that is not conditional on the due time that it read', async () => {
  const found = await explore(() => settlingJob(forgetDueTime), { crashes: 0, losses: 0, doubles: 0 });
  expect(found.problem?.what).toMatch('not in the index');
});

function forgetDueTime({ rows }: MemoryContext): void {
  const { update } = rows;
  rows.update = (table, key, change, { dueAt: _, ...expected } = {}) => update(table, key, change, expected);
}

test('a look or a settle with an old due time changes nothing', async () => {
  const context = createSmallContext();
  const row = await givenJob(context, 'j', { at: { state: 'failed' } });
  expect(await saveJob(context, row, { kind: 'settle' })).toMatchObject({ kind: 'saved' });
  expect(await saveJob(context, row, { kind: 'look', dueAt: 1 })).toEqual({ kind: 'changed' });
  expect(peek(context, row.pk)).not.toHaveProperty('dueAt');
  const other = await givenJob(context, 'k', { at: { state: 'failed' } });
  expect(await saveJob(context, other, { kind: 'look', dueAt: 1 })).toMatchObject({ kind: 'saved' });
  expect(await saveJob(context, other, { kind: 'settle' })).toEqual({ kind: 'changed' });
  expect(peek(context, other.pk)).toMatchObject({ dueAt: 1, openShard: 0 });
});
