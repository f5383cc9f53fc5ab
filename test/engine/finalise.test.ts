// Tests the last step of a launch: it moves only the job that still waits for that launch, and otherwise looks at the
// job whose worker has ended.

import { describe, expect, test } from 'vitest';
import type { WorkerId } from '../../core/id/worker.ts';
import { type JobRow, jobWorker, ownScope } from '../../core/job/row.ts';
import { edgeKey, edgeRow } from '../../core/row/execution/edge.ts';
import { finalise } from '../../engine/finalise.ts';
import { putDoom } from '../../engine/job/doom.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { isSettled, peekJob, taskOf } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';
import { givenJob } from '../simulation/world.ts';

const job = jobId('j');
const noCapacity = ended('noCapacity', 'there was no capacity');

async function givenRow(at: Partial<JobRow>) {
  const context = createMemoryContext();
  const row = await givenJob(context, 'j', { at: { launch: 1, ...at } });
  return { context, row, peek: () => peekJob(context, job) };
}

/** The writes of rows from now on. */
function watchWrites(context: MemoryContext): string[] {
  const writes: string[] = [];
  context.setHook({ before: ({ name, detail }) => void (name === 'update' && writes.push(detail)) });
  return writes;
}

test('a job that waits for its launch gets the next one', async () => {
  const { context, row, peek } = await givenRow({ state: 'runnable' });
  // The port knows of the end, too. A look at the old row would write again.
  context.workers.launchState = async (worker) => (worker === jobWorker(row) ? noCapacity : { kind: 'starting' });
  const writes = watchWrites(context);
  await finalise(context, jobWorker(row), noCapacity);
  expect(peek()).toMatchObject({ state: 'runnable', launch: 2 });
  expect(writes).toHaveLength(1);
});

describe('nothing changes when', () => {
  test.each<[what: string, worker: string]>([
    ['the name is not that of a worker', 'something'],
    ['there is no such job', `${jobId('none')}-t0-l0`],
    ['an earlier launch ends late', `${job}-t0-l0`],
  ])('%s', async (_, worker) => {
    const { context, row, peek } = await givenRow({ state: 'runnable' });
    context.workers.launchState = async () => ({ kind: 'starting' });
    await finalise(context, worker as WorkerId, noCapacity);
    expect(peek()).toMatchObject({ state: 'runnable', launch: 1, dueAt: row.dueAt });
    expect(context.queues.runnable).toEqual([]);
  });

  test.each(['done', 'failed', 'terminated'] as const)('the job is %s, and another worker had it', async (state) => {
    const { context, peek } = await givenRow({ state });
    const writes = watchWrites(context);
    await finalise(context, `${job}-t0-l0` as WorkerId, noCapacity);
    expect(writes).toEqual([]);
    expect(peek()).toHaveProperty('dueAt');
  });

  test.each(['idle', 'waiting_on_input', 'waiting_on_output'] as const)(
    'the job is %s: its worker does not matter then',
    async (state) => {
      const { context, row } = await givenRow({ state, failedLaunchCount: 2 });
      const writes = watchWrites(context);
      await finalise(context, jobWorker(row), ended('refused', 'no such image'));
      expect(writes).toEqual([]);
    },
  );
});

test('a runnable job of a doomed tree ends instead of getting another launch', async () => {
  const { context, row, peek } = await givenRow({ state: 'runnable' });
  const cause = { kind: 'termination', execution: job, try: 0, by: 'user-alice' } as const;
  await putDoom(context, row.root, ownScope(row), cause);
  await finalise(context, jobWorker(row), noCapacity);
  expect(peek()).toMatchObject({ state: 'terminated', launch: 1, failureReason: 'Terminated' });
  expect(isSettled(peek())).toBe(true);
});

test('an ended job settles with the end of its launch, because its machine is gone', async () => {
  const { context, row, peek } = await givenRow({ state: 'done', task: taskOf('j') });
  context.workers.states.set(taskOf('j'), ended('exited'));
  await finalise(context, jobWorker(row), ended('exited'));
  expect(isSettled(peek())).toBe(true);
});

test('a running job is looked at when its launch ends, so a lost machine is noticed at once', async () => {
  const at = { state: 'running', task: taskOf('j'), leaseUntil: 1_700_000_600_000 } as const;
  const { context, row, peek } = await givenRow(at);
  context.workers.states.set(taskOf('j'), ended('lost'));
  await finalise(context, jobWorker(row), ended('lost'));
  expect(peek()).toMatchObject({ state: 'runnable', try: 1 });
});

test('a job that runs in its next launch is looked at when an earlier one ends, although others wait for it', async () => {
  const at = { state: 'running', task: taskOf('j'), leaseUntil: 1_700_000_600_000 } as const;
  const { context, peek } = await givenRow(at);
  context.workers.states.set(taskOf('j'), ended('lost'));
  const waiter = await givenJob(context, 'waiter', { dependsOn: [job], at: { state: 'waiting_on_input' } });
  const edge = edgeKey({ kind: 'execution', execution: job }, { execution: waiter.pk, try: 0, phase: 'input' });
  await context.rows.put('executions', edgeRow(edge, context.now()));
  await finalise(context, `${job}-t0-l0` as WorkerId, ended('exited'));
  expect(peek()).toMatchObject({ state: 'runnable', try: 1 });
});

describe('a job that has just ended and has a waiter', () => {
  async function givenWaiter(state: JobRow['state']) {
    const { context, row, peek } = await givenRow({ state: 'done', task: taskOf('j') });
    context.workers.states.set(taskOf('j'), ended('exited'));
    const waiter = await givenJob(context, 'waiter', { dependsOn: [job], at: { state } });
    const edge = edgeKey({ kind: 'execution', execution: job }, { execution: waiter.pk, try: 0, phase: 'input' });
    await context.rows.put('executions', edgeRow(edge, context.now()));
    return { context, row, peek, waiter };
  }

  test('is left to the record of its end, which wakes the waiter', async () => {
    const { context, row, peek, waiter } = await givenWaiter('waiting_on_input');
    const writes = watchWrites(context);
    context.clock.now = row.modified + 4_999;
    await finalise(context, jobWorker(row), ended('exited'));
    expect(writes).toEqual([]);
    expect(peek()).toHaveProperty('dueAt');
    context.clock.now = row.modified + 5_000;
    await finalise(context, jobWorker(row), ended('exited'));
    expect(peekJob(context, waiter.pk).state).toBe('runnable');
    expect(isSettled(peek())).toBe(true);
  });

  test.each(['idle', 'waiting_on_output', 'restartable'] as const)('is left as well when that is %s', async (state) => {
    const { context, row } = await givenWaiter(state);
    const writes = watchWrites(context);
    await finalise(context, jobWorker(row), ended('exited'));
    expect(writes).toEqual([]);
  });

  test.each(['runnable', 'running', 'done'] as const)('settles when that is %s already', async (state) => {
    const { context, row, peek } = await givenWaiter(state);
    await finalise(context, jobWorker(row), ended('exited'));
    expect(isSettled(peek())).toBe(true);
  });
});
