// Tests jobs that may not go on, because the tree is too old or its launcher lost the right to run jobs in the project,
// and who may terminate a tree. Bob is a second tenant with a project and jobs of his own.

import { beforeEach, describe, expect, it } from 'vitest';
import { authenticate } from '../../api/authenticate.ts';
import type { AppletId, JobId, ProjectId } from '../../core/id/identifier.ts';
import type { Caller } from '../../core/identity/caller.ts';
import { createProject, setMember } from '../../engine/container/project.ts';
import { createJob } from '../../engine/job/birth.ts';
import type { Claimed } from '../../engine/job/claim.ts';
import { heartbeat } from '../../engine/job/heartbeat.ts';
import { planJob } from '../memory/plan.ts';
import { peekJob } from '../memory/platform.ts';
import { alice, bob, givenApplet, givenProject, givenWorld, run, type World } from './execution-world.ts';

const dayMs = 86_400_000;
let world: World;
let project: ProjectId;
let applet: AppletId;
let claims: Map<JobId, Claimed>;

beforeEach(async () => {
  world = await givenWorld();
  project = await givenProject(world, { members: [[bob, 'CONTRIBUTE']] });
  applet = await givenApplet(world, project);
  claims = new Map();
  for (const entryPoint of ['main', 'process']) {
    world.programs.set(entryPoint, (claimed) => {
      claims.set(claimed.row.pk, claimed);
      return undefined;
    });
  }
});

/** A running job of a user, with its caller. */
async function givenRunning(as = alice, input: object = {}): Promise<{ id: JobId; token: () => Promise<Caller> }> {
  const id = await run(world, applet, { project, input: {}, ...input }, as);
  await world.platform.run();
  const token = () => authenticate(world.context, `Bearer ${claims.get(id)?.token}`);
  return { id, token };
}

async function givenSubjob(of: Caller): Promise<JobId> {
  const { id } = await world.must('/job/new', { function: 'process', input: {} }, of);
  await world.platform.run();
  return id as JobId;
}

/** Lets days pass in which the workers keep their leases, as far as they may. */
async function live(days: number, jobs: readonly JobId[]): Promise<void> {
  for (let half = 0; half < 2 * days; half++) {
    world.context.clock.now += dayMs / 2;
    for (const job of jobs) await heartbeat(world.context, peekJob(world.context, job));
    await world.platform.sweep();
    await world.platform.run();
  }
}

describe('a tree that is 30 days old', () => {
  it('ends with AuthError at its next sweep, also if its jobs were born later and others run on', async () => {
    const old = await givenRunning();
    const others = await givenRunning(bob);
    await live(20, [old.id, others.id]);
    const sub = await givenSubjob(await old.token());
    const young = await givenRunning(bob);
    await live(9, [old.id, others.id, sub, young.id]);
    expect(peekJob(world.context, old.id).state).toBe('running');
    world.context.clock.now += dayMs - 60_000;
    for (const job of [old.id, sub, young.id]) await heartbeat(world.context, peekJob(world.context, job));
    expect(peekJob(world.context, old.id).dueAt).toBeLessThanOrEqual(world.context.clock.now + 60_000);
    world.context.clock.now += 61_000;
    expect(await authenticate(world.context, `Bearer ${claims.get(sub)?.token}`)).toEqual({
      kind: 'anonymous',
      why: expect.stringContaining('This job token has expired. The tree of'),
    });
    await world.platform.sweep();
    await world.platform.run();
    expect(peekJob(world.context, old.id)).toMatchObject({
      state: 'failed',
      failureReason: 'AuthError',
      failureMessage: expect.stringContaining('started more than 30 days ago'),
    });
    expect(peekJob(world.context, sub)).toMatchObject({ state: 'failed', failureReason: 'JobTreeFailure' });
    expect(peekJob(world.context, young.id).state).toBe('running');
    expect((await young.token()).kind).toBe('job');
  });

  it('ends although all of it waits for something that never comes', async () => {
    const plan = planJob('waits', { spec: { waits: [{ kind: 'object', object: applet }] } });
    await world.context.rows.update('objects', { pk: applet, sk: 'A' }, { set: { state: 'open' } });
    await createJob(world.context, plan);
    await world.platform.run();
    expect(peekJob(world.context, plan.id).state).toBe('waiting_on_input');
    world.context.clock.now += 30 * dayMs - 1;
    await world.platform.sweep();
    expect(peekJob(world.context, plan.id)).toMatchObject({ state: 'waiting_on_input' });
    world.context.clock.now += 121_000;
    await world.platform.sweep();
    expect(peekJob(world.context, plan.id)).toMatchObject({ state: 'failed', failureReason: 'AuthError' });
  });
});

describe('a job whose launcher has less than CONTRIBUTE in its project', () => {
  it.each([
    ['with VIEW', 'VIEW', 'has VIEW in'],
    ['without access', 'NONE', 'has no access in'],
  ] as const)('%s fails with its tree at its next call, and no other tree does', async (_, level, words) => {
    const mine = await givenRunning(alice);
    const his = await givenRunning(bob);
    const sub = await givenSubjob(await his.token());
    await setMember(world.context, project, bob, level);
    expect(peekJob(world.context, his.id).state).toBe('running');
    const answer = await world.call(
      '/_worker/heartbeat',
      {},
      await authenticate(world.context, `Bearer ${claims.get(sub)?.token}`),
    );
    expect(answer).toMatchObject({ status: 401, body: { error: { type: 'InvalidAuthentication' } } });
    await world.platform.run();
    expect(peekJob(world.context, sub)).toMatchObject({
      state: 'failed',
      failureReason: 'AuthError',
      failureMessage: expect.stringContaining(`user-bob, who launched the job, ${words} ${project}`),
    });
    expect(peekJob(world.context, his.id)).toMatchObject({
      state: 'failed',
      failureReason: 'JobTreeFailure',
      failureFrom: sub,
    });
    expect(peekJob(world.context, mine.id).state).toBe('running');
    expect((await world.call('/_worker/heartbeat', {}, await mine.token())).status).toBe(200);
  });

  it('cannot report an output any more', async () => {
    const his = await givenRunning(bob);
    await setMember(world.context, project, bob, 'UPLOAD');
    const answer = await world.call('/_worker/finish', { output: {} }, await his.token());
    expect(answer.status).toBe(401);
    await world.platform.run();
    expect(peekJob(world.context, his.id)).toMatchObject({ state: 'failed', failureReason: 'AuthError' });
  });
});

describe('a job', () => {
  it('may terminate its own tree', async () => {
    const mine = await givenRunning(alice);
    const sub = await givenSubjob(await mine.token());
    const caller = await authenticate(world.context, `Bearer ${claims.get(sub)?.token}`);
    await world.must(`/${mine.id}/terminate`, {}, caller);
    await world.platform.run();
    expect([mine.id, sub].map((job) => peekJob(world.context, job).state)).toEqual(['terminated', 'terminated']);
  });

  it('may not terminate another tree of its own user, even if its executable has ADMINISTER', async () => {
    applet = await givenApplet(world, project, { access: { project: 'ADMINISTER' } });
    const mine = await givenRunning(alice);
    const other = await givenRunning(alice);
    const answer = await world.call(`/${other.id}/terminate`, {}, await mine.token());
    const message =
      `You may not terminate ${other.id}: it needs the token of a job of its tree ${other.id}, you have ` +
      `that of ${mine.id} in the tree ${mine.id}. user-alice may terminate it`;
    expect(answer).toMatchObject({ status: 401, body: { error: { type: 'PermissionDenied', message } } });
    expect(peekJob(world.context, other.id).state).toBe('running');
  });

  it('may not terminate a tree of another tenant, nor learn of one in a project that it does not see', async () => {
    const mine = await givenRunning(alice);
    const his = await givenRunning(bob);
    expect((await world.call(`/${mine.id}/terminate`, {}, await his.token())).status).toBe(401);
    const facts = { name: 'p', summary: '', description: '', settings: {}, tags: [], properties: {} };
    project = await createProject(world.context, { ...facts, createdBy: bob, billTo: bob });
    applet = await givenApplet(world, project);
    const hidden = await givenRunning(bob);
    expect((await world.call(`/${hidden.id}/terminate`, {}, await mine.token())).status).toBe(404);
    expect([mine.id, hidden.id].map((job) => peekJob(world.context, job).state)).toEqual(['running', 'running']);
  });
});
