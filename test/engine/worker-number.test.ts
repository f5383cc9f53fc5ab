// Tests the numbers of a user's workers one call at a time: which number a worker gets, who waits for one, and to whom a
// free number goes.

import { describe, expect, test } from 'vitest';
import type { UserId } from '../../core/id/identifier.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';
import {
  queuedKey,
  queuedPrefix,
  queuedRow,
  readQueued,
  workerRow,
  workersOf,
} from '../../core/row/execution/worker.ts';
import { dispatch } from '../../engine/launch/dispatch.ts';
import { launch } from '../../engine/launch/launch.ts';
import { loadQueued, loadWorkers, passNumberOn, takeNumber, usesSpot } from '../../engine/launch/worker-number.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, type PlanOptions } from '../memory/plan.ts';
import { givenJob } from '../simulation/world.ts';

const alice: UserId = 'user-alice';
const runnable = { state: 'runnable' } as const;

function givenUser(workersPerUser: number): MemoryContext {
  return createMemoryContext({ settings: { workersPerUser } });
}

async function givenRunnable(
  context: MemoryContext,
  name: string,
  at: Partial<JobRow> = {},
  options: PlanOptions = {},
) {
  return givenJob(context, name, { ...options, at: { ...runnable, ...at } });
}

/** Puts the worker of a job with a number, as old as it is said to be. */
async function givenNumber(context: MemoryContext, row: JobRow, number: number, started = context.now()) {
  const facts = { worker: jobWorker(row), job: row.pk, instance: row.instance, spot: false };
  await context.rows.put('executions', workerRow(row.launchedBy, { number, started, ...facts }));
}

/** The number of each job's worker. */
async function numbersOf(context: MemoryContext, user = alice): Promise<{ [job: string]: number }> {
  return Object.fromEntries((await loadWorkers(context, user)).map(({ job, number }) => [job, number]));
}

/** The jobs that wait for a number, longest first. */
function queueOf(context: MemoryContext): string[] {
  const rows = context.rows.all('executions').filter(({ sk }) => sk.startsWith(queuedPrefix));
  return rows.map(readQueued);
}

async function givenQueued(context: MemoryContext, row: JobRow): Promise<void> {
  const key = queuedKey(row.launchedBy, row.tryCreated, row.pk);
  await context.rows.put('executions', queuedRow(key, context.now()));
}

function giveBytes(context: MemoryContext, ...bytes: number[]): void {
  Object.assign(context, { random: () => Uint8Array.from(bytes) });
}

const launched = ({ queues }: MemoryContext) => queues.runnable.map(({ message }) => message.worker);

describe('a worker', () => {
  test('gets a number that is not in use, and keeps it when it asks again', async () => {
    const context = givenUser(2);
    const a = await givenRunnable(context, 'a');
    const b = await givenRunnable(context, 'b');
    const calls: string[] = [];
    context.setHook({ before: ({ name }) => void calls.push(name) });
    for (const row of [a, b, a, b]) expect(await takeNumber(context, row)).toBe(true);
    expect(calls).not.toContain('delete');
    expect(Object.values(await numbersOf(context)).sort()).toEqual([0, 1]);
    expect(queueOf(context)).toEqual([]);
  });

  test('gets none when all are in use: its job waits, and its second message adds nothing', async () => {
    const context = givenUser(1);
    const a = await givenRunnable(context, 'a');
    const b = await givenRunnable(context, 'b');
    await takeNumber(context, a);
    expect(await takeNumber(context, b)).toBe(false);
    const before = context.rows.digest();
    context.clock.now += 1_000;
    expect(await takeNumber(context, b)).toBe(false);
    expect(context.rows.digest()).toBe(before);
    expect(queueOf(context)).toEqual([b.pk]);
    expect(await loadQueued(context, [a, b])).toEqual(new Set([b.pk]));
  });

  test('gets the number of a worker whose job has ended, and its job waits no more', async () => {
    const context = givenUser(1);
    const a = await givenRunnable(context, 'a');
    const b = await givenRunnable(context, 'b');
    await takeNumber(context, a);
    await takeNumber(context, b);
    await givenRunnable(context, 'a', { state: 'done' });
    expect(await takeNumber(context, b)).toBe(true);
    expect(await numbersOf(context)).toEqual({ [b.pk]: 0 });
    expect(queueOf(context)).toEqual([]);
  });

  test('gets a number that becomes free while its job is entered in the row of those that wait', async () => {
    const context = givenUser(1);
    const a = await givenRunnable(context, 'a');
    const b = await givenRunnable(context, 'b');
    await takeNumber(context, a);
    context.setHook({
      before: async ({ name, detail }) => {
        if (name !== 'put' || !detail.includes(queuedPrefix)) return;
        context.setHook({});
        await givenRunnable(context, 'a', { state: 'done' });
      },
    });
    expect(await takeNumber(context, b)).toBe(true);
    expect(queueOf(context)).toEqual([]);
  });

  test('of another user does not count', async () => {
    const context = givenUser(1);
    await takeNumber(context, await givenRunnable(context, 'a'));
    const bobs = await givenRunnable(context, 'b', { launchedBy: 'user-bob' });
    expect(await takeNumber(context, bobs)).toBe(true);
    expect(await numbersOf(context, 'user-bob')).toEqual({ [bobs.pk]: 0 });
  });

  test.each(['absent', 'of an ended job'])(
    'takes another number when one that was %s is taken meanwhile',
    async (how) => {
      const context = givenUser(2);
      const before = [
        await givenRunnable(context, 'x', { state: 'done' }),
        await givenRunnable(context, 'y', { state: 'done' }),
      ];
      if (how !== 'absent') for (const [number, row] of before.entries()) await givenNumber(context, row, number);
      const a = await givenRunnable(context, 'a');
      const b = await givenRunnable(context, 'b');
      const queued: string[] = [];
      let isTaken = false;
      context.setHook({
        before: async ({ name, detail }) => {
          if (name === 'put' && detail.includes(queuedPrefix)) queued.push(detail);
          if (name !== 'put' || isTaken) return;
          isTaken = true;
          await takeNumber(context, b);
        },
      });
      // The same random bytes lead to the same number.
      giveBytes(context, 0, 0);
      expect(await takeNumber(context, a)).toBe(true);
      const numbers = await numbersOf(context);
      expect([numbers[a.pk], numbers[b.pk]].sort()).toEqual([0, 1]);
      // Neither job had to wait.
      expect(queued).toEqual([]);
    },
  );

  test('finds the ended job among more than a page of workers, and asks for the oldest ones first', async () => {
    const context = givenUser(50);
    for (let number = 0; number < 50; number++) {
      const row = await givenRunnable(context, `j${number}`, {
        state: number === 3 || number === 40 ? 'done' : 'running',
      });
      await givenNumber(context, row, number, 1_000 - number);
    }
    const reads: number[] = [];
    context.setHook({ before: ({ name, keys = [] }) => void (name === 'getMany' && reads.push(keys.length)) });
    expect(await takeNumber(context, await givenRunnable(context, 'next'))).toBe(true);
    // The worker with number 40 started earlier than that with number 3.
    expect(await numbersOf(context)).toMatchObject({ [jobId('next')]: 40, [jobId('j3')]: 3 });
    expect(reads).toEqual([20]);
  });

  test.each([
    ['none', undefined],
    ['the ended one', 40],
  ])('finds %s among more than a page of workers, of which the oldest ones run', async (_, ended) => {
    const context = givenUser(50);
    for (let number = 0; number < 50; number++) {
      const state = number === ended ? 'done' : 'running';
      await givenNumber(context, await givenRunnable(context, `j${number}`, { state }), number, 1_000 + number);
    }
    const next = await givenRunnable(context, 'next');
    expect(await takeNumber(context, next)).toBe(ended !== undefined);
    expect((await numbersOf(context))[next.pk]).toBe(ended);
  });

  test.each([
    [[0, 0], 0],
    [[0, 1], 1],
    [[1, 1], 2],
    [[255, 255], 0],
  ])('gets a number by chance: with the bytes %j it is the number %d of five', async (bytes, number) => {
    const context = givenUser(5);
    giveBytes(context, ...bytes);
    const row = await givenRunnable(context, 'a');
    await takeNumber(context, row);
    expect(await numbersOf(context)).toEqual({ [row.pk]: number });
  });

  test('does not get a number beyond the limit, which a higher limit has left', async () => {
    const context = givenUser(1);
    await givenNumber(context, await givenRunnable(context, 'a', { state: 'running' }), 0);
    await givenNumber(context, await givenRunnable(context, 'b', { state: 'done' }), 1);
    expect(await takeNumber(context, await givenRunnable(context, 'next'))).toBe(false);
  });
});

describe('the number of a job that has reported', () => {
  test('goes to the job that waits longest, which is launched', async () => {
    const context = givenUser(1);
    const done = await givenRunnable(context, 'a', { state: 'done' });
    await givenNumber(context, done, 0);
    const first = await givenRunnable(context, 'b', { tryCreated: 5 });
    const second = await givenRunnable(context, 'c', { tryCreated: 6 });
    for (const row of [second, first]) await givenQueued(context, row);
    await passNumberOn(context, done);
    expect(await numbersOf(context)).toEqual({ [first.pk]: 0 });
    expect(launched(context)).toEqual([jobWorker(first)]);
    expect(queueOf(context)).toEqual([second.pk]);
  });

  test('passes over jobs that wait no more', async () => {
    const context = givenUser(1);
    const done = await givenRunnable(context, 'a', { state: 'done' });
    await givenNumber(context, done, 0);
    for (const [index, state] of (['running', 'terminated'] as const).entries()) {
      await givenQueued(context, await givenRunnable(context, state, { state, tryCreated: index }));
    }
    const { row: gone } = { row: await givenRunnable(context, 'gone', { tryCreated: 3 }) };
    await givenQueued(context, gone);
    await context.rows.delete('executions', { pk: gone.pk, sk: 'A' });
    const last = await givenRunnable(context, 'last', { tryCreated: 9 });
    await givenQueued(context, last);
    await passNumberOn(context, done);
    expect(await numbersOf(context)).toEqual({ [last.pk]: 0 });
    expect(launched(context)).toEqual([jobWorker(last)]);
    expect(queueOf(context)).toEqual([]);
  });

  test('is passed on once: a repeated look changes nothing', async () => {
    const context = givenUser(1);
    const done = await givenRunnable(context, 'a', { state: 'done' });
    await givenNumber(context, done, 0);
    const first = await givenRunnable(context, 'b', { tryCreated: 5 });
    const second = await givenRunnable(context, 'c', { tryCreated: 6 });
    for (const row of [first, second]) await givenQueued(context, row);
    await passNumberOn(context, done);
    await passNumberOn(context, done);
    expect(queueOf(context)).toEqual([second.pk]);
    expect(launched(context)).toEqual([jobWorker(first)]);
  });

  test('is completed by the repetition when it was interrupted after the number was written', async () => {
    const context = givenUser(1);
    const done = await givenRunnable(context, 'a', { state: 'done' });
    const first = await givenRunnable(context, 'b');
    await givenNumber(context, first, 0);
    await givenQueued(context, first);
    await passNumberOn(context, done);
    expect(launched(context)).toEqual([jobWorker(first)]);
    expect(queueOf(context)).toEqual([]);
  });

  test('is left when another call took it in the same moment', async () => {
    const context = givenUser(1);
    const done = await givenRunnable(context, 'a', { state: 'done' });
    await givenNumber(context, done, 0);
    const first = await givenRunnable(context, 'b');
    await givenQueued(context, first);
    const thief = await givenRunnable(context, 'thief');
    context.setHook({
      before: async ({ name }) => {
        if (name !== 'put') return;
        context.setHook({});
        await givenNumber(context, thief, 0);
      },
    });
    await passNumberOn(context, done);
    expect(await numbersOf(context)).toEqual({ [thief.pk]: 0 });
    expect(launched(context)).toEqual([]);
    expect(queueOf(context)).toEqual([first.pk]);
  });

  test('stays when nobody waits', async () => {
    const context = givenUser(1);
    const done = await givenRunnable(context, 'a', { state: 'done' });
    await givenNumber(context, done, 0);
    await passNumberOn(context, done);
    expect(await numbersOf(context)).toEqual({ [done.pk]: 0 });
  });

  test('removes at most 50 rows of jobs that wait no more', async () => {
    const context = givenUser(1);
    const done = await givenRunnable(context, 'a', { state: 'done' });
    for (let index = 0; index < 60; index++) {
      await givenQueued(context, await givenRunnable(context, `w${index}`, { state: 'terminated', tryCreated: index }));
    }
    await passNumberOn(context, done);
    expect(queueOf(context)).toHaveLength(10);
  });
});

test('only jobs that are runnable are shown as waiting for a number, and without any nothing is read', async () => {
  const context = givenUser(1);
  const waits = await givenRunnable(context, 'a');
  const runs = await givenRunnable(context, 'b', { state: 'running' });
  for (const row of [waits, runs]) await givenQueued(context, row);
  expect(await loadQueued(context, [waits, runs, await givenRunnable(context, 'c')])).toEqual(new Set([waits.pk]));
  const calls: string[] = [];
  context.setHook({ before: ({ name }) => void calls.push(name) });
  expect(await loadQueued(context, [runs])).toEqual(new Set());
  expect(calls).toEqual([]);
});

test.each([
  ['low', false, true],
  ['low', true, false],
  ['normal', false, false],
  ['high', false, false],
] as const)(
  'a job of priority %s, with its head on demand: %s, uses a spot machine: %s',
  async (priority, demand, spot) => {
    const context = givenUser(1);
    const row = await givenRunnable(context, 'a', { priority }, { spec: { headJobOnDemand: demand } });
    expect(await usesSpot(context, row)).toBe(spot);
    await takeNumber(context, row);
    expect(await loadWorkers(context, alice)).toMatchObject([{ spot, job: row.pk, started: context.now() }]);
  },
);

describe('a message that asks for a worker', () => {
  test('starts it with the job, the try, the launch, the size and the tags', async () => {
    const context = givenUser(1);
    const row = await givenRunnable(context, 'a', { try: 1, launch: 2 });
    await dispatch(context, { v: 1, worker: jobWorker(row) });
    const [input] = [...context.workers.launches.values()].map((one) => one.input);
    expect(input).toMatchObject({
      tags: { job: row.pk, origin: row.origin, project: row.project, launchedBy: alice },
      environment: {
        ...{ ESPALIER_API_URL: 'http://127.0.0.1:8000', ESPALIER_JOB: row.pk },
        ...{ ESPALIER_TRY: '1', ESPALIER_LAUNCH: '2' },
      },
    });
  });

  test.each<[what: string, at: Partial<JobRow>, worker: string]>([
    ['another launch', {}, `${jobId('a')}-t0-l1`],
    ['another try', {}, `${jobId('a')}-t1-l0`],
    ['a job that runs', { state: 'running' }, `${jobId('a')}-t0-l0`],
    ['a job that does not exist', {}, `${jobId('none')}-t0-l0`],
    ['something else', {}, 'something'],
  ])('for %s starts none', async (_, at, worker) => {
    const context = givenUser(1);
    await givenRunnable(context, 'a', at);
    await dispatch(context, { v: 1, worker: worker as ReturnType<typeof jobWorker> });
    expect(context.workers.launches.size).toBe(0);
    expect(context.rows.all('executions').filter(({ pk }) => pk === workersOf(alice))).toEqual([]);
  });

  test('belongs to the group of its project, so that no project keeps another one waiting', async () => {
    const context = givenUser(1);
    const row = await givenRunnable(context, 'a');
    await launch(context, row);
    expect(context.queues.runnable.map(({ message }) => message.group)).toEqual([row.project]);
  });
});
