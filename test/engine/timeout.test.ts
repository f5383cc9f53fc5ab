// Tests the time limit of a job: a worker learns it from its heartbeat, and the sweep ends one that does not obey. The
// clock is moved.

import { describe, expect, test } from 'vitest';
import type { ExecutionPolicy } from '../../core/executable/policy.ts';
import { createJob } from '../../engine/job/birth.ts';
import { finish } from '../../engine/job/finish.ts';
import { heartbeat } from '../../engine/job/heartbeat.ts';
import { sweepForWorker } from '../../engine/sweep.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, taskOf } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';

const hourMs = 3_600_000;
const message = 'The job ran longer than its timeout policy allows (60 minutes), and was ended';

/** A job that may run for an hour, beside one of another user that may run longer. */
async function givenLimitedJob(executionPolicy: ExecutionPolicy = {}) {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, () => undefined);
  await createJob(context, planJob('j', { row: { timeoutMs: hourMs }, spec: { executionPolicy } }));
  await createJob(context, planJob('other', { row: { timeoutMs: 30 * 24 * hourMs, launchedBy: 'user-bob' } }));
  await platform.run();
  const peek = (name = 'j') => byName(context, name);
  /** Lets time pass in which the workers keep their leases. */
  const live = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100_000) {
      context.clock.now += Math.min(100_000, ms - passed);
      for (const name of ['j', 'other']) await heartbeat(context, peek(name));
      await platform.sweep();
      await platform.run();
    }
  };
  return { context, platform, peek, live, task: taskOf(`${jobId('j')}-t0-l0`) };
}

describe('a job that runs longer than it may', () => {
  test('is stopped by the answer to a heartbeat, and fails when its worker reports that', async () => {
    const { context, platform, peek } = await givenLimitedJob();
    context.clock.now += hourMs;
    expect(await heartbeat(context, peek())).toEqual({});
    context.clock.now += 1;
    expect(await heartbeat(context, peek())).toEqual({ stop: { reason: 'JobTimeoutExceeded', message } });
    expect(peek().state).toBe('running');
    await finish(context, peek(), { failure: { type: 'JobTimeoutExceeded', message } });
    await platform.run();
    expect(peek()).toMatchObject({ state: 'failed', failureReason: 'JobTimeoutExceeded', failureMessage: message });
  });

  test('is stopped by the sweep one lease later when its worker goes on, and fails once it has stopped', async () => {
    const { context, live, peek, platform, task } = await givenLimitedJob();
    context.workers.stopAtOnce = false;
    await live(hourMs + 600_000);
    expect(peek().state).toBe('running');
    expect(context.workers.stopping).toEqual(new Set());
    await live(700_000);
    expect(context.workers.stopping).toEqual(new Set([task]));
    expect(peek().state).toBe('running');
    context.workers.states.set(task, ended('stopped'));
    context.clock.now += 100_000;
    await sweepForWorker(context, jobId('j'));
    await platform.run();
    expect(peek()).toMatchObject({ state: 'failed', failureReason: 'JobTimeoutExceeded', failureMessage: message });
    expect(peek('other').state).toBe('running');
  });

  test('starts again if its policy says so, and its next try may run as long', async () => {
    const { live, peek } = await givenLimitedJob({ restartOn: { JobTimeoutExceeded: 1 } });
    await live(hourMs + 1_400_000);
    expect(peek()).toMatchObject({ state: 'running', try: 1 });
    await live(hourMs - 1_500_000);
    expect(peek()).toMatchObject({ state: 'running', try: 1 });
    await live(3_000_000);
    expect(peek()).toMatchObject({ state: 'failed', try: 1, failureReason: 'JobTimeoutExceeded' });
  });

  test('does not count the time before its claim', async () => {
    const context = createMemoryContext();
    const start = context.workers.start;
    context.workers.start = async () => undefined;
    const platform = createMemoryPlatform(context, () => undefined);
    await createJob(context, planJob('j', { row: { timeoutMs: hourMs } }));
    await platform.run();
    context.clock.now += 3 * hourMs;
    context.workers.start = start;
    await platform.sweep();
    await platform.run();
    expect(byName(context, 'j').state).toBe('running');
    context.clock.now += 100_000;
    expect(await heartbeat(context, byName(context, 'j'))).toEqual({});
  });
});
