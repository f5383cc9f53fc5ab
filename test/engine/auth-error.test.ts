// Tests the ends by AuthError one by one: a tree that is too old, and a launcher who lost the right to run jobs. Jobs of
// the tree are in different states and tries.

import { describe, expect, test } from 'vitest';
import type { Level } from '../../core/access/level.ts';
import { masterScope } from '../../core/execution/scope.ts';
import type { JobRow } from '../../core/job/row.ts';
import { look } from '../../engine/advance.ts';
import { setMember } from '../../engine/container/project.ts';
import { requireLauncher } from '../../engine/job/auth-error.ts';
import { putDoom } from '../../engine/job/doom.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { peekJob, taskOf } from '../memory/platform.ts';
import { putProjectOf } from '../memory/project.ts';
import { givenJob } from '../simulation/world.ts';

const main = jobId('main');
const running = { state: 'running', task: taskOf('any'), tokenHash: 'hash', leaseUntil: 1_700_000_600_000 } as const;

/** An origin job in a try, and a running subjob of its first try. Their launcher has this level in the project. */
async function givenTree(level: Level, at: Partial<JobRow> = {}) {
  const context = createMemoryContext();
  const origin = await givenJob(context, 'main', { at: { ...running, ...at } });
  const sub = await givenJob(context, 'sub', { parent: { ...origin, try: 0 }, at: running });
  await putProjectOf(context, origin.project, origin.launchedBy);
  await setMember(context, origin.project, origin.launchedBy, level);
  const states = () => [origin.pk, sub.pk].map((job) => peekJob(context, job).state);
  return { context, origin, sub, states };
}

describe('a call of a job', () => {
  test.each(['CONTRIBUTE', 'ADMINISTER'] as const)('is allowed while its launcher has %s', async (level) => {
    const { context, sub, states } = await givenTree(level);
    await requireLauncher(context, sub);
    expect(states()).toEqual(['running', 'running']);
  });

  test.each(['UPLOAD', 'VIEW', 'NONE'] as const)('fails its tree when its launcher has %s', async (level) => {
    const { context, sub, states } = await givenTree(level);
    await expect(requireLauncher(context, sub)).rejects.toMatchObject({ type: 'InvalidAuthentication' });
    expect(states()).toEqual(['terminating', 'terminating']);
    expect(peekJob(context, sub.pk)).toMatchObject({ failureReason: 'AuthError' });
    expect(peekJob(context, main)).toMatchObject({ failureReason: 'JobTreeFailure', failureFrom: sub.pk });
  });

  test('without the right ends the job at once, although its origin job has nothing left to stop', async () => {
    const { context, sub, states } = await givenTree('NONE', { state: 'waiting_on_output' });
    await expect(requireLauncher(context, sub)).rejects.toMatchObject({ type: 'InvalidAuthentication' });
    expect(states()).toEqual(['failed', 'terminating']);
  });

  test('without the right leaves the next try of its origin job alone', async () => {
    const { context, sub, states } = await givenTree('NONE', { try: 1 });
    const lost = { reason: 'UnresponsiveWorker', message: 'its host was lost' } as const;
    await putDoom(context, main, masterScope(main, 0), { kind: 'restart', execution: main, try: 0, ...lost });
    await expect(requireLauncher(context, sub)).rejects.toMatchObject({ type: 'InvalidAuthentication' });
    expect(states()).toEqual(['running', 'terminating']);
    expect(peekJob(context, sub.pk).failureReason).toBe('Terminated');
  });

  test('that has ended does not end anything', async () => {
    const { context, sub, states } = await givenTree('NONE');
    await requireLauncher(context, { ...sub, state: 'done' });
    expect(states()).toEqual(['running', 'running']);
  });
});

test.each([
  ['waiting_on_input', 'failed'],
  ['running', 'terminating'],
] as const)('a root that is %s after 30 days is %s after the next sweep', async (state, next) => {
  const { context, origin } = await givenTree('CONTRIBUTE', { state });
  context.clock.now = origin.created + 30 * 86_400_000;
  const saved = await look(context, origin, 'swept');
  expect(saved).toMatchObject({ kind: 'saved', row: { pk: main, state: next, failureReason: 'AuthError' } });
});
