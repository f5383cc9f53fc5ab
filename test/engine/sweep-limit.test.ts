// Tests the bounds of a sweep, what it reports, and the time of the next look at a job.

import { describe, expect, test } from 'vitest';
import type { JobId } from '../../core/id/identifier.ts';
import { openShard } from '../../core/job/due.ts';
import { type JobRow, ownScope } from '../../core/job/row.ts';
import { putDoom } from '../../engine/job/doom.ts';
import { type SweepLimits, sweepExecution, sweepForWorker, sweepShards } from '../../engine/sweep.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { isSettled, peekJob, taskOf } from '../memory/platform.ts';
import { givenJob } from '../simulation/world.ts';

const forEver = Number.POSITIVE_INFINITY;
const all = { jobCount: 1_000, until: forEver };

/** Jobs of one shard that have been due for so long. A look makes them runnable. */
async function givenDue(context: MemoryContext, count: number, dueForMs: number): Promise<JobId[]> {
  const ids: JobId[] = [];
  for (let index = 0; index < count; index++) {
    const at = { state: 'idle', openShard: 0, dueAt: context.now() - dueForMs } as const;
    ids.push((await givenJob(context, `j${index}`, { at })).pk);
  }
  return ids;
}

const oneShard = () => createMemoryContext({ settings: { openShardCount: 1 } });
const runnableCount = (context: MemoryContext, jobs: readonly JobId[]) =>
  jobs.filter((job) => peekJob(context, job).state === 'runnable').length;
const sentFor = (context: MemoryContext) => context.queues.work.map(({ message }) => message.execution);

describe('a sweep of jobs that became due since the last one', () => {
  test.each<[count: number, limits: (now: number) => SweepLimits, lookedAt: number, more: boolean]>([
    [6, () => all, 6, false],
    [6, () => ({ jobCount: 3, until: forEver }), 3, true],
    [6, (now) => ({ jobCount: 1_000, until: now }), 0, true],
    [0, () => all, 0, false],
  ])('%d: within its limits', async (count, limits, lookedAt, more) => {
    const context = oneShard();
    const jobs = await givenDue(context, count, 1_000);
    expect(await sweepShards(context, limits(context.now()))).toEqual({ lookedAt, more, failed: [], unread: [] });
    expect(runnableCount(context, jobs)).toBe(lookedAt);
    expect(context.queues.work).toEqual([]);
  });

  test('looks at each once, although the index still holds those that were looked at', async () => {
    const context = oneShard();
    const jobs = await givenDue(context, 10, 1_000);
    const old = context.rows.all('executions').filter(({ sk }) => sk === 'A');
    const { due } = context.rows;
    context.rows.due = async (shard, now, limit) => {
      await due(shard, now, limit);
      return old
        .filter(({ dueAt }) => Number(dueAt) <= now)
        .slice(0, limit)
        .map(({ pk, dueAt }) => ({ id: pk, dueAt: Number(dueAt) }));
    };
    expect(await sweepShards(context, all)).toEqual({ lookedAt: 10, more: false, failed: [], unread: [] });
    expect(runnableCount(context, jobs)).toBe(10);
  });

  test('passes over what is not an execution', async () => {
    const context = oneShard();
    const { due } = context.rows;
    context.rows.due = async (shard, now, limit) => {
      const found = await due(shard, now, limit);
      return [{ id: 'project-x', dueAt: now - 1 }, ...found];
    };
    const jobs = await givenDue(context, 2, 1_000);
    expect((await sweepShards(context, all)).failed).toEqual([]);
    expect(runnableCount(context, jobs)).toBe(2);
  });
});

describe('a sweep of jobs that an earlier one did not reach', () => {
  test.each<[dueForMs: number, isAside: boolean]>([
    [49_999, false],
    [50_000, true],
  ])('due for %d ms: they are set aside: %s', async (dueForMs, isAside) => {
    const context = oneShard();
    const jobs = await givenDue(context, 3, dueForMs);
    expect(await sweepShards(context, all)).toEqual({ lookedAt: 3, more: false, failed: [], unread: [] });
    expect(sentFor(context)).toHaveLength(isAside ? 3 : 0);
    expect(runnableCount(context, jobs)).toBe(isAside ? 0 : 3);
  });

  test.each<[limits: (now: number) => SweepLimits, aside: number]>([
    [() => all, 60],
    [() => ({ jobCount: 25, until: forEver }), 25],
    [(now) => ({ jobCount: 1_000, until: now }), 0],
  ])('sets them aside within its limits, each once', async (limits, aside) => {
    const context = oneShard();
    const jobs = await givenDue(context, 60, 600_000);
    const { more } = await sweepShards(context, limits(context.now()));
    expect(more).toBe(aside < 60);
    expect(new Set(sentFor(context)).size).toBe(aside);
    expect(sentFor(context)).toHaveLength(aside);
    expect(jobs.filter((job) => (peekJob(context, job).dueAt ?? 0) > context.now())).toHaveLength(aside);
  });

  test('looks at the others in the same sweep, although the limit of those that are set aside is reached', async () => {
    const context = oneShard();
    await givenDue(context, 25, 600_000);
    const later = await givenJob(context, 'later', { at: { state: 'idle', openShard: 0, dueAt: context.now() - 1 } });
    expect(await sweepShards(context, { jobCount: 25, until: forEver })).toMatchObject({ lookedAt: 26, more: true });
    expect(peekJob(context, later.pk).state).toBe('runnable');
  });

  test('reports those that cannot be put off, and sends no message for them', async () => {
    const context = oneShard();
    const [bad = jobId('none'), good] = await givenDue(context, 2, 600_000);
    context.setHook({
      before: ({ port, detail }) => {
        if (port === 'rows' && detail.startsWith(`executions ${bad}`)) throw new Error('throttled');
      },
    });
    const { failed } = await sweepShards(context, all);
    expect(failed).toEqual([{ execution: bad, error: new Error('throttled') }]);
    expect(sentFor(context)).toEqual([good]);
  });
});

test('a sweep of all shards adds up what each of them did', async () => {
  const context = createMemoryContext({ settings: { openShardCount: 3 } });
  for (let index = 0; index < 30; index++) {
    const name = `j${index}`;
    const dueAt = context.now() - (index < 10 ? 600_000 : 1_000);
    await givenJob(context, name, { at: { state: 'idle', openShard: openShard(jobId(name), 3), dueAt } });
  }
  expect(await sweepShards(context, all)).toEqual({ lookedAt: 30, more: false, failed: [], unread: [] });
});

test('a sweep reads a shard once when nothing in it is due', async () => {
  const context = createMemoryContext({ settings: { openShardCount: 3 } });
  await givenJob(context, 'later', { at: { state: 'running', openShard: 1, dueAt: context.now() + 1 } });
  const read: string[] = [];
  context.setHook({ before: ({ name, detail }) => void (name === 'due' && read.push(detail)) });
  expect(await sweepShards(context, all)).toEqual({ lookedAt: 0, more: false, failed: [], unread: [] });
  expect(read).toEqual(['0', '1', '2']);
});

test('a sweep of all shards says that more is due when one of them has more', async () => {
  const context = createMemoryContext({ settings: { openShardCount: 3 } });
  for (let index = 0; index < 9; index++) {
    await givenJob(context, `j${index}`, { at: { state: 'idle', openShard: 1, dueAt: context.now() - 1_000 } });
  }
  expect(await sweepShards(context, { jobCount: 3, until: forEver })).toMatchObject({ lookedAt: 3, more: true });
});

describe('the next look at a job', () => {
  const start = 1_700_000_000_000;
  /** A row that is due now. Nothing else is to be done with it. */
  async function lookedAt(at: Partial<JobRow>) {
    const context = createMemoryContext({ now: start });
    const row = await givenJob(context, 'j', { at: { dueAt: start, task: taskOf('j'), ...at } });
    context.workers.states.set(taskOf('j'), { kind: 'running' });
    context.workers.launchState = async () => ({ kind: 'starting' });
    context.workers.stopAtOnce = false;
    await sweepExecution(context, row.pk);
    return (peekJob(context, row.pk).dueAt ?? 0) - start;
  }

  test.each<[what: string, at: Partial<JobRow>, laterMs: number]>([
    ['that runs comes at the end of its lease', { state: 'running', leaseUntil: start + 77_000 }, 77_000],
    ['whose lease ends now comes two minutes later', { state: 'running', leaseUntil: start }, 120_000],
    ['whose lease has ended comes two minutes later', { state: 'running', leaseUntil: start - 1 }, 120_000],
    ['that is runnable comes two minutes later', { state: 'runnable' }, 120_000],
    ['whose worker is being stopped comes a minute later', { state: 'terminating' }, 60_000],
    ['that is not due yet stays where it is', { state: 'terminating', dueAt: start + 5 }, 5],
  ])('%s', async (_, at, laterMs) => {
    expect(await lookedAt(at)).toBe(laterMs);
  });
});

describe('a sweep of one job', () => {
  test('that does not exist, or was never born, changes nothing', async () => {
    const context = oneShard();
    await sweepExecution(context, jobId('none'));
    const unborn = await givenJob(context, 'unborn', { at: { state: 'terminated', tombstone: true, dueAt: 1 } });
    await sweepExecution(context, unborn.pk);
    expect(peekJob(context, unborn.pk).dueAt).toBe(1);
  });

  test('goes on until nothing is left to change', async () => {
    const context = oneShard();
    const row = await givenJob(context, 'j', {
      at: { state: 'failed', failureReason: 'AppError', dueAt: context.now() },
    });
    await sweepExecution(context, row.pk);
    expect(isSettled(peekJob(context, row.pk))).toBe(true);
  });

  test('reads the row of a job that has settled no more', async () => {
    const context = oneShard();
    const main = await givenJob(context, 'main', { at: { state: 'running' } });
    const row = await givenJob(context, 'sub', { parent: main, at: { state: 'done', dueAt: context.now() } });
    const calls: string[] = [];
    context.setHook({
      before: ({ name, detail }) => void (detail.startsWith(`executions ${row.pk}/A`) && calls.push(name)),
    });
    await sweepExecution(context, row.pk);
    expect(calls).toEqual(['get', 'get', 'update']);
  });

  test('does not read again the row that its caller has just read', async () => {
    const context = oneShard();
    const main = await givenJob(context, 'main', { at: { state: 'running' } });
    const row = await givenJob(context, 'sub', { parent: main, at: { state: 'done', dueAt: context.now() } });
    const calls: string[] = [];
    context.setHook({
      before: ({ name, detail }) => void (detail.startsWith(`executions ${row.pk}/A`) && calls.push(name)),
    });
    await sweepExecution(context, row.pk, row);
    expect(calls).toEqual(['get', 'update']);
  });

  test('carries out what follows the end of a job that ends during it', async () => {
    const context = oneShard();
    const row = await givenJob(context, 'j', { at: { state: 'waiting_on_output', dueAt: context.now() } });
    const sub = await givenJob(context, 'sub', { parent: row, at: { state: 'waiting_on_input' } });
    const cause = { kind: 'termination', execution: row.pk, try: 0, by: 'user-alice' } as const;
    await putDoom(context, row.root, ownScope(row), cause);
    await sweepExecution(context, row.pk);
    expect(peekJob(context, row.pk).state).toBe('terminated');
    expect(peekJob(context, sub.pk)).toMatchObject({ state: 'terminated', failureReason: 'Terminated' });
  });

  test('gives up after 20 changes, and says so', async () => {
    const context = oneShard();
    const row = await givenJob(context, 'j', { at: { state: 'idle', dueAt: context.now() } });
    let count = 0;
    context.setHook({
      before: async ({ name, detail }) => {
        if (name !== 'update' || !detail.startsWith(`executions ${row.pk}/A`)) return;
        count++;
        context.rows.hook = {};
        await context.rows.update('executions', { pk: row.pk, sk: 'A' }, { set: { launch: count } });
        context.rows.hook = hook;
      },
    });
    const { hook } = context.rows;
    await expect(sweepExecution(context, row.pk)).rejects.toThrow('changed 20 times during one sweep');
    expect(count).toBe(20);
  });

  test('looks again when the row changes while it is put off', async () => {
    const context = oneShard();
    context.workers.launchState = async () => ({ kind: 'starting' });
    const row = await givenJob(context, 'j', { at: { state: 'runnable', dueAt: context.now() } });
    context.setHook({
      before: async ({ name, detail }) => {
        if (name !== 'update' || !detail.startsWith(`executions ${row.pk}/A`)) return;
        context.setHook({});
        await context.rows.update('executions', { pk: row.pk, sk: 'A' }, { set: { dueAt: context.now() - 1 } });
      },
    });
    await sweepExecution(context, row.pk);
    expect(peekJob(context, row.pk).dueAt).toBe(context.now() + 120_000);
  });
});

describe('news of a worker', () => {
  test.each(['idle', 'waiting_on_input', 'waiting_on_output', 'done', 'failed'] as const)(
    'are no matter for a job that is %s',
    async (state) => {
      const context = oneShard();
      const row = await givenJob(context, 'j', { at: { state, dueAt: context.now() } });
      const before = context.rows.digest();
      await sweepForWorker(context, row.pk);
      expect(context.rows.digest()).toBe(before);
    },
  );

  test('of a job that does not exist change nothing', async () => {
    await sweepForWorker(oneShard(), jobId('none'));
  });
});
