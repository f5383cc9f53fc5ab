// Tests the debug hold: a job that failed keeps its worker, its tree waits for it, and the hold has an end.

import { describe, expect, test } from 'vitest';
import { holdLimitMs } from '../../core/job/hold.ts';
import { ownScope } from '../../core/job/row.ts';
import { createJob } from '../../engine/job/birth.ts';
import { putDoom } from '../../engine/job/doom.ts';
import { finish, type Result } from '../../engine/job/finish.ts';
import { heartbeat } from '../../engine/job/heartbeat.ts';
import { releaseJob } from '../../engine/job/release.ts';
import { terminateTree } from '../../engine/terminate.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, isSettled, peekJob, taskOf } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';
import { givenJob } from '../simulation/world.ts';

const noReads = { failure: { type: 'AppError', message: 'no reads' } };
const debugged = { spec: { debugOn: ['AppError'] } } as const;
const main = jobId('main');
const bad = jobId('bad');
const waiting = jobId('waiting');
const outside = jobId('outside');
const task = taskOf(`${bad}-t0-l0`);

/** A tree in which the subjob `bad` has reported its failure, and a job outside that needs the tree. */
async function givenHeld(result: Result = noReads) {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, async ({ row }) => {
    if (row.name !== 'main') return undefined;
    await createJob(context, planJob('bad', { parent: row, ...debugged }));
    await createJob(context, planJob('waiting', { parent: row, dependsOn: [bad], ...debugged }));
    return { output: {} };
  });
  await createJob(context, planJob('main', debugged));
  await createJob(context, planJob('outside', { dependsOn: [main] }));
  await platform.run();
  const answer = await finish(context, peekJob(context, bad), result);
  await platform.run();
  const sweep = async (ms: number) => {
    context.clock.now += ms;
    await platform.sweep();
    await platform.run();
  };
  /** Lets time pass as a living worker does: a heartbeat, then a sweep. */
  const live = async (ms: number, stepMs = 3_600_000) => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      context.clock.now += stepMs;
      await heartbeat(context, peekJob(context, bad));
      await platform.sweep();
      await platform.run();
    }
  };
  return { context, platform, answer, sweep, live };
}

function statesOf(context: MemoryContext): string[] {
  return [main, bad, waiting, outside].map((job) => peekJob(context, job).state);
}

const held = ['waiting_on_output', 'debug_hold', 'waiting_on_input', 'waiting_on_input'];
const failed = ['failed', 'failed', 'failed', 'failed'];

test('a job that reports a failure of its debugOn is held, and the failure of its tree waits', async () => {
  const { context, answer, live } = await givenHeld();
  expect(answer).toEqual({ state: 'debug_hold', heldUntil: context.clock.now + holdLimitMs });
  expect(statesOf(context)).toEqual(held);
  expect(peekJob(context, bad)).toMatchObject({ failureReason: 'AppError', failureMessage: 'no reads' });
  await live(24 * 3_600_000);
  expect(statesOf(context)).toEqual(held);
  expect(context.workers.stopping.size).toBe(0);
});

test('a repeated report of a held job gets the same answer', async () => {
  const { context, answer } = await givenHeld();
  expect(await finish(context, peekJob(context, bad), noReads)).toEqual(answer);
});

test.each<[string, Result]>([
  ['a reason that is not in debugOn', { failure: { type: 'AppInternalError', message: 'crash' } }],
  ['a refused output', { output: { bad: { $dnanexus_link: { job: 1 } } } }],
])('a job that ends with %s is not held', async (_title, result) => {
  const { context } = await givenHeld(result);
  expect(statesOf(context)).toEqual(failed);
});

test('a hold ends after three days: its worker is stopped, then the job and its tree fail as usual', async () => {
  const { context, live, sweep, platform } = await givenHeld();
  context.workers.stopAtOnce = false;
  await live(holdLimitMs - 3_600_000);
  expect(statesOf(context)).toEqual(held);
  context.clock.now += 3_600_000;
  expect(await heartbeat(context, peekJob(context, bad))).toEqual({
    stop: { reason: 'AppError', message: 'no reads' },
  });
  expect(peekJob(context, bad).state).toBe('terminating');
  expect(await finish(context, peekJob(context, bad), noReads)).toEqual({ state: 'failed' });
  context.workers.states.set(task, ended('exited'));
  await platform.run();
  await sweep(0);
  expect(statesOf(context)).toEqual(failed);
  expect(peekJob(context, bad)).toMatchObject({ failureReason: 'AppError', failureMessage: 'no reads' });
  expect(peekJob(context, main)).toMatchObject({ failureReason: 'JobTreeFailure', failureFrom: bad });
  expect(context.rows.all('executions').filter((row) => !isSettled(row))).toEqual([]);
});

test('the sweep ends a hold after three days, also when no heartbeat asks', async () => {
  const { context, live, sweep } = await givenHeld();
  await live(holdLimitMs - 60_000, 300_000);
  await sweep(300_000);
  await sweep(60_000);
  expect(statesOf(context)).toEqual(failed);
  expect(context.workers.stopping).toContain(task);
});

test('a held job whose worker dies fails with its own failure, and its master does not start again', async () => {
  const { context, sweep } = await givenHeld();
  context.workers.states.set(task, ended('lost'));
  await sweep(660_000);
  expect(statesOf(context)).toEqual(failed);
  expect(peekJob(context, bad)).toMatchObject({ try: 0, failureReason: 'AppError', failureMessage: 'no reads' });
  expect(peekJob(context, main)).toMatchObject({ try: 0, failureReason: 'JobTreeFailure' });
});

test('a held job whose worker is silent beyond its lease fails with its own failure', async () => {
  const { context, sweep } = await givenHeld();
  await sweep(610_000);
  expect(peekJob(context, bad)).toMatchObject({ state: 'failed', failureReason: 'AppError' });
});

test('a held job is ended by a termination of its tree', async () => {
  const { context, platform } = await givenHeld();
  await terminateTree(context, bad, 'user-alice');
  await platform.run();
  expect(statesOf(context)).toEqual(['terminated', 'terminated', 'terminated', 'failed']);
  expect(peekJob(context, bad)).toMatchObject({
    failureReason: 'Terminated',
    failureMessage: 'The job was terminated by user-alice',
  });
});

test('a held job ends with its tree when another job of the tree fails first', async () => {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, async ({ row }) => {
    if (row.name !== 'main') return undefined;
    await createJob(context, planJob('bad', { parent: row, ...debugged }));
    await createJob(context, planJob('waiting', { parent: row, ...debugged }));
    return { output: {} };
  });
  await createJob(context, planJob('main', debugged));
  await platform.run();
  await finish(context, peekJob(context, bad), noReads);
  await finish(context, peekJob(context, waiting), { failure: { type: 'AppInternalError', message: 'crash' } });
  await platform.run();
  expect(peekJob(context, bad)).toMatchObject({
    ...{ state: 'failed', failureReason: 'JobTreeFailure', failureFrom: waiting },
    failureMessage: `${waiting}, a job of the same tree, failed with AppInternalError: crash`,
  });
});

test('a job that reports a failure after its tree was doomed is not kept', async () => {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, () => undefined);
  await createJob(context, planJob('bad', debugged));
  await platform.run();
  const row = peekJob(context, bad);
  const cause = { kind: 'termination', execution: bad, try: 0, by: 'user-alice' } as const;
  await putDoom(context, bad, ownScope(row), cause);
  await finish(context, row, noReads);
  await platform.run();
  expect(peekJob(context, bad)).toMatchObject({ state: 'terminated', failureReason: 'Terminated' });
});

test('a limit of the time of the job does not count while it is held', async () => {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, () => undefined);
  await createJob(context, planJob('bad', { ...debugged, row: { timeoutMs: 60_000 } }));
  await platform.run();
  await finish(context, peekJob(context, bad), noReads);
  for (let beat = 0; beat < 10; beat++) {
    context.clock.now += 120_000;
    expect(await heartbeat(context, peekJob(context, bad))).toEqual({});
    await platform.sweep();
  }
  expect(peekJob(context, bad).state).toBe('debug_hold');
});

test('a subjob that is lost while its master job is held does not start the master again', async () => {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, async ({ row }) => {
    if (row.name === 'bad') await createJob(context, planJob('waiting', { parent: row, ...debugged }));
    return undefined;
  });
  await createJob(context, planJob('bad', debugged));
  await platform.run();
  await finish(context, peekJob(context, bad), noReads);
  await platform.run();
  context.workers.states.set(taskOf(`${waiting}-t0-l0`), ended('lost'));
  context.clock.now += 660_000;
  await heartbeat(context, peekJob(context, bad));
  await platform.sweep();
  await platform.run();
  expect(peekJob(context, waiting)).toMatchObject({ state: 'failed', failureReason: 'UnresponsiveWorker' });
  expect(peekJob(context, bad)).toMatchObject({ state: 'failed', try: 0, failureReason: 'JobTreeFailure' });
});

/** The root `bad` and its subjob `waiting`, both running, and a job of another user. */
async function givenRoot() {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, async ({ row }) => {
    if (row.name === 'bad') await createJob(context, planJob('waiting', { parent: row, ...debugged }));
    return undefined;
  });
  await createJob(context, planJob('bad', debugged));
  await createJob(context, planJob('bob', { user: 'user-bob' }));
  await platform.run();
  const beat = async (ms: number, jobs = [bad, jobId('bob')]) => {
    context.clock.now += ms;
    const answers = [];
    for (const job of jobs) answers.push(await heartbeat(context, peekJob(context, job)));
    await platform.sweep();
    await platform.run();
    return answers;
  };
  return { context, platform, beat };
}

test('a master job that is held while the flag of its restart is written stays held, and its tree ends with it', async () => {
  const { context, platform, beat } = await givenRoot();
  const put = context.rows.put;
  let late = true;
  context.rows.put = async (table, row, ...rest) => {
    const isFlag = row.sk.startsWith('!doom');
    if (isFlag && late) {
      late = false;
      await finish(context, peekJob(context, bad), noReads);
    }
    return put(table, row, ...rest);
  };
  context.workers.states.set(taskOf(`${waiting}-t0-l0`), ended('lost'));
  await beat(300_000);
  expect(late).toBe(false);
  expect(peekJob(context, waiting)).toMatchObject({ state: 'failed', failureReason: 'UnresponsiveWorker' });
  for (let round = 0; round < 5; round++) expect(await beat(300_000)).toEqual([{}, {}]);
  expect(peekJob(context, bad)).toMatchObject({ state: 'debug_hold', try: 0, failureReason: 'AppError' });
  await releaseJob(context, bad);
  await platform.run();
  for (let round = 0; round < 3; round++) await beat(300_000, [jobId('bob')]);
  expect(peekJob(context, bad)).toMatchObject({ state: 'failed', try: 0, failureReason: 'AppError' });
  const open = context.rows.all('executions').filter((row) => !isSettled(row));
  expect(open.map(({ pk }) => pk)).toEqual([jobId('bob')]);
});

test('a termination after the release of a held root terminates it, and asks the other workers at once', async () => {
  const { context, platform } = await givenRoot();
  context.workers.stopAtOnce = false;
  await finish(context, peekJob(context, bad), noReads);
  await releaseJob(context, bad);
  await platform.run();
  expect(peekJob(context, bad)).toMatchObject({ state: 'terminating', failureReason: 'AppError' });
  await terminateTree(context, bad, 'user-alice');
  await platform.run();
  const below = taskOf(`${waiting}-t0-l0`);
  expect(context.workers.stopping).toEqual(new Set([task, below]));
  for (const one of [task, below]) context.workers.states.set(one, ended('stopped'));
  context.clock.now += 60_000;
  await heartbeat(context, byName(context, 'bob'));
  await platform.sweep();
  await platform.run();
  for (const job of [bad, waiting]) {
    expect(peekJob(context, job)).toMatchObject({ state: 'terminated', failureReason: 'Terminated' });
  }
  expect(byName(context, 'bob').state).toBe('running');
});

const dayMs = 24 * 3_600_000;

test.each([
  ['root', bad],
  ['job below the root', waiting],
])('the hold of a %s ends with its tree, when that is 30 days old', async (_title, heldJob) => {
  const { context, beat } = await givenRoot();
  const born = context.clock.now;
  const all = [bad, waiting, jobId('bob')];
  for (let day = 0; day < 29; day++) {
    // One beat in a day is enough for a lease that reaches to the next.
    context.clock.now += dayMs - 60_000;
    for (const job of all) await heartbeat(context, peekJob(context, job));
    await beat(60_000, all);
  }
  const answer = await finish(context, peekJob(context, heldJob), noReads);
  const end = heldJob === bad ? born + 30 * dayMs : context.clock.now + holdLimitMs;
  expect(answer).toEqual({ state: 'debug_hold', heldUntil: end });
  context.clock.now += dayMs - 60_000;
  await beat(0, all);
  expect(peekJob(context, heldJob).state).toBe('debug_hold');
  context.clock.now += 60_000;
  await beat(0, [jobId('bob')]);
  expect([bad, waiting].map((job) => peekJob(context, job).state)).toEqual(['failed', 'failed']);
  expect(peekJob(context, bad)).toMatchObject({ failureReason: 'AuthError' });
});

test('a held job counts as a worker of its user until its hold ends, and its worker is not stopped', async () => {
  const context = createMemoryContext({ settings: { workersPerUser: 100 } });
  const platform = createMemoryPlatform(context, ({ row }) => (row.name?.startsWith('h') ? noReads : undefined));
  const names = Array.from({ length: 100 }, (_, index) => `h${index}`);
  for (const name of names) await createJob(context, planJob(name, debugged));
  await platform.run();
  await createJob(context, planJob('next'));
  await createJob(context, planJob('bob', { user: 'user-bob' }));
  await platform.run();
  const live = async (ms: number) => {
    context.clock.now += ms;
    for (const name of [...names, 'bob']) await heartbeat(context, byName(context, name));
    await platform.sweep();
    await platform.run();
  };
  for (let round = 0; round < 4; round++) await live(300_000);
  expect(new Set(names.map((name) => byName(context, name).state))).toEqual(new Set(['debug_hold']));
  expect(context.workers.stopping.size).toBe(0);
  expect(byName(context, 'bob').state).toBe('running');
  expect(byName(context, 'next').state).toBe('runnable');
  await releaseJob(context, jobId('h40'));
  await platform.run();
  expect(byName(context, 'next').state).toBe('running');
  expect(context.workers.stopping).toEqual(new Set([taskOf(`${jobId('h40')}-t0-l0`)]));
});

describe('the release of a held job', () => {
  async function givenHeld() {
    const context = createMemoryContext();
    await givenJob(context, 'main', { at: { state: 'debug_hold', failureReason: 'AppError' } });
    const calls: string[] = [];
    context.setHook({ before: ({ name }) => void calls.push(name) });
    return { context, calls };
  }

  test('takes one read and one write', async () => {
    const { context, calls } = await givenHeld();
    await releaseJob(context, main);
    expect(peekJob(context, main).state).toBe('terminating');
    expect(calls).toEqual(['get', 'update']);
  });

  test('comes about although the row changes in the same moment', async () => {
    const { context } = await givenHeld();
    context.setHook({
      before: async ({ name }) => {
        if (name !== 'update') return;
        context.setHook({});
        await context.rows.update('executions', { pk: main, sk: 'A' }, { set: { launch: 1 } });
      },
    });
    await releaseJob(context, main);
    expect(peekJob(context, main)).toMatchObject({ state: 'terminating', launch: 1 });
  });

  test('is refused when there is no such job', async () => {
    await expect(releaseJob(createMemoryContext(), main)).rejects.toMatchObject({ type: 'ResourceNotFound' });
  });
});
