// What follows when a worker was started and nobody claimed the job: which ends are waited out, which fail it, and what its
// user is told. The ends are those of the state machine's cases (test/contract/job-attempt-cases.ts).

import { describe, expect, test } from 'vitest';
import { readLaunchEnd } from '../../core/job/launch-end.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';
import { finalise } from '../../engine/finalise.ts';
import { createJob } from '../../engine/job/birth.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { createMemoryPlatform, peekJob } from '../memory/platform.ts';

const nonce = 'boot-nonce-of-this-launch';

/** The error with which `ecs:runTask.sync` answers a task that failed: its cause is the task, nonce and provider included. */
function failedTask(stop: { StopCode: string; StoppedReason: string }, worker: object = {}): object {
  const task = {
    CapacityProviderName: 'FARGATE',
    Containers: [{ Name: 'worker', LastStatus: 'STOPPED', ...worker }],
    Overrides: {
      ContainerOverrides: [{ Name: 'worker', Environment: [{ Name: 'ESPALIER_NONCE', Value: nonce }] }],
    },
    ...stop,
  };
  return { error: 'States.TaskFailed', cause: JSON.stringify(task) };
}

const noImage = failedTask(
  { StopCode: 'TaskFailedToStart', StoppedReason: 'CannotPullContainerError: pull access denied' },
  { Reason: 'CannotPullContainerError: pull access denied' },
);
const exitedAtOnce = failedTask(
  { StopCode: 'EssentialContainerExited', StoppedReason: 'Essential container in task exited' },
  { ExitCode: 1 },
);
const noCapacity = failedTask({
  StopCode: 'TaskFailedToStart',
  StoppedReason: 'Capacity is unavailable at this time. Please try again later.',
});

describe('how a launch ended', () => {
  test.each([
    ['no image', noImage, false, 'TaskFailedToStart; CannotPullContainerError: pull access denied'],
    ['a worker that exits', exitedAtOnce, false, 'EssentialContainerExited; exit code 1; Essential container in task'],
    ['no capacity at its start', noCapacity, true, 'TaskFailedToStart; Capacity is unavailable'],
    ['a host lost', failedTask({ StopCode: 'InfrastructureHealth', StoppedReason: '' }), true, 'InfrastructureHealth'],
    ['a spot reclaim', failedTask({ StopCode: 'SpotInterruption', StoppedReason: '' }), true, 'SpotInterruption'],
    ['a cause that was cut', { error: 'States.TaskFailed', cause: `{"Value":"${nonce}` }, false, 'no stop code'],
    [
      'no capacity',
      { error: 'AmazonECS.Unknown', cause: '{"Failures":[{"Reason":"RESOURCE:CPU"}]}' },
      true,
      'RESOURCE',
    ],
    ['a mistake', { error: 'ECS.InvalidParameterException', cause: 'TaskDefinition not found.' }, false, 'not found'],
    ['an error without a cause', { error: 'ECS.ServerException', cause: '' }, true, 'no cause given'],
    ['a task that ended well', { taskArn: 'arn', stopCode: 'EssentialContainerExited', exitCode: 0 }, false, 'code 0'],
  ])('%s', (_title, seen, waitable, told) => {
    const end = readLaunchEnd(seen);
    expect(end?.waitable).toBe(waitable);
    expect(end?.why).toContain(told);
    expect(end?.why).not.toContain(nonce);
  });

  test.each([undefined, 'text', {}])('%j tells nothing', (seen) => {
    expect(readLaunchEnd(seen)).toBeUndefined();
  });
});

test('a launch asks for the disk, the processors and the memory that the job was granted', async () => {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, () => undefined);
  await createJob(context, planJob('j', { row: { instance: 'mem1_ssd1_v2_x8' } }));
  await platform.run();
  const [execution] = context.workers.executions.values();
  expect(execution?.input).toMatchObject({ cores: 8, memoryGib: 16, diskGib: 200 });
});

describe('launches that nobody claims', () => {
  test.each([
    ['without its image', noImage],
    ['whose worker exits', exitedAtOnce],
  ])('%s fail the job after three, with the reason and without the nonce', async (_title, seen) => {
    const context = await givenRunnable();
    expect(await endLaunch(context, seen)).toMatchObject({ state: 'runnable', launch: 1 });
    expect(await endLaunch(context, seen)).toMatchObject({ state: 'runnable', launch: 2 });
    const row = await endLaunch(context, seen);
    expect(row).toMatchObject({ state: 'failed', failureReason: 'ExecutionError' });
    expect(row.failureMessage).toContain('in 3 attempts');
    expect(JSON.stringify([row, context.bodies.peek(row.pk, 'O')])).not.toContain(nonce);
  });

  test('for want of capacity count against no limit, and leave those that fail by themselves their three', async () => {
    const context = await givenRunnable();
    for (let count = 0; count < 20; count++) expect((await endLaunch(context, noCapacity)).state).toBe('runnable');
    expect(await endLaunch(context, noImage)).toMatchObject({ state: 'runnable', launch: 21 });
    expect(await endLaunch(context, noCapacity)).toMatchObject({ state: 'runnable', launch: 22 });
    expect(await endLaunch(context, noImage)).toMatchObject({ state: 'runnable', launch: 23 });
    expect((await endLaunch(context, noImage)).state).toBe('failed');
  });

  test('without saying why fail it after ten', async () => {
    const context = await givenRunnable();
    for (let count = 0; count < 9; count++) expect((await endLaunch(context, undefined)).state).toBe('runnable');
    expect(await endLaunch(context, undefined)).toMatchObject({ state: 'failed', failureReason: 'ExecutionError' });
  });
});

/** A job whose worker is being started; none ever comes. */
async function givenRunnable(): Promise<MemoryContext> {
  const context = createMemoryContext();
  context.workers.start = async () => undefined;
  const platform = createMemoryPlatform(context, () => undefined);
  await createJob(context, planJob('j'));
  await platform.run();
  expect(peekJob(context, jobId('j'))).toMatchObject({ state: 'runnable', launch: 0 });
  return context;
}

async function endLaunch(context: MemoryContext, seen: unknown): Promise<JobRow> {
  const row = peekJob(context, jobId('j'));
  await finalise(context, { worker: jobWorker(row), seen });
  return peekJob(context, row.pk);
}
