// Tests the answer to a heartbeat: what reaches a running job when every message about its end is lost.

import { describe, expect, test } from 'vitest';
import { ownScope } from '../../core/job/row.ts';
import { createJob } from '../../engine/job/birth.ts';
import { putDoom } from '../../engine/job/doom.ts';
import { heartbeat } from '../../engine/job/heartbeat.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { createMemoryPlatform, peekJob } from '../memory/platform.ts';

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
  const peek = (name: string) => peekJob(context, jobId(name));
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
});
