// Tests the answer to a heartbeat: what reaches a running job when every message about its end is lost.

import { describe, expect, test } from 'vitest';
import { holdLimitMs } from '../../core/job/hold.ts';
import { ownScope } from '../../core/job/row.ts';
import { createJob } from '../../engine/job/birth.ts';
import { putDoom } from '../../engine/job/doom.ts';
import { heartbeat } from '../../engine/job/heartbeat.ts';
import { saveJob } from '../../engine/store/save-job.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform } from '../memory/platform.ts';

/** A running origin job with a running subjob, and a running job of another user. */
async function givenRunningJobs() {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, async ({ row }) => {
    if (row.name === 'main') await createJob(context, planJob('child', { parent: row }));
    return undefined;
  });
  await createJob(context, planJob('main'));
  await createJob(context, planJob('other', { row: { launchedBy: 'user-bob' } }));
  await platform.run();
  context.workers.stopAtOnce = false;
  const peek = (name: string) => byName(context, name);
  return { context, peek, beat: (name: string) => heartbeat(context, peek(name)) };
}

describe('a heartbeat', () => {
  test('extends the lease of its job, and of no other', async () => {
    const { context, peek, beat } = await givenRunningJobs();
    const before = peek('child').leaseUntil;
    context.clock.now += 60_000;
    expect(await beat('main')).toEqual({});
    expect(peek('main').leaseUntil).toBe(context.clock.now + context.settings.leaseSeconds * 1000);
    expect(peek('child').leaseUntil).toBe(before);
  });

  test.each([
    [
      'terminated',
      { kind: 'termination', execution: jobId('main'), try: 0, by: 'user-alice' } as const,
      { reason: 'Terminated', message: expect.stringContaining('user-alice') },
    ],
    [
      'doomed by a failure',
      { kind: 'failure', execution: jobId('main'), try: 0, reason: 'AppError', message: 'it broke' } as const,
      { reason: 'JobTreeFailure', message: expect.stringContaining(jobId('main')) },
    ],
  ])('of a job whose tree is %s stops its worker, although no message came', async (_title, cause, stop) => {
    const { context, peek, beat } = await givenRunningJobs();
    const root = peek('main');
    await putDoom(context, root.root, ownScope(root), cause);
    expect(await beat('child')).toEqual({ stop });
    expect(peek('child')).toMatchObject({ state: 'terminating', failureReason: stop.reason });
    expect(await beat('child')).toEqual({ stop });
    expect(await beat('other')).toEqual({});
    expect(peek('other').state).toBe('running');
  });

  test('says nothing new when the row changes in the same moment: the next one reads it again', async () => {
    const { context, peek, beat } = await givenRunningJobs();
    context.setHook({
      before: async ({ name, detail }) => {
        if (name !== 'update' || !detail.startsWith(`executions ${jobId('child')}/A`)) return;
        context.setHook({});
        await saveJob(context, peek('child'), { kind: 'finish' });
      },
    });
    const before = peek('child');
    context.clock.now += 60_000;
    expect(await beat('child')).toEqual({});
    expect(peek('child')).toMatchObject({ state: 'waiting_on_output' });
    // Not even that its time is over.
    const late = { ...before, tokenHash: 'of another task', timeoutMs: 1 };
    expect(await heartbeat(context, late)).toEqual({});
    expect(peek('child')).not.toHaveProperty('leaseUntil');
  });

  test('with a token that was replaced does not extend the lease of the task that has the job now', async () => {
    const { context, peek } = await givenRunningJobs();
    const before = peek('child');
    await saveJob(context, before, {
      ...{ kind: 'claim', task: before.task ?? '', tokenHash: 'fresh', leaseUntil: before.leaseUntil ?? 0 },
    });
    context.clock.now += 60_000;
    expect(await heartbeat(context, before)).toEqual({});
    expect(peek('child').leaseUntil).toBe(before.leaseUntil);
  });

  test.each(['waiting_on_output', 'done'] as const)('of a job that is %s stops its worker', async (state) => {
    const { context, peek } = await givenRunningJobs();
    const stop = { reason: 'Terminated', message: `This try of the job is over: it is ${state}` };
    expect(await heartbeat(context, { ...peek('child'), state })).toEqual({ stop });
  });

  test('at the end of a hold says nothing when the hold was ended in the same moment', async () => {
    const { context, peek } = await givenRunningJobs();
    const failure = { reason: 'AppError', message: 'no reads' } as const;
    await saveJob(context, peek('child'), { kind: 'hold', failure });
    const held = peek('child');
    await saveJob(context, held, { kind: 'release' });
    context.clock.now += holdLimitMs;
    expect(await heartbeat(context, held)).toEqual({});
  });
});
