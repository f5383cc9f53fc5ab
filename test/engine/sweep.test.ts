// Tests that one job that always fails does not keep the sweep, or the waking of waiters, from the others.

import { describe, expect, test } from 'vitest';
import type { JobId } from '../../core/id/identifier.ts';
import { openShard } from '../../core/job/due.ts';
import { edgeKey, edgeRow } from '../../core/row/execution/edge.ts';
import { sweepShards } from '../../engine/sweep.ts';
import { doWork } from '../../engine/work.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { isSettled, peekJob } from '../memory/platform.ts';
import { givenJob } from '../simulation/world.ts';

const limits = { jobCount: 1_000, until: Number.POSITIVE_INFINITY };

/** Jobs that are due in this order, each in its shard. They have nothing to wait for, so a look makes them runnable. */
async function givenDue(context: MemoryContext, names: readonly string[]): Promise<JobId[]> {
  const ids: JobId[] = [];
  for (const [index, name] of names.entries()) {
    const shard = openShard(jobId(name), context.settings.openShardCount);
    const at = { state: 'idle', openShard: shard, dueAt: context.now() - 1_000 + index } as const;
    ids.push((await givenJob(context, name, { at })).pk);
  }
  return ids;
}

/** Makes every read of these jobs' specifications fail, as a damaged body does. */
function breakSpecOf(context: MemoryContext, ...jobs: JobId[]): void {
  context.setHook({
    before: ({ port, name, detail }) => {
      if (port === 'bodies' && name === 'load' && jobs.some((job) => detail.startsWith(job)))
        throw new Error('damaged');
    },
  });
}

describe('the sweep', () => {
  test('continues after a job that fails, and postpones that job', async () => {
    const context = createMemoryContext({ settings: { openShardCount: 1 } });
    const jobs = await givenDue(
      context,
      Array.from({ length: 40 }, (_, index) => `j${index}`),
    );
    const [bad = jobId('none'), ...good] = jobs;
    breakSpecOf(context, bad);
    const swept = await sweepShards(context, limits);
    expect(swept).toMatchObject({
      lookedAt: 40,
      more: false,
      failed: [{ execution: bad, error: new Error('damaged') }],
    });
    expect(good.map((job) => peekJob(context, job).state)).toEqual(good.map(() => 'runnable'));
    expect(peekJob(context, bad)).toMatchObject({ state: 'idle' });
    expect(peekJob(context, bad).dueAt).toBeGreaterThan(context.now());
    expect(await sweepShards(context, limits)).toMatchObject({ lookedAt: 0 });
  });

  test('reports both errors when the job cannot be postponed either', async () => {
    const context = createMemoryContext({ settings: { openShardCount: 1 } });
    const [bad = jobId('none'), good = jobId('none')] = await givenDue(context, ['a', 'b']);
    context.setHook({
      before: ({ port, detail }) => {
        if (port === 'rows' && detail.startsWith(`executions ${bad}`)) throw new Error('no such partition');
      },
    });
    const { failed } = await sweepShards(context, limits);
    expect(failed.map(({ execution, error }) => [execution, (error as AggregateError).errors.length])).toEqual([
      [bad, 2],
    ]);
    const [error] = failed.map((one) => one.error as AggregateError);
    expect(error?.cause).toBe(error?.errors[0]);
    expect(peekJob(context, good).state).toBe('runnable');
  });

  test('reads the other shards to their end when one shard cannot be read', async () => {
    const context = createMemoryContext({ settings: { openShardCount: 3 } });
    const names = Array.from({ length: 60 }, (_, index) => `j${index}`);
    const jobs = await givenDue(context, names);
    context.setHook({
      before: ({ name, detail }) => {
        if (name === 'due' && detail === '1') throw new Error('throttled');
      },
    });
    const { unread, failed } = await sweepShards(context, limits);
    expect(unread).toEqual([new Error('throttled')]);
    expect(failed).toEqual([]);
    for (const job of jobs) expect(peekJob(context, job).state).toBe(openShard(job, 3) === 1 ? 'idle' : 'runnable');
  });
});

test('a waiter that always fails stops neither the waking of the others nor the settling of the ended job', async () => {
  const context = createMemoryContext({ settings: { openShardCount: 1 } });
  const ended = await givenJob(context, 'ended', { at: { state: 'done', dueAt: context.now() - 1 } });
  const names = Array.from({ length: 60 }, (_, index) => `w${index}`);
  const waiters: JobId[] = [];
  for (const name of names) {
    const waiter = await givenJob(context, name, { dependsOn: [ended.pk], at: { state: 'waiting_on_input' } });
    const edge = edgeKey({ kind: 'execution', execution: ended.pk }, { execution: waiter.pk, try: 0, phase: 'input' });
    await context.rows.put('executions', edgeRow(edge, context.now()));
    waiters.push(waiter.pk);
  }
  const bad = [...waiters].sort()[0] ?? jobId('none');
  breakSpecOf(context, bad);
  await sweepShards(context, limits);
  const failed: unknown[] = [];
  for (let round = 0; round < 5; round++) {
    for (const { message } of context.queues.work.splice(0)) {
      await doWork(context, message).catch(() => failed.push(message));
    }
  }
  expect(failed).toEqual([{ kind: 'advance', execution: bad, v: 1 }]);
  for (const waiter of waiters) {
    expect(peekJob(context, waiter).state).toBe(waiter === bad ? 'waiting_on_input' : 'runnable');
  }
  expect(isSettled(peekJob(context, ended.pk))).toBe(true);
});
