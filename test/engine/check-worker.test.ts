// Tests what a sweep does about a launch and about a worker: the exact moments at which a lease, a time limit, a hold and
// a grace time end, and changes of the row while the sweep asks.

import { describe, expect, test } from 'vitest';
import type { WorkerState } from '../../core/context.ts';
import { holdLimitMs } from '../../core/job/hold.ts';
import type { JobRow } from '../../core/job/row.ts';
import { awaitStop, checkLaunch, checkWorker, releaseWorker } from '../../engine/job/check-worker.ts';
import { saveJob } from '../../engine/store/save-job.ts';
import { createMemoryContext } from '../memory/context.ts';
import { byName, taskOf } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';
import { givenJob } from '../simulation/world.ts';

const leaseMs = 600_000;
const start = 1_700_000_000_000;
const task = taskOf('j');

/** A job whose worker runs, and says nothing. It is asked to stop, and goes on. */
async function givenWorker(at: Partial<JobRow>, state: WorkerState = { kind: 'running' }) {
  const context = createMemoryContext({ now: start });
  context.workers.stopAtOnce = false;
  const all = { task, tokenHash: 'hash', startedRunning: start, leaseUntil: start + leaseMs, ...at };
  const row = await givenJob(context, 'j', { spec: { executionPolicy: {} }, at: all });
  context.workers.states.set(task, state);
  const told: string[] = [];
  const { stop } = context.workers;
  context.workers.stop = async (handle, why) => {
    told.push(why);
    await stop(handle, why);
  };
  return { context, row, told, peek: () => byName(context, 'j') };
}

describe('the launch of a runnable job', () => {
  test.each<[what: string, state: WorkerState | undefined, asked: number, launch: number]>([
    ['is left alone while it is under way', { kind: 'starting' }, 0, 0],
    ['is asked for again when it is not known', undefined, 1, 0],
    ['is followed by another one when it ended without a claim', ended('noCapacity'), 0, 1],
  ])('%s', async (_, state, asked, launch) => {
    const { context, row, peek } = await givenWorker({ state: 'runnable' });
    context.workers.launchState = async () => state;
    await checkLaunch(context, row);
    expect(context.queues.runnable).toHaveLength(asked);
    expect(peek()).toMatchObject({ state: 'runnable', launch });
  });
});

describe('a silent worker', () => {
  test.each<[after: number, what: string, asked: readonly string[]]>([
    [leaseMs, 'is left alone at the end of its lease', []],
    [leaseMs + 1, 'is stopped after it', ['no heartbeat arrived within its lease']],
    [3 * leaseMs, 'is stopped when two sweeps of its lease were missed', ['no heartbeat arrived within its lease']],
    [3 * leaseMs + 1, 'gets another lease when nobody looked for longer', []],
  ])('%d ms after its start %s', async (after, _, asked) => {
    const { context, row, told, peek } = await givenWorker({ state: 'running' });
    context.clock.now += after;
    await checkWorker(context, row);
    expect(told).toEqual(asked);
    expect(peek().state).toBe('running');
    if (after > 3 * leaseMs) expect(peek().leaseUntil).toBe(context.clock.now + leaseMs);
  });

  test('is not stopped when its heartbeat comes after the row was read', async () => {
    const { context, row, told } = await givenWorker({ state: 'running' });
    context.clock.now += leaseMs + 1;
    await saveJob(context, row, { kind: 'beat', leaseUntil: context.clock.now + leaseMs });
    expect(await checkWorker(context, row)).toEqual({ kind: 'changed' });
    expect(told).toEqual([]);
  });

  test('keeps the longer lease of a heartbeat that comes while it gets another one', async () => {
    const { context, row, peek } = await givenWorker({ state: 'running' });
    context.clock.now += 4 * leaseMs;
    const leaseUntil = context.clock.now + leaseMs + 5;
    await saveJob(context, row, { kind: 'beat', leaseUntil });
    expect(await checkWorker(context, row)).toEqual({ kind: 'changed' });
    expect(peek().leaseUntil).toBe(leaseUntil);
  });

  test('changes nothing when its job is gone by the time it is asked', async () => {
    const { context, row } = await givenWorker({ state: 'running' });
    context.clock.now += leaseMs + 1;
    await context.rows.delete('executions', { pk: row.pk, sk: 'A' });
    expect(await checkWorker(context, row)).toEqual({ kind: 'changed' });
  });
});

describe('a job with a time limit of an hour', () => {
  const hourMs = 3_600_000;
  test.each<[after: number, asked: boolean]>([
    [hourMs + leaseMs, false],
    [hourMs + leaseMs + 1, true],
  ])('%d ms after its start: its worker is stopped: %s', async (after, asked) => {
    const at = { state: 'running', timeoutMs: hourMs, leaseUntil: start + 2 * hourMs } as const;
    const { context, row, told, peek } = await givenWorker(at);
    context.clock.now += after;
    expect(await checkWorker(context, row)).toBeUndefined();
    expect(told).toHaveLength(asked ? 1 : 0);
    expect(peek().state).toBe('running');
  });

  test('fails by it only when its worker has stopped', async () => {
    const { context, row, peek } = await givenWorker({ state: 'running', timeoutMs: hourMs });
    context.workers.stopAtOnce = true;
    context.clock.now += hourMs + leaseMs + 1;
    await checkWorker(context, row);
    expect(peek()).toMatchObject({ state: 'failed', failureReason: 'JobTimeoutExceeded' });
  });
});

test.each([
  [holdLimitMs - 1, 'debug_hold'],
  [holdLimitMs, 'terminating'],
])('a held job whose worker lives is, %d ms after it was held, %s', async (after, state) => {
  const { context, peek } = await givenWorker({ state: 'debug_hold', transitions: [['debug_hold', start]] });
  context.clock.now += after;
  await saveJob(context, peek(), { kind: 'beat', leaseUntil: context.clock.now + leaseMs });
  await checkWorker(context, peek());
  expect(peek().state).toBe(state);
});

test('the worker of a job that ends with its tree is told why', async () => {
  const failure = { failureReason: 'Terminated', failureMessage: 'The job was terminated by user-alice' } as const;
  const { context, row, told } = await givenWorker({ state: 'terminating', ...failure });
  expect(await awaitStop(context, row)).toBeUndefined();
  expect(told).toEqual([failure.failureMessage]);
});

describe('the worker of an ended job', () => {
  test.each<[after: number, asked: number]>([
    [leaseMs - 1, 0],
    [leaseMs, 1],
  ])('is asked to stop one lease after the end: %d ms after it, %d times', async (after, asked) => {
    const { context, row, told } = await givenWorker({ state: 'done', stoppedRunning: start });
    context.clock.now += after;
    expect(await releaseWorker(context, row)).toBe('hold');
    expect(told).toHaveLength(asked);
  });

  test('keeps its job no longer when it is gone', async () => {
    const { context, row } = await givenWorker({ state: 'done', stoppedRunning: start }, ended('exited'));
    expect(await releaseWorker(context, row)).toBe('done');
  });
});
