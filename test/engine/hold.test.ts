// Tests the debug hold: a job that failed keeps its worker, its tree waits for it, and the hold has an end.

import { expect, test } from 'vitest';
import { holdLimitMs } from '../../core/job/hold.ts';
import { ownScope } from '../../core/job/row.ts';
import { createJob } from '../../engine/job/birth.ts';
import { putDoom } from '../../engine/job/doom.ts';
import { finish, type Result } from '../../engine/job/finish.ts';
import { heartbeat } from '../../engine/job/heartbeat.ts';
import { terminateTree } from '../../engine/job/terminate.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { createMemoryPlatform, peekJob, taskOf } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';

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
  expect(context.rows.all('executions').filter(({ dueAt }) => dueAt !== undefined)).toEqual([]);
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
