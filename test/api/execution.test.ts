// Tests running applets and making subjobs over the API, in memory: the answers, the refusals, and the jobs that
// follow.

import { beforeEach, describe, expect, it } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import type { AppletId, JobId, ProjectId } from '../../core/id/identifier.ts';
import type { Caller } from '../../core/identity/caller.ts';
import { peekJob } from '../memory/platform.ts';
import {
  alice,
  asJob,
  bob,
  givenApplet,
  givenFile,
  givenProject,
  givenWorld,
  run,
  type World,
} from './execution-world.ts';

let world: World;
let project: ProjectId;
let applet: AppletId;

beforeEach(async () => {
  world = await givenWorld();
  project = await givenProject(world, { members: [[bob, 'VIEW']] });
  applet = await givenApplet(world, project);
});

/** A job that keeps running, and its caller for requests of the job itself. */
async function givenRunningJob(input: object = {}, of: AppletId = applet): Promise<{ id: JobId; caller: Caller }> {
  let caller: Caller | undefined;
  world.programs.set('main', async (claimed) => {
    caller = await asJob(world, claimed);
    return undefined;
  });
  const id = await run(world, of, { project, input, ...(input as object) });
  await world.platform.run();
  if (caller === undefined) throw new Error('the job was not claimed');
  world.programs.delete('main');
  return { id, caller };
}

const errorOf = (answer: { body: { [name: string]: unknown } }) =>
  answer.body.error as { type: string; message: string };

describe('run', () => {
  it('makes a job that runs and is described with every default field', async () => {
    world.programs.set('main', () => ({ output: { answer: 42 } }));
    const id = await run(world, applet, {
      project,
      input: { a: 1 },
      name: 'mine',
      tags: ['t'],
      properties: { $k: 'v' },
    });
    const before = await world.must(`/${id}/describe`);
    expect(before).toMatchObject({
      id,
      class: 'job',
      state: 'idle',
      output: null,
      stateTransitions: [],
      parentJob: null,
    });
    await world.platform.run();
    const after = await world.must(`/${id}/describe`);
    expect(after).toMatchObject({
      ...{
        id,
        class: 'job',
        try: 0,
        region: 'aws:us-east-1',
        name: 'mine',
        executableName: 'stats',
        executable: applet,
      },
      ...{ applet, tags: ['t'], properties: { $k: 'v' }, project, folder: '/', billTo: alice, parentJob: null },
      ...{ parentJobTry: null, originJob: id, masterJob: null, parentAnalysis: null, analysis: null, stage: null },
      ...{ rootExecution: id, detachedFrom: null, state: 'done', function: 'main', launchedBy: alice },
      ...{ priority: 'normal', dependsOn: [], failureCounts: {}, details: {}, systemRequirements: {} },
      ...{
        instanceType: 'mem2_hdd2_x2',
        networkAccess: [],
        debug: {},
        delayWorkspaceDestruction: false,
        timeout: 2_592_000_000,
      },
      ...{ runInput: { a: 1 }, originalInput: { a: 1 }, input: { a: 1 }, output: { answer: 42 }, ignoreReuse: false },
      executionPolicy: { restartOn: { UnresponsiveWorker: 2, JMInternalError: 1, ExecutionError: 1 } },
      workspace: `container-${id.slice(4)}`,
    });
    expect(after).not.toHaveProperty('app');
    expect(after).not.toHaveProperty('failureReason');
    expect(after).not.toHaveProperty('headJobOnDemand');
    const states = (after.stateTransitions as { newState: string }[]).map(({ newState }) => newState);
    expect(states).toEqual(expect.arrayContaining(['runnable', 'running', 'done']));
    expect(states).not.toContain('idle');
  });

  it('gives the same answer for the same nonce, and refuses the nonce with another input', async () => {
    const input = { project, input: { a: 1 }, nonce: 'n' };
    const first = await run(world, applet, input);
    expect(await run(world, applet, input)).toBe(first);
    const other = await world.call(`/${applet}/run`, { ...input, input: { a: 2 } });
    expect(errorOf(other)).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining('Nonce was reused'),
    });
    expect(await run(world, applet, { project, input: {} })).not.toBe(await run(world, applet, { project, input: {} }));
  });

  it('makes a job that is described with the selected fields only', async () => {
    const id = await run(world, applet, { project, input: { a: 1 } });
    expect(await world.must(`/${id}/describe`, { fields: { state: true } })).toEqual({ state: 'idle' });
    expect(await world.must(`/${id}/describe`, { fields: { headJobOnDemand: true, id: true } })).toEqual({
      id,
      headJobOnDemand: false,
    });
    const plus = { defaultFields: true, fields: { runSystemRequirements: true, input: false } };
    const described = await world.must(`/${id}/describe`, plus);
    expect(described).toMatchObject({ runSystemRequirements: {}, originalInput: { a: 1 } });
    expect(described).not.toHaveProperty('input');
    expect(Object.keys(await world.must(`/${id}/describe`, { io: false }))).not.toContain('output');
    expect(errorOf(await world.call(`/${id}/describe`, { io: false, fields: { id: true } })).type).toBe('InvalidInput');
    expect(errorOf(await world.call(`/${id}/describe`, { try: 3 })).type).toBe('ResourceNotFound');
  });

  it.each<[string, () => object | Promise<object>, string, number, string]>([
    ['a missing project', () => ({ input: {} }), 'InvalidInput', 422, 'key "project"'],
    ['a missing input', () => ({ project }), 'InvalidInput', 422, 'key "input"'],
    [
      'an input that is a list',
      () => ({ project, input: [] }),
      'InvalidInput',
      422,
      'key "input" of input to be a hash',
    ],
    [
      'an unknown project',
      () => ({ project: deriveId('project', 'x', 'x', 'x'), input: {} }),
      'ResourceNotFound',
      404,
      'project-',
    ],
    ['an invalid folder', () => ({ project, input: {}, folder: '/a/../b' }), 'InvalidInput', 422, 'not have ".."'],
    ['an unknown priority', () => ({ project, input: {}, priority: 'urgent' }), 'InvalidInput', 422, '"priority"'],
    [
      'a rank that is too high',
      () => ({ project, input: {}, rank: 5_000 }),
      'InvalidInput',
      422,
      'key "rank" of input to be at most 1023',
    ],
    [
      'a link to an object of another user',
      async () => ({ project, input: { f: await foreignLink() } }),
      'ResourceNotFound',
      404,
      'file-',
    ],
    ['a malformed link', () => ({ project, input: { f: { $dnanexus_link: 'x' } } }), 'InvalidInput', 422, 'input.f'],
    [
      'an unknown dependency',
      () => ({ project, input: {}, dependsOn: ['not_a_valid_id'] }),
      'ResourceNotFound',
      404,
      'not_a_valid_id',
    ],
    [
      'an unknown instance type',
      () => ({ project, input: {}, systemRequirements: { '*': { instanceType: 'foo' } } }),
      'InvalidInput',
      422,
      'no instance type "foo"',
    ],
  ])('refuses: %s', async (_, input, type, status, message) => {
    const answer = await world.call(`/${applet}/run`, await input());
    expect(answer.status).toBe(status);
    expect(errorOf(answer)).toMatchObject({ type, message: expect.stringContaining(message) });
    expect(await world.must('/system/findExecutions', { project })).toEqual({ results: [], next: null });
  });

  const foreignLink = async () => {
    const theirs = await givenProject(world);
    const { changeMembers } = await import('../../engine/container/project.ts');
    const file = await givenFile(world, theirs);
    await changeMembers(world.context, theirs, () => new Map([[alice, undefined]]));
    return { $dnanexus_link: { project: theirs, id: file } };
  };

  it('needs CONTRIBUTE in the project and VIEW on the applet', async () => {
    const answer = await world.call(`/${applet}/run`, { project, input: {} }, bob);
    expect(answer.status).toBe(401);
    expect(errorOf(answer)).toMatchObject({ type: 'PermissionDenied', message: expect.stringContaining('CONTRIBUTE') });
    const hidden = await givenApplet(world, await givenProject(world));
    expect((await world.call(`/${hidden}/run`, { project, input: {} }, bob)).status).toBe(404);
    const anonymous = await world.call(`/${applet}/run`, { project, input: {} }, { kind: 'anonymous', why: 'log in' });
    expect(errorOf(anonymous).type).toBe('InvalidAuthentication');
  });

  it('refuses data of a restricted project in another project', async () => {
    const closedOff = await givenProject(world, { settings: { restricted: true } });
    const file = await givenFile(world, closedOff);
    const input = { f: { $dnanexus_link: file } };
    const refused = errorOf(await world.call(`/${applet}/run`, { project, input }));
    expect(refused).toMatchObject({ type: 'PermissionDenied', message: expect.stringContaining('restricted') });
    expect(await run(world, applet, { project: closedOff, input })).toMatch(/^job-/);
  });

  it('accepts a value of the wrong class, and the job fails', async () => {
    const typed = await givenApplet(world, project, { inputSpec: [{ name: 'n', class: 'int' }], outputSpec: [] });
    const refused = await world.call(`/${typed}/run`, { project, input: { n: 1, x: 2 } });
    expect(errorOf(refused).message).toContain('no input "x"');
    const id = await run(world, typed, { project, input: { n: 'text' } });
    await world.platform.run();
    const described = await world.must(`/${id}/describe`);
    expect(described).toMatchObject({ state: 'failed', failureReason: 'InputError' });
    expect(described.failureMessage).toContain('class int');
    expect(described.failureFrom).toMatchObject({
      id,
      name: 'stats',
      executableName: 'stats',
      function: 'main',
      try: 0,
    });
  });

  it('refuses a null where a value is required, and a value that is not among its choices', async () => {
    const typed = await givenApplet(world, project, {
      inputSpec: [
        { name: 'n', class: 'int' },
        { name: 'mode', class: 'string', choices: ['fast', 'slow'], optional: true },
      ],
    });
    const refusal = async (input: object) =>
      errorOf(await world.call(`/${typed}/run`, { project, input })) satisfies { type: string };
    expect(await refusal({ n: null })).toMatchObject({
      type: 'InvalidInput',
      message: 'the input "n" (int) is null, and it is required',
    });
    expect(await refusal({ n: 1, mode: 'medium' })).toMatchObject({
      type: 'InvalidInput',
      message: 'the input "mode" is "medium"; it must be one of "fast", "slow"',
    });
  });

  it('drops a null from the output of an optional field', async () => {
    const typed = await givenApplet(world, project, {
      outputSpec: [
        { name: 'n', class: 'int', optional: true },
        { name: 'm', class: 'int' },
      ],
    });
    world.programs.set('main', () => ({ output: { n: null, m: 1 } }));
    const id = await run(world, typed, { project, input: {} });
    await world.platform.run();
    expect(await world.must(`/${id}/describe`)).toMatchObject({ state: 'done', output: { m: 1 } });
    world.programs.set('main', () => ({ output: { m: null } }));
    const failing = await run(world, typed, { project, input: {} });
    await world.platform.run();
    expect(await world.must(`/${failing}/describe`)).toMatchObject({
      state: 'failed',
      failureReason: 'OutputError',
      failureMessage: expect.stringContaining('the output field "m" (int) is missing'),
    });
  });

  it('makes a job whose input shows the outputs that are known by now', async () => {
    world.programs.set('main', ({ row }) => (row.name === 'later' ? undefined : { output: { list: [0, 1, 5] } }));
    const first = await run(world, applet, { project, input: {} });
    await world.platform.run();
    const later = await run(world, applet, { project, input: {}, name: 'later' });
    const jbor = (job: JobId, more: object = {}) => ({ $dnanexus_link: { job, field: 'list', ...more } });
    const input = { a: [jbor(first), jbor(first, { index: 2 }), jbor(later)] };
    const id = await run(world, applet, { project, input });
    await world.platform.run();
    const described = await world.must(`/${id}/describe`);
    expect(described.state).toBe('waiting_on_input');
    expect(described.input).toEqual({ a: [[0, 1, 5], 5, jbor(later)] });
    expect(described.runInput).toEqual(input);
  });
});

describe('a running job', () => {
  it('makes subjobs in its workspace and waits for them', async () => {
    const { id, caller } = await givenRunningJob();
    const child = (await world.must('/job/new', { function: 'process', input: { n: 1 }, nonce: 'x' }, caller))
      .id as JobId;
    expect((await world.must('/job/new', { function: 'process', input: { n: 1 }, nonce: 'x' }, caller)).id).toBe(child);
    const described = await world.must(`/${child}/describe`);
    expect(described).toMatchObject({
      function: 'process',
      parentJob: id,
      parentJobTry: 0,
      originJob: id,
      masterJob: id,
    });
    expect(described).toMatchObject({
      name: 'stats:process',
      workspace: `container-${id.slice(4)}`,
      rootExecution: id,
    });
    await world.platform.run();
    expect((await world.must(`/${child}/describe`)).state).toBe('done');
  });

  it('runs another applet as a master job in its own tree', async () => {
    const { id, caller } = await givenRunningJob();
    const other = await givenApplet(world, project, { name: 'other' });
    const child = await run(world, other, { input: {} }, caller);
    expect(await world.must(`/${child}/describe`, {}, caller)).toMatchObject({
      ...{ parentJob: id, originJob: id, masterJob: id, rootExecution: id, project, launchedBy: alice },
      workspace: `container-${child.slice(4)}`,
    });
    expect(peekJob(world.context, child).lineage).toEqual([`m:${id}:0`]);
  });

  it('has a workspace that shows when it is destroyed after the end of the job', async () => {
    const kept: { destroyAt?: number; ended: number }[] = [];
    for (const delayWorkspaceDestruction of [false, true]) {
      const id = await run(world, applet, { project, input: {}, delayWorkspaceDestruction });
      const workspace = `container-${id.slice(4)}`;
      expect(await world.must(`/${workspace}/describe`)).not.toHaveProperty('destroyAt');
      await world.platform.run();
      const { stateTransitions } = await world.must(`/${id}/describe`);
      const ended = (stateTransitions as { setAt: number }[]).at(-1)?.setAt ?? 0;
      kept.push({ destroyAt: (await world.must(`/${workspace}/describe`)).destroyAt as number, ended });
    }
    expect(kept.map(({ destroyAt = 0, ended }) => destroyAt - ended)).toEqual([0, 3 * 86_400_000]);
  });

  it('may detach a run only if its executable has CONTRIBUTE in the project', async () => {
    const { caller } = await givenRunningJob();
    const refused = await world.call(`/${applet}/run`, { project, input: {}, detach: true }, caller);
    expect(errorOf(refused)).toMatchObject({
      type: 'PermissionDenied',
      message: expect.stringContaining('detachedJob'),
    });
    const able = await givenApplet(world, project, { access: { project: 'CONTRIBUTE' } });
    const strong = await givenRunningJob({}, able);
    const detached = await run(world, applet, { project, input: {}, detach: true }, strong.caller);
    expect(await world.must(`/${detached}/describe`)).toMatchObject({
      ...{ originJob: detached, rootExecution: detached, parentJob: null, detachedFrom: strong.id, detachedFromTry: 0 },
    });
  });

  it('sees its input with flat arrays, and others see the arrays as given', async () => {
    world.programs.set('main', () => ({ output: { empty: [], list: [1, 2] } }));
    const first = await run(world, applet, { project, input: {} });
    await world.platform.run();
    const typed = await givenApplet(world, project, { inputSpec: [{ name: 'a', class: 'array:int' }], outputSpec: [] });
    const jbor = (field: string) => ({ job: first, field });
    const { id, caller } = await givenRunningJob({ input: { a: [jbor('empty'), jbor('empty'), jbor('list')] } }, typed);
    expect((await world.must(`/${id}/describe`, {}, caller)).input).toEqual({ a: [1, 2] });
    expect((await world.must(`/${id}/describe`)).input).toEqual({ a: [[], [], [1, 2]] });
  });

  it('has an input that is shown as it gets it: flat arrays, defaults, and no null', async () => {
    const typed = await givenApplet(world, project, {
      inputSpec: [
        { name: 'a', class: 'array:int' },
        { name: 'n', class: 'int', default: 3 },
        { name: 'd', class: 'array:int', default: [[4]] },
        { name: 'b', class: 'string', optional: true },
      ],
    });
    const { id, caller } = await givenRunningJob({ input: { a: [[1], [[2]]], n: null, b: null } }, typed);
    const seen = { a: [1, 2], n: 3, d: [4] };
    expect((await world.must(`/${id}/describe`, {}, caller)).input).toEqual(seen);
    expect(await world.must(`/${id}/describe`)).toMatchObject({
      input: seen,
      originalInput: seen,
      runInput: { a: [1, 2] },
    });
  });

  it('may make subjobs, unlike users and ended jobs', async () => {
    expect(errorOf(await world.call('/job/new', { function: 'f', input: {} })).type).toBe('PermissionDenied');
    const { id, caller } = await givenRunningJob();
    await world.must(`/${id}/terminate`);
    await world.platform.run();
    const answer = await world.call('/job/new', { function: 'f', input: {} }, caller);
    expect(errorOf(answer)).toMatchObject({ type: 'InvalidState' });
  });
});

describe('jobs', () => {
  it('are described to users who see their project', async () => {
    const id = await run(world, applet, { project, input: {} });
    expect((await world.must(`/${id}/describe`, {}, bob)).id).toBe(id);
    const secret = await givenProject(world);
    const hidden = await run(world, await givenApplet(world, secret), { project: secret, input: {} });
    expect((await world.call(`/${hidden}/describe`, {}, bob)).status).toBe(404);
    expect((await world.call(`/${deriveId('job', 'x', 'x', 'x')}/describe`)).status).toBe(404);
    expect((await world.call(`/${deriveId('analysis', 'x', 'x', 'x')}/describe`)).status).toBe(404);
  });

  it('are terminated with their tree by their launcher, as often as asked', async () => {
    const { id, caller } = await givenRunningJob();
    const child = (await world.must('/job/new', { function: 'process', input: {} }, caller)).id as JobId;
    const refused = await world.call(`/${id}/terminate`, {}, bob);
    expect(errorOf(refused)).toMatchObject({
      type: 'PermissionDenied',
      message: expect.stringContaining('ADMINISTER'),
    });
    expect(await world.must(`/${child}/terminate`)).toEqual({ id: child });
    await world.platform.run();
    for (const job of [id, child]) {
      expect(await world.must(`/${job}/describe`)).toMatchObject({ state: 'terminated', failureReason: 'Terminated' });
    }
    expect(await world.must(`/${id}/terminate`)).toEqual({ id });
  });

  it('take tags and properties in any state', async () => {
    const id = await run(world, applet, { project, input: {}, tags: ['a'], properties: { k: 'v', gone: 'x' } });
    await world.platform.run();
    expect(await world.must(`/${id}/addTags`, { tags: ['b', 'a', 'b'] })).toEqual({ id });
    await world.must(`/${id}/removeTags`, { tags: ['a', 'missing'] });
    await world.must(`/${id}/setProperties`, { properties: { '$dnanexus.link': 'thing', gone: null, k: '' } });
    expect(await world.must(`/${id}/describe`)).toMatchObject({
      tags: ['b'],
      properties: { k: '', '$dnanexus.link': 'thing' },
    });
    expect(errorOf(await world.call(`/${id}/addTags`, { tags: ['x'] }, bob)).type).toBe('PermissionDenied');
    expect(errorOf(await world.call(`/${id}/setProperties`, { properties: { '': 'x' } })).type).toBe('InvalidInput');
    expect(errorOf(await world.call(`/${id}/addTags`, { tags: ['x'], try: 7 })).type).toBe('ResourceNotFound');
  });

  it('keep every tag when several are added at the same time', async () => {
    const id = await run(world, applet, { project, input: {} });
    const tags = ['a', 'b', 'c', 'd'];
    await Promise.all(tags.map((tag) => world.must(`/${id}/addTags`, { tags: [tag] })));
    expect(((await world.must(`/${id}/describe`)).tags as string[]).sort()).toEqual(tags);
  });
});
