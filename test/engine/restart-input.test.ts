// Tests the input of a next try: it is that of the last one, whatever was removed meanwhile, and no workspace is left.

import { describe, expect, test } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import type { JobId, ObjectId, PlaceId } from '../../core/id/identifier.ts';
import { workspaceId } from '../../core/id/workspace.ts';
import { type JobRow, jobWorker, jobWorkspace } from '../../core/job/row.ts';
import { tryPrefix, tryRow } from '../../core/row/execution/job.ts';
import { advance } from '../../engine/advance.ts';
import { createJob } from '../../engine/job/birth.ts';
import { keepInput } from '../../engine/job/keep-input.ts';
import { createObject } from '../../engine/object/create.ts';
import { removeObjects } from '../../engine/removal/object.ts';
import { sweepExecution } from '../../engine/sweep.ts';
import { terminateTree } from '../../engine/terminate.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, peekJob, taskOf } from '../memory/platform.ts';
import { putProjectOfAlice } from '../memory/project.ts';
import { ended } from '../memory/workers.ts';
import { givenJob } from '../simulation/world.ts';

const main = jobId('main');
const { project, executable } = planJob('main').row;
const applet = executable as ObjectId;
const input = deriveId('record', 'test', 'input', '1');
const companion = deriveId('record', 'test', 'companion', '1');
const arrived = deriveId('record', 'test', 'arrived', '1');
const everything = [applet, input, companion, arrived];

function givenObject(
  context: MemoryContext,
  place: PlaceId,
  id: ObjectId,
  more: { hidden?: boolean; links?: readonly ObjectId[] } = {},
) {
  return createObject(context, {
    ...{ id, place, folderId: '/', name: id, tags: [], types: [], properties: {}, hidden: false, details: {} },
    ...{ links: [], state: 'closed', createdBy: { user: 'user-alice' }, digest: 'd', ...more },
  });
}

/** A running job with an applet, an input with a hidden companion, and an input that is the output of another job. */
async function givenRunningJob() {
  const context = createMemoryContext();
  await putProjectOfAlice(context);
  await givenObject(context, project, applet);
  await givenObject(context, project, companion, { hidden: true });
  await givenObject(context, project, input, { links: [companion] });
  await givenObject(context, project, arrived);
  const platform = createMemoryPlatform(context, ({ row }) => {
    return row.name === 'maker' ? { output: { made: { $dnanexus_link: arrived } } } : undefined;
  });
  await createJob(context, planJob('maker'));
  await platform.run();
  const made = { $dnanexus_link: { job: jobId('maker'), field: 'made' } };
  const plan = planJob('main', { input: { given: { $dnanexus_link: input }, made } });
  await createJob(context, { ...plan, spec: { ...plan.spec, pins: [{ object: applet, project }] } });
  await platform.run();
  expect(peekJob(context, main)).toMatchObject({ state: 'running', try: 0 });
  const contentOf = (place: PlaceId) => everything.filter((id) => isIn(context, place, id));
  const loseHost = () => loseHostOf(context, main);
  /** Everything that was sent for later arrives, the last passes included. */
  const settle = async () => {
    for (let round = 0; round < 4; round++) {
      await platform.run();
      context.clock.now += 1_000_000;
      await platform.sweep();
    }
    await platform.run();
  };
  return { context, platform, contentOf, loseHost, settle };
}

async function loseHostOf(context: MemoryContext, job: JobId): Promise<void> {
  context.workers.states.set(taskOf(jobWorker(peekJob(context, job))), ended('lost'));
  await sweepExecution(context, job);
}

function isIn(context: MemoryContext, place: PlaceId, id: ObjectId): boolean {
  return context.rows.peek('objects', { pk: id, sk: `P#${place}` }) !== undefined;
}

test.each([
  ['nothing', []],
  ['the applet', [applet]],
  ['the input', [input, companion]],
  ['the output of the other job', [arrived]],
  ['everything', everything],
])(
  'the next try has what the last one had, when %s was removed from the project meanwhile',
  async (_title, removed) => {
    const { context, platform, contentOf, loseHost } = await givenRunningJob();
    expect(contentOf(workspaceId(main, 0))).toEqual(everything);
    await removeObjects(context, project, removed);
    await loseHost();
    await platform.run();
    expect(peekJob(context, main)).toMatchObject({ state: 'running', try: 1 });
    expect(contentOf(workspaceId(main, 1))).toEqual(everything);
    expect(contentOf(workspaceId(main, 0))).toEqual([]);
  },
);

test('what the code of the last try removed from its workspace is taken from its first place', async () => {
  const { context, platform, contentOf, loseHost } = await givenRunningJob();
  await removeObjects(context, workspaceId(main, 0), everything);
  await loseHost();
  await platform.run();
  expect(peekJob(context, main)).toMatchObject({ state: 'running', try: 1 });
  expect(contentOf(workspaceId(main, 1))).toEqual(everything);
});

test.each([
  ['its input', input],
  ['its applet', applet],
  ['an input from another job', arrived],
])('a next try whose last one lost %s, which is nowhere else any more, fails', async (_title, removed) => {
  const { context, platform, loseHost } = await givenRunningJob();
  await removeObjects(context, workspaceId(main, 0), [removed]);
  await removeObjects(context, project, [removed]);
  await loseHost();
  await platform.run();
  const row = peekJob(context, main);
  expect(row).toMatchObject({ state: 'failed', try: 1, failureReason: 'InputError' });
  expect(row.failureMessage).toContain(removed);
});

test('the next try does not get what the code of the last one made', async () => {
  const { context, platform, loseHost } = await givenRunningJob();
  const result = deriveId('record', 'test', 'result', '1');
  await givenObject(context, workspaceId(main, 0), result);
  await loseHost();
  await platform.run();
  expect(context.rows.all('objects').filter(({ pk }) => pk === result)).toEqual([]);
});

test('a second restart keeps the input as well', async () => {
  const { context, platform, contentOf, loseHost } = await givenRunningJob();
  await removeObjects(context, project, everything);
  for (const attempt of [1, 2]) {
    await loseHost();
    await platform.run();
    expect(peekJob(context, main)).toMatchObject({ state: 'running', try: attempt });
    expect(contentOf(workspaceId(main, attempt))).toEqual(everything);
  }
});

test.each([
  ['the output of a third one, and an input', true],
  ['an input', false],
])('a job that another job ran keeps %s that was removed from the workspace of that job', async (_, refers) => {
  const context = createMemoryContext();
  await putProjectOfAlice(context);
  const platform = createMemoryPlatform(context, ({ row }) => {
    return row.name === 'maker' ? { output: { made: { $dnanexus_link: arrived } } } : undefined;
  });
  await createJob(context, planJob('caller'));
  await platform.run();
  const caller = byName(context, 'caller');
  const place = jobWorkspace(caller);
  const objects = refers ? [applet, input, arrived] : [applet, input];
  for (const object of objects) await givenObject(context, place, object);
  if (refers) await createJob(context, planJob('maker', { parent: caller }));
  const made = { $dnanexus_link: { job: jobId('maker'), field: 'made' } };
  const given = { given: { $dnanexus_link: input }, ...(refers && { made }) };
  const spec = { inputPlace: place, pins: [{ object: applet, project: place }] };
  await createJob(context, planJob('main', { parent: caller, master: true, input: given, spec }));
  await platform.run();
  expect(peekJob(context, main)).toMatchObject({ state: 'running', try: 0 });
  await removeObjects(context, place, objects);
  await loseHostOf(context, main);
  await platform.run();
  expect(peekJob(context, main)).toMatchObject({ state: 'running', try: 1 });
  expect(byName(context, 'caller')).toMatchObject({ state: 'running', try: 0 });
  for (const object of objects) expect(isIn(context, workspaceId(main, 1), object)).toBe(true);
});

test('a next try waits for its input if no earlier one had it', async () => {
  const context = createMemoryContext();
  await putProjectOfAlice(context);
  await givenJob(context, 'slow', { at: { state: 'running' } });
  const row = await givenJob(context, 'main', { dependsOn: [jobId('slow')], at: { state: 'idle', try: 1 } });
  await context.rows.put('executions', tryRow({ ...row, try: 0, state: 'restartable' }));
  await advance(context, main);
  expect(peekJob(context, main).state).toBe('waiting_on_input');
});

test('a try that never had its input leaves none of its parts to the next one', async () => {
  const context = createMemoryContext();
  await putProjectOfAlice(context);
  await givenObject(context, workspaceId(main, 0), applet);
  const spec = { pins: [{ object: applet, project }] };
  const givenUp: JobRow['transitions'] = [['restartable', 1]];
  const row = await givenJob(context, 'main', { spec, at: { state: 'restartable', transitions: givenUp } });
  await keepInput(context, row);
  expect(isIn(context, workspaceId(main, 1), applet)).toBe(false);
  await keepInput(context, { ...row, transitions: [['runnable', 1], ...givenUp] });
  expect(isIn(context, workspaceId(main, 1), applet)).toBe(true);
});

describe('the input of an earlier try', () => {
  /** The reads of tries and of objects when the job gets its input. */
  async function readsOf(context: MemoryContext, job: JobId): Promise<string[]> {
    const reads: string[] = [];
    context.setHook({
      before: ({ name, detail }) => {
        if (name === 'get' && detail.includes(`/${tryPrefix}`)) reads.push('try');
        if (name === 'getMany' && detail.startsWith('objects')) reads.push('objects');
      },
    });
    await advance(context, job);
    expect(peekJob(context, job).state).toBe('runnable');
    return reads;
  }

  test('is not looked for when there was none', async () => {
    const context = createMemoryContext();
    const row = await givenJob(context, 'main', { at: { state: 'idle' } });
    expect(await readsOf(context, row.pk)).toEqual([]);
  });

  test('is looked for when there was one. Without objects in it, nothing else is read', async () => {
    const context = createMemoryContext();
    const row = await givenJob(context, 'main', { at: { state: 'idle', try: 1 } });
    await context.rows.put('executions', tryRow({ ...row, try: 0, state: 'restartable', task: 'task' }));
    expect(await readsOf(context, row.pk)).toEqual(['try']);
  });

  test('is not looked for by a subjob, whose references still lead to it', async () => {
    const context = createMemoryContext();
    const caller = await givenJob(context, 'caller', { at: { state: 'running' } });
    const row = await givenJob(context, 'main', { parent: caller, at: { state: 'idle', try: 1 } });
    await context.rows.put('executions', tryRow({ ...row, try: 0, state: 'restartable', task: 'task' }));
    expect(await readsOf(context, row.pk)).toEqual([]);
  });
});

test('a tree that is terminated between two tries leaves nothing in either workspace', async () => {
  let filled = 0;
  for (let steps = 0, ended = false; !ended; steps++) {
    const { context, contentOf, loseHost, settle } = await givenRunningJob();
    await removeObjects(context, project, everything);
    let left = steps;
    // The look at the lost job dies after some steps. The termination finds what it has done.
    context.setHook({
      before: () => {
        if (left-- <= 0) throw new Error('the function died');
      },
    });
    ended = await loseHost().then(
      () => true,
      () => false,
    );
    context.setHook({});
    if (contentOf(workspaceId(main, 1)).length > 0 && peekJob(context, main).try === 0) filled++;
    await terminateTree(context, main, 'user-alice');
    await settle();
    expect(peekJob(context, main)).toMatchObject({ state: 'terminated', failureReason: 'Terminated' });
    expect(context.rows.all('objects').filter(({ pk }) => everything.some((id) => id === pk))).toEqual([]);
  }
  expect(filled).toBeGreaterThan(3);
});

test('the workspace of a job is emptied after its last try', async () => {
  const { context, platform, loseHost, settle } = await givenRunningJob();
  await removeObjects(context, project, everything);
  await loseHost();
  await platform.run();
  expect(jobWorkspace(peekJob(context, main))).toBe(workspaceId(main, 1));
  await terminateTree(context, main, 'user-alice');
  await settle();
  expect(context.rows.all('objects').filter(({ pk }) => everything.some((id) => id === pk))).toEqual([]);
});
