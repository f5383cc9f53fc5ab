// A worker that is not heard of any more, stopped or hung: how long until its job ends, and who is given the time to return.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createJob } from '../../engine/job/birth.ts';
import { heartbeat } from '../../engine/job/heartbeat.ts';
import { deploymentOf } from '../../infra/deployment.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { createMemoryPlatform, peekJob, taskOf } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';

/** The schedule's, and what its timer may be late. */
const SWEEP_MS = 60_000 + 20;

async function givenRunningJob(stage: string) {
  const { leaseSeconds, heartbeatSeconds, stopTimeoutSeconds } = deploymentOf(stage);
  const context = createMemoryContext({ settings: { leaseSeconds, heartbeatSeconds } });
  const platform = createMemoryPlatform(context, () => undefined);
  context.workers.stopAtOnce = false;
  await createJob(context, planJob('main'));
  await platform.run();
  const job = jobId('main');
  expect(peekJob(context, job).state).toBe('running');
  return {
    context,
    sweep: async (ms: number) => {
      context.clock.now += ms;
      await platform.sweep();
      await platform.run();
    },
    beat: () => heartbeat(context, peekJob(context, job)),
    isBeingStopped: () => context.workers.stopping.has(taskOf(`${job}-t0-l0`)),
    stop: async () => {
      context.clock.now += stopTimeoutSeconds * 1000;
      context.workers.states.set(taskOf(`${job}-t0-l0`), ended('exited', 'exit code 137'));
      await platform.sweep();
      await platform.run();
      return peekJob(context, job);
    },
  };
}

/** From its last sign of life to the end of the job, when the sweep comes first after so many seconds. */
async function secondsOfSilence(stage: string, firstSweepSeconds: number): Promise<number> {
  const { context, sweep, stop, isBeingStopped } = await givenRunningJob(stage);
  const silentSince = context.clock.now;
  await sweep(firstSweepSeconds * 1000);
  for (let count = 0; count < 100 && !isBeingStopped(); count++) await sweep(SWEEP_MS);
  expect(await stop()).toMatchObject({ state: 'failed', failureReason: 'UnresponsiveWorker' });
  return (context.clock.now - silentSince) / 1000;
}

describe.each([
  ['local', /within (\d+) seconds on one machine/, 1],
  ['prod', /within (\d+) minutes on AWS/, 60],
])('a silent worker on the stage %s', (stage, told, unitSeconds) => {
  test('ends its job within what the limits say, whenever the sweep comes', async () => {
    const limit = Number(told.exec(readFileSync('docs/limits.md', 'utf8'))?.[1]) * unitSeconds;
    const seconds: number[] = [];
    for (let first = 0; first < 60; first++) seconds.push(await secondsOfSilence(stage, first));
    // Events and rows take their time too.
    expect(Math.max(...seconds)).toBeLessThanOrEqual(limit - 5);
    expect(Math.max(...seconds)).toBeGreaterThan(limit / 2);
  });

  test('that comes back with the platform, after both were away, keeps its job', async () => {
    const { context, sweep, beat, isBeingStopped } = await givenRunningJob(stage);
    await sweep(24 * 3_600_000);
    expect(isBeingStopped()).toBe(false);
    context.clock.now += 3_000;
    expect(await beat()).toEqual({});
    await sweep(10_000);
    expect(isBeingStopped()).toBe(false);
  });

  test('that does not come back ends its job all the same', async () => {
    const { sweep, isBeingStopped } = await givenRunningJob(stage);
    await sweep(24 * 3_600_000);
    for (let count = 0; count < 12; count++) await sweep(SWEEP_MS);
    expect(isBeingStopped()).toBe(true);
  });
});
