// Tests the birth of a job: who may still make one, and what a call finds that is repeated, interrupted or reused.

import { describe, expect, test } from 'vitest';
import type { DoomCause } from '../../core/execution/doom.ts';
import { masterScope } from '../../core/execution/scope.ts';
import type { JobRow } from '../../core/job/row.ts';
import { jobKey, readJob } from '../../core/row/execution/job.ts';
import { createJob } from '../../engine/job/birth.ts';
import { putDoom } from '../../engine/job/doom.ts';
import { loadMembers } from '../../engine/job/member.ts';
import { saveJob } from '../../engine/store/save-job.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { peekJob } from '../memory/platform.ts';
import { givenJob } from '../simulation/world.ts';

const child = jobId('child');

function bornJob(context: MemoryContext): JobRow | undefined {
  return readJob(context.rows.peek('executions', jobKey(child)));
}

/** A running origin job, and below it a running master job that makes jobs. */
async function givenParent() {
  const context = createMemoryContext();
  const main = await givenJob(context, 'main', { at: { state: 'running' } });
  const parent = await givenJob(context, 'parent', { parent: main, master: true, at: { state: 'running' } });
  return { context, main, parent };
}

/** Runs something once, just before the first call of a port whose text matches. */
function once(context: MemoryContext, pattern: RegExp, act: () => Promise<unknown>): void {
  let done = false;
  context.setHook({
    before: async ({ name, detail }) => {
      if (done || !pattern.test(`${name} ${detail}`)) return;
      done = true;
      await act();
    },
  });
}

describe('a job is not born', () => {
  test.each(['idle', 'waiting_on_output', 'terminating', 'restartable', 'done', 'failed'] as const)(
    'when its parent is %s',
    async (state) => {
      const { context, parent } = await givenParent();
      await givenJob(context, 'parent', { row: { ...parent, state }, at: {} });
      await expect(createJob(context, planJob('child', { parent }))).rejects.toMatchObject({ type: 'InvalidState' });
      expect(bornJob(context)).toBeUndefined();
    },
  );

  test('when its parent runs in another try', async () => {
    const { context, parent } = await givenParent();
    await givenJob(context, 'parent', { row: { ...parent, try: 1 }, at: {} });
    await expect(createJob(context, planJob('child', { parent }))).rejects.toMatchObject({ type: 'InvalidState' });
  });

  test('when its parent does not exist', async () => {
    const context = createMemoryContext();
    const { row } = planJob('parent');
    await expect(createJob(context, planJob('child', { parent: row }))).rejects.toMatchObject({ type: 'InvalidState' });
  });

  const of = { execution: jobId('main'), try: 0 };
  const failure = { reason: 'AppError', message: 'no reads' } as const;
  test.each<[scope: string, cause: DoomCause]>([
    ['main', { kind: 'termination', ...of, by: 'user-alice' }],
    ['main', { kind: 'failure', ...of, ...failure }],
    ['main', { kind: 'restart', ...of, ...failure }],
    ['parent', { kind: 'restart', ...of, ...failure }],
  ])('when the scope of %s is under a doom', async (name, cause) => {
    const { context, main, parent } = await givenParent();
    await putDoom(context, main.pk, masterScope(jobId(name), 0), cause);
    await expect(createJob(context, planJob('child', { parent }))).rejects.toMatchObject({ type: 'InvalidState' });
    expect(bornJob(context)).toBeUndefined();
  });

  test('when its parent ends between the reading of its row and the mark that it makes a job', async () => {
    const { context, parent } = await givenParent();
    once(context, new RegExp(`^update executions ${parent.pk}/A`), async () => {
      await saveJob(context, peekJob(context, parent.pk), { kind: 'complete' });
    });
    await expect(createJob(context, planJob('child', { parent }))).rejects.toMatchObject({ type: 'InvalidState' });
    expect(bornJob(context)).toBeUndefined();
  });

  test('when its place was closed because its parent had ended: the answer names the parent', async () => {
    const { context, main, parent } = await givenParent();
    once(context, new RegExp(`^put executions ${child}/A`), async () => {
      const { members } = await loadMembers(context, main.pk, { parent: parent.pk, limit: 10 });
      expect(members.map(({ row }) => row.tombstone)).toEqual([true]);
    });
    const refused = { type: 'InvalidState', message: expect.stringContaining(parent.pk) };
    await expect(createJob(context, planJob('child', { parent }))).rejects.toMatchObject(refused);
    expect(bornJob(context)).toMatchObject({ state: 'terminated', tombstone: true });
  });
});

test('the first birth of a try marks the parent, and reads it once; later ones do not write it', async () => {
  const { context, parent } = await givenParent();
  const calls: string[] = [];
  context.setHook({ before: ({ name, detail }) => void (detail.includes(`${parent.pk}/A`) && calls.push(name)) });
  await createJob(context, planJob('child', { parent }));
  expect(calls).toEqual(['getMany', 'update']);
  await createJob(context, planJob('second', { parent }));
  expect(calls).toEqual(['getMany', 'update', 'getMany']);
});

describe('a call that is repeated', () => {
  test('gets the same answer, although its parent has ended meanwhile', async () => {
    const { context, parent } = await givenParent();
    expect(await createJob(context, planJob('child', { parent }))).toEqual({ id: child });
    await saveJob(context, peekJob(context, parent.pk), { kind: 'finish' });
    expect(await createJob(context, planJob('child', { parent }))).toEqual({ id: child });
  });

  test('while the first one is under way makes one job', async () => {
    const { context, parent } = await givenParent();
    const plan = planJob('child', { parent });
    once(context, new RegExp(`^put executions ${child}/A`), async () => createJob(context, plan));
    expect(await createJob(context, plan)).toEqual({ id: child });
    expect(context.rows.all('executions').filter(({ pk, sk }) => pk === child && sk === 'A')).toHaveLength(1);
  });

  test('completes a birth that was interrupted before the row', async () => {
    const { context, parent } = await givenParent();
    once(context, new RegExp(`^put executions ${child}/A`), async () => {
      throw new Error('the process died');
    });
    await expect(createJob(context, planJob('child', { parent }))).rejects.toThrow('the process died');
    expect(await createJob(context, planJob('child', { parent }))).toEqual({ id: child });
    expect(bornJob(context)).toMatchObject({ state: 'runnable' });
  });
});

describe('another request with the id of', () => {
  test('a job is refused', async () => {
    const { context, parent } = await givenParent();
    await createJob(context, planJob('child', { parent }));
    const other = planJob('child', { parent, input: { n: 2 } });
    await expect(createJob(context, other)).rejects.toMatchObject({ type: 'InvalidInput' });
  });

  test('an interrupted birth is refused, and its specification stays', async () => {
    const { context, parent } = await givenParent();
    once(context, new RegExp(`^put executions ${child}/A`), async () => {
      throw new Error('the process died');
    });
    await expect(createJob(context, planJob('child', { parent }))).rejects.toThrow('the process died');
    const other = planJob('child', { parent, input: { n: 2 } });
    await expect(createJob(context, other)).rejects.toMatchObject({ type: 'InvalidInput' });
    expect(context.bodies.peek(child, 'spec')).toMatchObject({ originalInput: {} });
    expect(bornJob(context)).toBeUndefined();
  });
});
