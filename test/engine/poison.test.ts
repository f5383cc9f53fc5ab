// Tests that a job whose look throws, hangs or ends its process delays no other job by more than one sweep.

import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from 'vitest';
import type { JobId } from '../../core/id/identifier.ts';
import { openShard } from '../../core/job/due.ts';
import { jobKey } from '../../core/row/execution/job.ts';
import { onExecutionChangeOrLater } from '../../engine/advance.ts';
import { sweepShards } from '../../engine/sweep.ts';
import { doWork } from '../../engine/work.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { peekJob } from '../memory/platform.ts';
import { givenJob } from '../simulation/world.ts';

type Poison = 'throws' | 'hangs' | 'ends its process';
const poisons: readonly Poison[] = ['throws', 'hangs', 'ends its process'];
const limits = { jobCount: 1_000, until: Number.POSITIVE_INFINITY, lookMs: 50 };

/** Calls of the platform: each is a process of its own, which may end. */
type Process = { ended: boolean; readonly end: () => void };
const process = new AsyncLocalStorage<Process>();

/** Runs one invocation. When its process ends, nothing in it goes on. */
async function invoke(act: () => Promise<unknown>): Promise<'ended' | 'returned'> {
  return new Promise((resolve, reject) => {
    const own: Process = { ended: false, end: () => resolve('ended') };
    void process.run(own, () => act().then(() => resolve('returned'), reject));
  });
}

function poisonLooks(context: MemoryContext, jobs: readonly JobId[], poison: Poison): void {
  const never = () => new Promise<void>(() => undefined);
  context.setHook({
    before: ({ port, name, detail }) => {
      const own = process.getStore();
      if (own?.ended) return never();
      if (port !== 'bodies' || name !== 'load' || !jobs.some((job) => detail.startsWith(job))) return undefined;
      if (poison === 'throws') throw new Error('poison');
      if (own !== undefined && poison === 'ends its process') {
        own.ended = true;
        own.end();
      }
      return never();
    },
  });
}

/** 60 jobs that are due in four shards. The poisoned ones are the first in each of two shards. */
async function givenDue() {
  const context = createMemoryContext({ settings: { openShardCount: 4 } });
  const jobs: JobId[] = [];
  for (let index = 0; index < 60; index++) {
    const at = {
      state: 'idle',
      openShard: openShard(jobId(`j${index}`), 4),
      dueAt: context.now() - 5_000 + index,
    } as const;
    jobs.push((await givenJob(context, `j${index}`, { at })).pk);
  }
  const first = (shard: number) => jobs.find((job) => openShard(job, 4) === shard) ?? jobId('none');
  const bad = [first(0), first(2)];
  return { context, bad, good: jobs.filter((job) => !bad.includes(job)) };
}

async function handleMessages(context: MemoryContext): Promise<unknown[]> {
  const failed: unknown[] = [];
  for (const { message } of context.queues.work.splice(0)) {
    const one = invoke(() => doWork(context, message));
    // A function ends at its time limit.
    const late = new Promise<'late'>((resolve) => void setTimeout(() => resolve('late'), 50));
    const how = await Promise.race([one, late]).catch(() => 'threw');
    if (how !== 'returned') failed.push(message.execution);
  }
  return failed;
}

test.each(poisons)('a job whose look %s delays the other jobs of a sweep by at most one sweep', async (poison) => {
  const { context, bad, good } = await givenDue();
  poisonLooks(context, bad, poison);
  const first = await invoke(async () => {
    const { failed } = await sweepShards(context, limits);
    expect(failed.map(({ execution }) => execution).sort()).toEqual([...bad].sort());
  });
  expect(first).toBe(poison === 'ends its process' ? 'ended' : 'returned');
  context.clock.now += 60_000;
  expect(await invoke(() => sweepShards(context, limits))).toBe('returned');
  const failed = await handleMessages(context);
  expect(failed.sort()).toEqual(poison === 'ends its process' ? [...bad].sort() : []);
  for (const job of good) expect(peekJob(context, job).state).toBe('runnable');
  for (const job of bad) expect(peekJob(context, job).dueAt).toBeGreaterThan(context.now());
});

test.each(poisons)('new poison in every sweep does not keep the others waiting: it %s', async (poison) => {
  const { context, bad, good } = await givenDue();
  poisonLooks(context, bad, poison);
  await invoke(() => sweepShards(context, limits));
  context.clock.now += 60_000;
  const { pk } = await givenJob(context, 'new', {
    at: { state: 'idle', openShard: openShard(jobId('new'), 4), dueAt: context.now() - 1 },
  });
  poisonLooks(context, [...bad, pk], poison);
  await invoke(() => sweepShards(context, limits));
  await handleMessages(context);
  for (const job of good) expect(peekJob(context, job).state).toBe('runnable');
});

test('the sweep writes once for a job that is set aside, and its message does not put it off again', async () => {
  const { context, good } = await givenDue();
  context.clock.now += 60_000;
  const writes = new Map<string, number>();
  context.setHook({
    before: ({ name, detail }) => {
      if (name === 'update') writes.set(detail.split(' ')[1] ?? '', (writes.get(detail.split(' ')[1] ?? '') ?? 0) + 1);
    },
  });
  await sweepShards(context, limits);
  expect(context.queues.work).toHaveLength(60);
  expect(await handleMessages(context)).toEqual([]);
  const [job = jobId('none')] = good;
  // It is put off, and becomes runnable.
  expect(writes.get(`${job}/A`)).toBe(2);
});

test.each(['throws', 'hangs'] as const)(
  'a record whose look %s is left to a message, and the batch goes on',
  async (poison) => {
    const { context, bad, good } = await givenDue();
    poisonLooks(context, bad, poison);
    const errors: unknown[] = [];
    for (const job of [...bad, ...good.slice(0, 5)]) {
      const row = context.rows.peek('executions', jobKey(job));
      if (row !== undefined) errors.push(await onExecutionChangeOrLater(context, row, undefined, 50));
    }
    expect(errors.filter((error) => error !== undefined)).toHaveLength(2);
    expect(context.queues.work.map(({ message }) => message)).toEqual(
      bad.map((execution) => ({ v: 1, kind: 'sweep', execution })),
    );
    for (const job of good.slice(0, 5)) expect(peekJob(context, job).state).toBe('runnable');
  },
);
