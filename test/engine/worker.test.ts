// Tests that no worker outlives its job by more than the grace time, that a stop concerns only a worker which holds no
// other job, and that a user has at most so many workers.

import { describe, expect, test } from 'vitest';
import { describeJobs } from '../../api/ops/job/describe.ts';
import type { UserId } from '../../core/id/identifier.ts';
import { jobWorker } from '../../core/job/row.ts';
import { holdsJob } from '../../core/job/worker.ts';
import { workerRow } from '../../core/row/execution/worker.ts';
import { advance } from '../../engine/advance.ts';
import { finalise } from '../../engine/finalise.ts';
import { createJob } from '../../engine/job/birth.ts';
import { finish } from '../../engine/job/finish.ts';
import { heartbeat } from '../../engine/job/heartbeat.ts';
import { loadWorkers, takeNumber } from '../../engine/launch/worker-number.ts';
import { terminateTree } from '../../engine/terminate.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, isSettled, type Program, peekJob, taskOf } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';

const alice: UserId = 'user-alice';

/** A program that reports and does not end: the worker hangs, or its code keeps it. */
const lingering =
  (context: MemoryContext): Program =>
  async ({ row }) => {
    await finish(context, row, { output: {} });
    return undefined;
  };

/** The jobs of the workers that hold one. */
async function heldJobs(context: MemoryContext, user = alice): Promise<string[]> {
  const workers = await loadWorkers(context, user);
  return workers.filter(({ worker, job }) => holdsJob(worker, peekJob(context, job))).map(({ job }) => job);
}

describe('a worker that does not end when its job has', () => {
  test('is left alone during its lease, then stopped, and the job settles when it is gone', async () => {
    const context = createMemoryContext();
    const platform = createMemoryPlatform(context, lingering(context));
    context.workers.stopAtOnce = false;
    await createJob(context, planJob('j'));
    await platform.run();
    const task = taskOf(`${jobId('j')}-t0-l0`);
    expect(byName(context, 'j').state).toBe('done');
    context.clock.now += 599_000;
    await platform.sweep();
    expect(context.workers.stopping).toEqual(new Set());
    context.clock.now += 61_000;
    await platform.sweep();
    expect(context.workers.stopping).toEqual(new Set([task]));
    expect(byName(context, 'j').dueAt).toBeDefined();
    context.workers.states.set(task, ended('stopped'));
    context.clock.now += 600_000;
    await platform.sweep();
    expect(isSettled(byName(context, 'j'))).toBe(true);
  });

  test('is stopped also while its job waits for a child', async () => {
    const context = createMemoryContext();
    const platform = createMemoryPlatform(context, async ({ row }) => {
      if (row.name !== 'main') return undefined;
      await createJob(context, planJob('child', { parent: row }));
      await finish(context, row, { output: {} });
      return undefined;
    });
    await createJob(context, planJob('main'));
    await platform.run();
    expect(byName(context, 'main').state).toBe('waiting_on_output');
    context.clock.now += 300_000;
    await heartbeat(context, byName(context, 'child'));
    context.clock.now += 301_000;
    await platform.sweep();
    expect(context.workers.stopping).toEqual(new Set([taskOf(`${jobId('main')}-t0-l0`)]));
    expect(byName(context, 'child').state).toBe('running');
  });

  test('keeps nobody waiting: what depends on its job runs at once', async () => {
    const context = createMemoryContext();
    const linger = lingering(context);
    const platform = createMemoryPlatform(context, (claimed) =>
      claimed.row.name === 'first' ? linger(claimed) : { output: {} },
    );
    await createJob(context, planJob('first'));
    await createJob(context, planJob('second', { dependsOn: [jobId('first')] }));
    await platform.run();
    expect(byName(context, 'second').state).toBe('done');
  });
});

test('a late look at a job does not stop its worker when that holds another job by now', async () => {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, lingering(context));
  await createJob(context, planJob('first'));
  await createJob(context, planJob('next', { row: { state: 'idle' } }));
  await platform.run();
  const row = byName(context, 'first');
  const [worker] = (await loadWorkers(context, alice)).filter(({ job }) => job === row.pk);
  if (worker === undefined) throw new Error('the worker of the first job has no row');
  await context.rows.put('executions', workerRow(alice, { ...worker, job: jobId('next') }));
  context.clock.now += 700_000;
  await advance(context, row.pk);
  expect(context.workers.stopping.has(taskOf(jobWorker(row)))).toBe(false);
  expect(isSettled(peekJob(context, row.pk))).toBe(true);
});

describe('a user with as many workers as one may have', () => {
  /** Jobs of two users; every worker of Alice keeps running until the test reports for it. */
  async function givenWideTree(width: number, limit: number) {
    const context = createMemoryContext({ settings: { workersPerUser: limit } });
    const platform = createMemoryPlatform(context, ({ row }) =>
      row.launchedBy === alice ? undefined : { output: {} },
    );
    const names = Array.from({ length: width }, (_, index) => `j${index}`);
    for (const name of names) await createJob(context, planJob(name));
    await platform.run();
    return { context, platform, names };
  }
  const statesOf = (context: MemoryContext, names: readonly string[], state: string) =>
    names.filter((name) => byName(context, name).state === state);
  const report = async (context: MemoryContext, name: string) => {
    await finish(context, byName(context, name), { output: {} });
    context.workers.states.set(taskOf(`${jobId(name)}-t0-l0`), ended('exited'));
  };

  test('has the other jobs runnable, and each report or end lets the next one run at once', async () => {
    const { context, platform, names } = await givenWideTree(12, 5);
    expect(statesOf(context, names, 'running')).toHaveLength(5);
    expect(context.workers.launches.size).toBe(5);
    for (let round = 0; round < 12; round++) {
      const [running] = statesOf(context, names, 'running');
      if (running === undefined) break;
      await report(context, running);
      await platform.run();
      expect(statesOf(context, names, 'running')).toHaveLength(Math.min(5, 11 - round));
    }
    expect(statesOf(context, names, 'done')).toHaveLength(12);
    expect(context.rows.all('executions').filter(({ sk }) => sk.startsWith('W#'))).toEqual([]);
  });

  test('is named as the reason in the description of a waiting job, and of no other', async () => {
    const { context, names } = await givenWideTree(3, 2);
    const rows = names.map((name) => byName(context, name));
    const described = await describeJobs(context, rows, { fields: { state: true, waitsForWorker: true } });
    const why = 'user-alice has as many workers as one user may have. This job starts when one of them is free';
    const waiting = { state: 'runnable', waitsForWorker: why };
    expect(described).toHaveLength(3);
    expect(described).toEqual(expect.arrayContaining([waiting, { state: 'running' }]));
    expect(described.filter((one) => 'waitsForWorker' in one)).toEqual([waiting]);
  });

  test('keeps no other user waiting', async () => {
    const { context, platform } = await givenWideTree(12, 5);
    await createJob(context, planJob('bob', { row: { launchedBy: 'user-bob' } }));
    await platform.run();
    expect(byName(context, 'bob').state).toBe('done');
  });

  test('gets a free number back from a job that was terminated before it ran', async () => {
    const { context, platform, names } = await givenWideTree(6, 5);
    const [waiting] = statesOf(context, names, 'runnable');
    const [running = ''] = statesOf(context, names, 'running');
    context.workers.stopAtOnce = true;
    await terminateTree(context, jobId(running), alice);
    await platform.run();
    expect(statesOf(context, names, 'terminated')).toEqual([running]);
    expect(byName(context, waiting ?? '').state).toBe('running');
  });

  test('has a waiting job run at once when the launch of another one ends without a claim', async () => {
    const context = createMemoryContext({ settings: { workersPerUser: 1 } });
    const platform = createMemoryPlatform(context, () => undefined);
    const start = context.workers.start;
    const asked: string[] = [];
    // The worker of the first job is never placed.
    context.workers.start = async (worker, input) => {
      asked.push(worker);
      if (input.environment.ESPALIER_JOB !== jobId('first')) await start(worker, input);
    };
    await createJob(context, planJob('first'));
    await platform.run();
    await createJob(context, planJob('second'));
    await createJob(context, planJob('bob', { row: { launchedBy: 'user-bob' } }));
    await platform.run();
    expect(statesOf(context, ['first', 'second'], 'runnable')).toEqual(['first', 'second']);
    await finalise(context, jobWorker(byName(context, 'first')), ended('noCapacity'));
    await platform.run();
    expect(byName(context, 'first')).toMatchObject({ state: 'runnable', launch: 1 });
    expect(byName(context, 'second').state).toBe('running');
    // Its next launch waits for a number in its turn.
    context.clock.now += 5_000;
    await platform.run();
    expect(await heldJobs(context)).toEqual([jobId('second')]);
    await report(context, 'second');
    await platform.run();
    context.clock.now += 5_000;
    await platform.run();
    expect(asked.at(-1)).toBe(`${jobId('first')}-t0-l1`);
  });

  test('has a waiting job run when another one reports and then waits for it', async () => {
    const context = createMemoryContext({ settings: { workersPerUser: 1 } });
    const children = ['c0', 'c1', 'c2'];
    const platform = createMemoryPlatform(context, async ({ row }) => {
      if (row.name !== 'main') return { output: {} };
      for (const name of children) await createJob(context, planJob(name, { parent: row }));
      return undefined;
    });
    await createJob(context, planJob('main'));
    await platform.run();
    expect(statesOf(context, children, 'runnable')).toEqual(children);
    await report(context, 'main');
    await platform.run();
    expect(statesOf(context, ['main', ...children], 'done')).toEqual(['main', ...children]);
  });

  test('has the waiting job run by its own sweep when every message about a free number was lost', async () => {
    const { context, platform, names } = await givenWideTree(6, 5);
    const [running = ''] = statesOf(context, names, 'running');
    const [waiting = ''] = statesOf(context, names, 'runnable');
    await report(context, running);
    platform.records.length = 0;
    context.clock.now += 600_000;
    await platform.sweep();
    await platform.run();
    expect(byName(context, waiting).state).toBe('running');
  });

  test('never has more, even if a hundred jobs ask in the same moment', async () => {
    const context = createMemoryContext({ settings: { workersPerUser: 7 } });
    const rows = Array.from({ length: 100 }, (_, index) => planJob(`j${index}`, { row: { state: 'runnable' } }).row);
    for (const row of rows) await createJob(context, planJob(row.name ?? '', { row: { state: 'runnable' } }));
    // Calls of the store are answered in turns, so that all of them read before any of them writes.
    context.setHook({ before: () => new Promise((resolve) => void setImmediate(resolve)) });
    const taken = await Promise.all(rows.map((row) => takeNumber(context, row)));
    expect(taken.filter((one) => one)).toHaveLength(7);
    expect(await heldJobs(context)).toHaveLength(7);
  });
});
