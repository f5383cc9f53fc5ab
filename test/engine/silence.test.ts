// Tests a worker that has stopped reporting: the time until its job ends, and the time that the worker has to return.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createJob } from '../../engine/job/birth.ts';
import { heartbeat } from '../../engine/job/heartbeat.ts';
import { deploymentOf } from '../../infra/deployment.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { createMemoryPlatform, peekJob, taskOf } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';

/** The schedule's interval, and the delay of its timer. */
const sweepMs = 60_000 + 20;

async function givenRunningJob(stage: string) {
  const { leaseSeconds, heartbeatSeconds, stopTimeoutSeconds } = deploymentOf(stage);
  const context = createMemoryContext({ settings: { leaseSeconds, heartbeatSeconds } });
  const platform = createMemoryPlatform(context, () => undefined);
  context.workers.stopAtOnce = false;
  await createJob(context, planJob('main', { spec: { executionPolicy: {} } }));
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

/** The seconds from the last heartbeat to the end of the job, when the first sweep comes after `firstSweepSeconds`. */
async function secondsOfSilence(stage: string, firstSweepSeconds: number): Promise<number> {
  const { context, sweep, stop, isBeingStopped } = await givenRunningJob(stage);
  const silentSince = context.clock.now;
  await sweep(firstSweepSeconds * 1000);
  for (let count = 0; count < 100 && !isBeingStopped(); count++) await sweep(sweepMs);
  expect(await stop()).toMatchObject({ state: 'failed', failureReason: 'UnresponsiveWorker' });
  return (context.clock.now - silentSince) / 1000;
}

describe.each([
  ['local', /within (\d+) seconds on one machine/, 1],
  ['prod', /within (\d+) minutes on AWS/, 60],
])('a silent worker on the stage %s', (stage, told, unitSeconds) => {
  test('ends its job within the time in docs/limits.md, whenever the sweep comes', async () => {
    const limit = Number(told.exec(readFileSync('docs/limits.md', 'utf8'))?.[1]) * unitSeconds;
    const seconds: number[] = [];
    for (let first = 0; first < 60; first++) seconds.push(await secondsOfSilence(stage, first));
    // The five seconds are left for events and rows.
    expect(Math.max(...seconds)).toBeLessThanOrEqual(limit - 5);
    expect(Math.max(...seconds)).toBeGreaterThan(limit / 2);
  });

  test('keeps its job when it returns together with the platform', async () => {
    const { context, sweep, beat, isBeingStopped } = await givenRunningJob(stage);
    await sweep(24 * 3_600_000);
    expect(isBeingStopped()).toBe(false);
    context.clock.now += 3_000;
    expect(await beat()).toEqual({});
    await sweep(10_000);
    expect(isBeingStopped()).toBe(false);
  });

  test('is stopped when the platform returns without it', async () => {
    const { sweep, isBeingStopped } = await givenRunningJob(stage);
    await sweep(24 * 3_600_000);
    for (let count = 0; count < 12; count++) await sweep(sweepMs);
    expect(isBeingStopped()).toBe(true);
  });
});
