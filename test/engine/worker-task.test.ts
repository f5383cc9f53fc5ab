// Tests what is known of a worker, and when it is asked to stop.

import { describe, expect, test } from 'vitest';
import type { WorkerState } from '../../core/context.ts';
import { ApiError, type ErrorType } from '../../core/error/api-error.ts';
import type { JobRow } from '../../core/job/row.ts';
import { lastingRefusal } from '../../engine/job/refusal.ts';
import { takeNumber } from '../../engine/launch/worker-number.ts';
import { loadWorker, stopLaunch, stopWorker } from '../../engine/launch/worker-task.ts';
import { terminateTree } from '../../engine/terminate.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { peekJob, taskOf } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';
import { givenJob } from '../simulation/world.ts';

const task = taskOf('j');
const gone = { kind: 'ended', how: 'unknown', why: '' } as const;

async function givenWorker(at: Partial<JobRow>, state?: WorkerState) {
  const context = createMemoryContext();
  const row = await givenJob(context, 'j', { at: { state: 'running', task, ...at } });
  if (state !== undefined) context.workers.states.set(task, state);
  return { context, row };
}

describe('the worker of a job', () => {
  const now = createMemoryContext().now();
  test.each<[what: string, at: Partial<JobRow>, state: WorkerState | undefined, found: WorkerState]>([
    ['that never claimed it is gone', { task: undefined } as never, { kind: 'running' }, gone],
    ['is as the port says', {}, ended('lost', 'its host'), ended('lost', 'its host')],
    ['that is not listed runs until its lease ends', { leaseUntil: now }, undefined, { kind: 'running' }],
    ['that is not listed is gone after its lease', { leaseUntil: now - 1 }, undefined, gone],
    ['that is not listed and has no lease is gone', {}, undefined, gone],
  ])('%s', async (_, at, state, found) => {
    const { context, row } = await givenWorker(at, state);
    expect(await loadWorker(context, row)).toEqual(found);
  });

  test('that never claimed it is not asked for', async () => {
    const { context, row } = await givenWorker({ task: undefined } as never);
    const calls: string[] = [];
    context.setHook({ before: ({ port }) => void calls.push(port) });
    expect(await loadWorker(context, row)).toEqual(gone);
    expect(await stopWorker(context, row, 'the end')).toEqual(gone);
    expect(calls).toEqual([]);
  });

  test('is asked to stop, and its state is that afterwards', async () => {
    const { context, row } = await givenWorker({}, { kind: 'running' });
    expect(await stopWorker(context, row, 'the end')).toEqual(ended('stopped'));
    expect([...context.workers.stopping]).toEqual([task]);
  });

  test('that has ended is not asked, and neither is one that holds another job by now', async () => {
    const { context, row } = await givenWorker({}, ended('exited'));
    expect(await stopWorker(context, row, 'the end')).toEqual(ended('exited'));
    context.workers.states.set(task, { kind: 'running' });
    await takeNumber(context, row);
    const [mine] = context.rows.all('executions').filter(({ worker }) => worker !== undefined);
    await context.rows.put('executions', { ...mine, job: jobId('other') } as never);
    expect(await stopWorker(context, row, 'the end')).toEqual(gone);
    expect([...context.workers.stopping]).toEqual([]);
  });
});

describe('a launch', () => {
  test.each<[what: string, state: WorkerState | undefined, asked: number]>([
    ['under way is stopped', { kind: 'starting' }, 1],
    ['that ended is not asked', ended('noCapacity'), 0],
    ['that is not known is not asked', undefined, 0],
  ])('%s', async (_, state, asked) => {
    const { context, row } = await givenWorker({ state: 'failed' });
    const stopped: string[] = [];
    context.workers.launchState = async () => state;
    context.workers.stopLaunch = async (worker) => void stopped.push(worker);
    await stopLaunch(context, row, 'the end');
    expect(stopped).toEqual(asked === 1 ? [`${row.pk}-t0-l0`] : []);
  });
});

describe('a termination', () => {
  test('of a job that does not exist is refused', async () => {
    const context = createMemoryContext();
    await expect(terminateTree(context, jobId('none'), 'user-alice')).rejects.toMatchObject({
      type: 'ResourceNotFound',
    });
  });

  test.each(['done', 'failed', 'terminated'] as const)('of a tree that is %s writes nothing', async (state) => {
    const { context } = await givenWorker({ state });
    const before = context.rows.digest();
    await terminateTree(context, jobId('j'), 'user-alice');
    expect(context.rows.digest()).toBe(before);
  });

  test('reaches the members of a root that is ending by itself', async () => {
    const { context, row } = await givenWorker({ state: 'terminating', failureReason: 'AppError' });
    const sub = await givenJob(context, 'sub', { parent: row, at: { state: 'waiting_on_input' } });
    await terminateTree(context, row.pk, 'user-alice');
    expect(peekJob(context, sub.pk)).toMatchObject({ state: 'terminated', failureReason: 'Terminated' });
  });

  test('reaches the next try of a root that began in the same moment', async () => {
    const { context, row } = await givenWorker({ state: 'restartable' });
    let done = false;
    context.setHook({
      before: async ({ name, detail }) => {
        if (done || name !== 'put' || !detail.includes('!doom#')) return;
        done = true;
        await context.rows.update('executions', { pk: row.pk, sk: 'A' }, { set: { state: 'idle', try: 1 } });
      },
    });
    await terminateTree(context, row.pk, 'user-alice');
    expect(peekJob(context, row.pk)).toMatchObject({ state: 'terminated', try: 1, failureReason: 'Terminated' });
  });
});

describe('a refusal', () => {
  test.each<[type: ErrorType, lasts: boolean]>([
    ['InvalidInput', true],
    ['InvalidType', true],
    ['PermissionDenied', true],
    ['ResourceNotFound', true],
    ['InvalidState', false],
    ['ServiceUnavailable', false],
  ])('with %s lasts: %s', async (type, lasts) => {
    const error = new ApiError(type, 'no');
    const refused = lastingRefusal(() => Promise.reject(error));
    if (lasts) expect(await refused).toBe('no');
    else await expect(refused).rejects.toBe(error);
  });

  test('is not a fault of the program, and none when the action succeeded', async () => {
    await expect(lastingRefusal(() => Promise.reject(new TypeError('broken')))).rejects.toThrow(TypeError);
    expect(await lastingRefusal(async () => 'done')).toBeUndefined();
  });
});
