// Tests the debug hold as callers meet it: the request, the description, and what the token of a held job may do.

import { beforeEach, describe, expect, it } from 'vitest';
import { authenticate } from '../../api/authenticate.ts';
import type { AppletId, JobId, ProjectId } from '../../core/id/identifier.ts';
import type { Caller } from '../../core/identity/caller.ts';
import { holdLimitMs } from '../../core/job/hold.ts';
import type { Hash } from '../../core/reference/value.ts';
import { setMember } from '../../engine/container/project.ts';
import { asJob, bob, givenApplet, givenProject, givenWorld, run, type World } from './execution-world.ts';

const errorOf = ({ body }: { readonly body: Hash }) =>
  body.error as { readonly type: string; readonly message: string };

let world: World;
let project: ProjectId;
let applet: AppletId;

beforeEach(async () => {
  world = await givenWorld();
  project = await givenProject(world);
  applet = await givenApplet(world, project, { access: { project: 'CONTRIBUTE' } });
});

const debug = { debugOn: ['AppError', 'AppInternalError'] };

describe('the request of a run', () => {
  it.each<[string, object, string]>([
    ['a reason that no job is held for', { debug: { debugOn: ['AppError', 'OutputError'] } }, 'not "OutputError"'],
    ['a word that only the client knows', { debug: { debugOn: ['All'] } }, 'AppError, AppInternalError'],
    ['another key', { debug: { debugon: [] } }, 'may hold "debugOn" only, not "debugon"'],
    ['a text for the reasons', { debug: { debugOn: 'AppError' } }, 'must be an array'],
    ['a wish for SSH', { allowSSH: ['*'] }, 'jobs cannot be reached by SSH'],
    ['a wish for SSH with nothing to debug', { allowSSH: ['*'], debug: { debugOn: [] } }, '--debug-on All'],
  ])('with %s is refused', async (_title, fields, message) => {
    const reply = await world.call(`/${applet}/run`, { project, input: {}, ...fields });
    expect(errorOf(reply)).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining(message) });
  });

  it('of "dx run --debug-on" is accepted, although it asks for SSH, and describe does not show that', async () => {
    const id = await run(world, applet, { project, input: {}, debug, allowSSH: ['127.0.0.1'] });
    const described = await world.must(`/${id}/describe`);
    expect(described).toMatchObject({ debug });
    expect(described).not.toHaveProperty('allowSSH');
    expect(described).not.toHaveProperty('debugHoldUntil');
  });

  it('may name nothing', async () => {
    const id = await run(world, applet, { project, input: {}, debug: {}, allowSSH: [] });
    expect(await world.must(`/${id}/describe`)).toMatchObject({ debug: { debugOn: [] } });
  });
});

it('a job takes no address of SSH later either', async () => {
  const id = await run(world, applet, { project, input: {} });
  const reply = await world.call(`/${id}/update`, { allowSSH: ['10.0.0.1'] });
  expect(errorOf(reply)).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining('cannot be reached') });
  expect(await world.must(`/${id}/update`, { allowSSH: [] })).toEqual({ id });
});

describe('a held job', () => {
  /** A job with a subjob and a run in its tree, that has failed and is held. */
  async function givenHeld() {
    const below: JobId[] = [];
    let token = '';
    world.programs.set('main', async (claimed) => {
      if (claimed.row.name !== 'top') return undefined;
      token = claimed.token;
      const caller = await asJob(world, claimed);
      below.push((await world.must('/job/new', { function: 'part', input: {} }, caller)).id as JobId);
      below.push((await world.must(`/${applet}/run`, { input: {} }, caller)).id as JobId);
      below.push((await world.must(`/${applet}/run`, { input: {}, debug: {} }, caller)).id as JobId);
      return { failure: { type: 'AppError', message: 'no reads' } };
    });
    world.programs.set('part', () => undefined);
    const id = await run(world, applet, { project, input: {}, name: 'top', debug });
    await world.platform.run();
    const caller = (): Promise<Caller> => authenticate(world.context, `Bearer ${token}`);
    return { id, below, caller };
  }

  it('is described with its failure and the end of its hold, and its tree goes on', async () => {
    const { id, below } = await givenHeld();
    expect(await world.must(`/${id}/describe`)).toMatchObject({
      ...{ state: 'debug_hold', failureReason: 'AppError', failureMessage: 'no reads', output: null },
      debugHoldUntil: world.context.clock.now + holdLimitMs,
    });
    const described = await Promise.all(below.map((job) => world.must(`/${job}/describe`)));
    expect(described.map(({ debug: inherited }) => inherited)).toEqual([debug, debug, { debugOn: [] }]);
    expect(described.map(({ state }) => state)).toEqual(['running', 'running', 'running']);
  });

  it('is found by its state', async () => {
    const { id } = await givenHeld();
    expect(await world.must('/system/findExecutions', { state: 'debug_hold', project })).toMatchObject({
      results: [{ id }],
    });
  });

  it('may look at its project and fill its workspace with its token, but starts no job', async () => {
    const { id, caller } = await givenHeld();
    const { workspace } = await world.must(`/${id}/describe`);
    await world.must(`/${id}/describe`, {}, await caller());
    await world.must(`/${project}/listFolder`, { folder: '/' }, await caller());
    await world.must('/record/new', { project: workspace, name: 'note' }, await caller());
    const starts = [
      ['/job/new', { function: 'part', input: {} }],
      [`/${applet}/run`, { input: {} }],
      [`/${applet}/run`, { input: {}, detach: true, project }],
    ] as const;
    for (const [path, input] of starts) {
      expect(errorOf(await world.call(path, input, await caller()))).toMatchObject({ type: 'InvalidState' });
    }
  });

  it('is released by its launcher and by its own token, and by nobody who may not end it', async () => {
    const { id, caller } = await givenHeld();
    expect(errorOf(await world.call(`/${id}/release`, {}, bob)).type).toBe('ResourceNotFound');
    await setMember(world.context, project, bob, 'CONTRIBUTE');
    expect(errorOf(await world.call(`/${id}/release`, {}, bob))).toMatchObject({
      type: 'PermissionDenied',
      message:
        `You may not release ${id}: it needs ADMINISTER in ${project}, you have CONTRIBUTE. ` +
        'user-alice, who launched it, may release it',
    });
    await world.platform.run();
    expect(await world.must(`/${id}/describe`, { fields: { state: true } })).toEqual({ state: 'debug_hold' });
    expect(await world.must(`/${id}/release`, {}, await caller())).toEqual({ id });
    expect(await world.must(`/${id}/release`)).toEqual({ id });
    await world.platform.run();
    expect(await world.must(`/${id}/release`)).toEqual({ id });
    expect(await world.must(`/${id}/describe`)).toMatchObject({ state: 'failed', failureReason: 'AppError' });
  });

  it('alone can be released', async () => {
    const { below } = await givenHeld();
    expect(errorOf(await world.call(`/${below[0]}/release`))).toMatchObject({
      type: 'InvalidState',
      message: expect.stringContaining('is running: only a held job can be released'),
    });
  });

  it('can be ended by its launcher, and not by another user who does not see it', async () => {
    const { id, below } = await givenHeld();
    expect(errorOf(await world.call(`/${id}/terminate`, {}, bob)).type).toBe('ResourceNotFound');
    await world.platform.run();
    expect(await world.must(`/${id}/describe`, { fields: { state: true } })).toEqual({ state: 'debug_hold' });
    await world.must(`/${id}/terminate`);
    await world.platform.run();
    for (const job of [id, ...below])
      expect(await world.must(`/${job}/describe`, { fields: { state: true } })).toEqual({ state: 'terminated' });
  });
});
