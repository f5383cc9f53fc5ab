// Tests a job whose launch ends without a claim: which ends lead to another launch, which fail the job, and what its
// message says. The ends are those of the state machine's cases (test/contract/job-attempt-cases.ts).

import { describe, expect, test } from 'vitest';
import { readLaunchEnd } from '../../aws/launch-end.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';
import { toRow } from '../../core/row/execution/job.ts';
import { finalise } from '../../engine/finalise.ts';
import { createJob } from '../../engine/job/birth.ts';
import { afterLaunch } from '../../engine/launch/after-launch.ts';
import { dispatch } from '../../engine/launch/dispatch.ts';
import { loadWorkers, takeNumber } from '../../engine/launch/worker-number.ts';
import { sweepExecution } from '../../engine/sweep.ts';
import { bootNonce, exitedAtOnce, noCapacity, noImage } from '../aws/failed-task.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, peekJob } from '../memory/platform.ts';
import { givenJob } from '../simulation/world.ts';

test('a launch asks for the disk, the cores and the memory of the job’s instance type', async () => {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, () => undefined);
  await createJob(context, planJob('j', { row: { instance: 'mem1_ssd1_v2_x8' } }));
  await platform.run();
  const [execution] = context.workers.launches.values();
  expect(execution?.input).toMatchObject({ cores: 8, memoryGib: 16, diskGib: 200 });
});

test.each([
  ['a job that is held if it fails', { debug: true as const }, true],
  ['any other job', {}, false],
])('a launch of %s asks for a worker that can be entered, or not', async (_title, row, debug) => {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, () => undefined);
  await createJob(context, planJob('j', { row }));
  await platform.run();
  const [execution] = context.workers.launches.values();
  expect(execution?.input.debug).toBe(debug);
});

describe('launches without a claim', () => {
  test.each([
    ['without an image', noImage],
    ['whose worker exits', exitedAtOnce],
  ])('%s fail the job after three attempts, with the reason and without the nonce', async (_title, seen) => {
    const context = await givenRunnable();
    expect(await endLaunch(context, seen)).toMatchObject({ state: 'runnable', launch: 1 });
    expect(await endLaunch(context, seen)).toMatchObject({ state: 'runnable', launch: 2 });
    const row = await endLaunch(context, seen);
    expect(row).toMatchObject({ state: 'failed', failureReason: 'ExecutionError' });
    expect(row.failureMessage).toContain('in 3 attempts');
    expect(JSON.stringify([row, context.bodies.peek(row.pk, 'output')])).not.toContain(bootNonce);
  });

  test('that lack capacity are unlimited, and do not count towards the three failures of other launches', async () => {
    const context = await givenRunnable();
    for (let count = 0; count < 20; count++) expect((await endLaunch(context, noCapacity)).state).toBe('runnable');
    expect(await endLaunch(context, noImage)).toMatchObject({ state: 'runnable', launch: 21 });
    expect(await endLaunch(context, noCapacity)).toMatchObject({ state: 'runnable', launch: 22 });
    expect(await endLaunch(context, noImage)).toMatchObject({ state: 'runnable', launch: 23 });
    expect((await endLaunch(context, noImage)).state).toBe('failed');
  });

  test('that end without a reason fail the job after ten', async () => {
    const context = await givenRunnable();
    for (let count = 0; count < 9; count++) expect((await endLaunch(context, undefined)).state).toBe('runnable');
    expect(await endLaunch(context, undefined)).toMatchObject({ state: 'failed', failureReason: 'ExecutionError' });
  });
});

describe('the number of a launch that ended without a claim', () => {
  /** A runnable job that has the only number, and one that waits for it. */
  async function givenWaiting(failedLaunchCount: number) {
    const context = createMemoryContext({ settings: { workersPerUser: 1 } });
    const transitions: JobRow['transitions'] = [['runnable', context.now()]];
    const row = await givenJob(context, 'j', { at: { state: 'runnable', transitions, failedLaunchCount } });
    const next = await givenJob(context, 'next', { at: { state: 'runnable' } });
    await takeNumber(context, row);
    expect(await takeNumber(context, next)).toBe(false);
    const holder = async () => (await loadWorkers(context, row.launchedBy)).map(({ job }) => job);
    return { context, row, next, holder };
  }

  test('goes to the job that waits longest', async () => {
    const { context, row, next, holder } = await givenWaiting(0);
    expect(await afterLaunch(context, row, readLaunchEnd(noImage))).toMatchObject({ kind: 'saved' });
    expect(await holder()).toEqual([next.pk]);
  });

  test('stays with a job that was claimed meanwhile', async () => {
    const { context, row, holder } = await givenWaiting(0);
    await context.rows.put('executions', toRow({ ...row, state: 'running' }));
    expect(await afterLaunch(context, row, readLaunchEnd(noImage))).toEqual({ kind: 'changed' });
    expect(await holder()).toEqual([row.pk]);
  });

  test('is passed on by the agenda, and only there, when the job fails', async () => {
    const { context, row, next, holder } = await givenWaiting(2);
    expect(await afterLaunch(context, row, readLaunchEnd(noImage))).toMatchObject({ row: { state: 'failed' } });
    expect(await holder()).toEqual([row.pk]);
    await sweepExecution(context, row.pk);
    expect(await holder()).toEqual([next.pk]);
  });
});

/** A runnable job whose worker never starts. */
async function givenRunnable(): Promise<MemoryContext> {
  const context = createMemoryContext();
  context.workers.start = async () => undefined;
  const platform = createMemoryPlatform(context, () => undefined);
  await createJob(context, planJob('j'));
  await platform.run();
  expect(byName(context, 'j')).toMatchObject({ state: 'runnable', launch: 0 });
  return context;
}

async function endLaunch(context: MemoryContext, seen: unknown): Promise<JobRow> {
  const row = byName(context, 'j');
  await finalise(context, jobWorker(row), readLaunchEnd(seen));
  return peekJob(context, row.pk);
}

test('a launch message of another version is kept for the operator', async () => {
  const context = await givenRunnable();
  const worker = jobWorker(byName(context, 'j'));
  const started: string[] = [];
  context.workers.start = async (id) => void started.push(id);
  await expect(dispatch(context, { v: 2, worker })).rejects.toThrow('has version 2; only 1 is read');
  expect(started).toEqual([]);
  await dispatch(context, { v: 1, worker });
  expect(started).toEqual([worker]);
});
