// Tests projects, their members and their settings over the table of routes.

import { beforeEach, describe, expect, test } from 'vitest';
import type { ProjectId } from '../../core/id/identifier.ts';
import { createProject } from '../../engine/container/project.ts';
import { createJob } from '../../engine/job/birth.ts';
import { doWork } from '../../engine/work.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { byName } from '../memory/platform.ts';
import { givenPlatform, givenProject, givenRecord, type Platform, passTime } from './given.ts';

let platform: Platform;
beforeEach(async () => {
  platform = await givenPlatform();
});

/** A job that has ended and is settled. */
async function givenEnded(project: ProjectId, name: string): Promise<void> {
  const { context } = platform;
  const { id } = await createJob(context, planJob(name, { project }));
  await context.rows.update(
    'executions',
    { pk: id, sk: 'A' },
    { set: { state: 'done' }, remove: ['dueAt', 'openShard'] },
  );
}

describe('callers', () => {
  test('a token identifies its user', async () => {
    expect(await platform.alice.call('/system/whoami')).toEqual({ id: 'user-alice' });
    expect(await platform.alice.call('/user-alice/describe')).toMatchObject({ handle: 'alice', billTo: 'user-alice' });
    expect(await platform.alice.call('/user-bob/describe')).not.toHaveProperty('billTo');
  });

  test('a caller without a token may use only the public routes', async () => {
    const { nobody } = platform;
    expect(await nobody.refusal('/system/whoami')).toMatch(/^401 InvalidAuthentication: You need to be logged in/);
    expect(await nobody.call('/system/greet')).toEqual({ messages: [] });
  });

  test('unknown paths and malformed ids are not found', async () => {
    const { alice } = platform;
    for (const path of [
      '/',
      '/x',
      '/system/nothing',
      '/project-xyz/describe',
      '/file-1/describe',
      '/a/b/c/d',
      '/%E0%A4%A/x',
    ]) {
      expect(await alice.refusal(path), path).toMatch(/^404 ResourceNotFound/);
    }
    expect(await alice.refusal('/app-demo/describe')).toMatch(
      /^404 ResourceNotFound: Could not find an app by "app-demo"/,
    );
    expect(await alice.refusal('/app-demo/1.0.0/describe')).toMatch(/^404/);
    expect(await alice.refusal('/globalworkflow-demo/describe')).toMatch(/^404/);
    expect(await alice.refusal('/org/new')).toMatch(/^404 .*no organizations yet/);
    expect(await alice.refusal('/constructor/new')).toMatch(/^404 .*no such method/);
  });

  test('a user logs in with a password, and the token is invalid after logout', async () => {
    const { createUser } = await import('../../engine/identity/user.ts');
    const { givenClient } = await import('./given.ts');
    const { context, nobody } = platform;
    await createUser(context, { handle: 'carol', password: 'correct horse' });
    expect(await nobody.refusal('/system/newAuthToken', { username: 'carol', password: 'wrong' })).toMatch(
      /^401 UsernameOrPasswordError/,
    );
    const token = (
      await nobody.call('/system/newAuthToken', { username: 'carol', password: 'correct horse', otp: null })
    ).access_token as string;
    const carol = givenClient(context, `bearer ${token}`);
    expect(await carol.call('/system/getUserInfo')).toMatchObject({ username: 'carol' });
    await carol.call('/system/destroyAuthToken', {});
    expect(await carol.refusal('/system/whoami')).toMatch(/^401 InvalidAuthentication/);
  });
});

describe('projects', () => {
  test('a new project has the default settings, and its creator as administrator', async () => {
    const { alice } = platform;
    const id = await givenProject(alice, 'traceproj');
    const plain = await alice.call(`/${id}/describe`);
    expect(plain).toMatchObject({
      id,
      class: 'project',
      name: 'traceproj',
      level: 'ADMINISTER',
      region: 'aws:us-east-1',
      billTo: 'user-alice',
      createdBy: { user: 'user-alice' },
      dataUsage: 0,
      protected: false,
      version: 1,
      databaseResultsRestricted: null,
    });
    expect(plain).not.toHaveProperty('folders');
    expect(await alice.call(`/${id}/describe`, { fields: { fileUploadParameters: true } })).toEqual({
      id,
      fileUploadParameters: expect.objectContaining({ minimumPartSize: 5242880, emptyLastPartAllowed: true }),
    });
    const old = await alice.call(`/${id}/describe`, { folders: true, permissions: true, properties: true });
    expect(old).toMatchObject({
      folders: ['/'],
      permissions: { 'user-alice': 'ADMINISTER' },
      properties: {},
      name: 'traceproj',
    });
    const types = await alice.call(`/${id}/describe`, { fields: { availableInstanceTypes: true } });
    expect(types.availableInstanceTypes).toMatchObject({ mem1_ssd1_v2_x4: { numCores: 4, totalMemoryMB: 8192 } });
  });

  test('a project is hidden from strangers, and its members do what their level allows', async () => {
    const { alice, bob } = platform;
    const id = await givenProject(alice);
    expect(await bob.refusal(`/${id}/describe`)).toMatch(/^404 ResourceNotFound/);
    expect(await alice.call(`/${id}/invite`, { invitee: 'user-bob', level: 'VIEW' })).toMatchObject({
      state: 'accepted',
    });
    expect((await bob.call(`/${id}/describe`)).level).toBe('VIEW');
    expect(await bob.refusal(`/${id}/newFolder`, { folder: '/a' })).toMatch(/^401 PermissionDenied: .*UPLOAD.*VIEW/);
    await alice.call(`/${id}/invite`, { invitee: 'user-bob', level: 'CONTRIBUTE' });
    await bob.call(`/${id}/newFolder`, { folder: '/a' });
    await alice.call(`/${id}/invite`, { invitee: 'user-bob', level: 'VIEW' });
    expect((await bob.call(`/${id}/describe`)).level).toBe('CONTRIBUTE');
    expect(await bob.refusal(`/${id}/decreasePermissions`, { 'user-alice': 'VIEW' })).toMatch(/^401 PermissionDenied/);
    await alice.call(`/${id}/decreasePermissions`, { 'user-bob': null });
    expect(await bob.refusal(`/${id}/describe`)).toMatch(/^404/);
    expect(await alice.refusal(`/${id}/leave`)).toMatch(/^422 InvalidState: .*administrator/);
    expect(await alice.refusal(`/${id}/invite`, { invitee: 'user-zed', level: 'VIEW' })).toMatch(/^404/);
    await alice.call(`/${id}/invite`, { invitee: 'PUBLIC', level: 'VIEW' });
    expect((await bob.call(`/${id}/describe`)).level).toBe('VIEW');
  });

  test('one of two administrators who step down at the same time is refused', async () => {
    const { alice, bob } = platform;
    const id = await givenProject(alice);
    await alice.call(`/${id}/invite`, { invitee: 'user-bob', level: 'ADMINISTER' });
    const lowering = [alice, bob].map((user, index) =>
      user
        .refusal(`/${id}/decreasePermissions`, { [index === 0 ? 'user-alice' : 'user-bob']: 'VIEW' })
        .catch(() => 'done'),
    );
    expect((await Promise.all(lowering)).sort()).toEqual([expect.stringMatching(/^422 InvalidState/), 'done']);
  });

  test('an update checks the version, and null restores a default', async () => {
    const { alice } = platform;
    const id = await givenProject(alice);
    await alice.call(`/${id}/update`, { name: 'X', version: 1, protected: true });
    expect(await alice.refusal(`/${id}/update`, { name: 'Y', version: 1 })).toMatch(/^422 InvalidState: .*version 2/);
    await alice.call(`/${id}/update`, { protected: null, restricted: true, downloadRestricted: true });
    expect(await alice.call(`/${id}/describe`)).toMatchObject({
      name: 'X',
      protected: false,
      previewViewerRestricted: true,
    });
    expect(await alice.refusal(`/${id}/update`, { downloadRestricted: false })).toMatch(/^422 InvalidInput/);
    await alice.call(`/${id}/addTags`, { tags: ['a', 'b'] });
    await alice.call(`/${id}/removeTags`, { tags: ['a'] });
    await alice.call(`/${id}/setProperties`, { properties: { k: 'v', gone: 'x' } });
    await alice.call(`/${id}/setProperties`, { properties: { gone: null } });
    expect(await alice.call(`/${id}/describe`, { properties: true })).toMatchObject({
      tags: ['b'],
      properties: { k: 'v' },
    });
  });

  test('properties are always shown in the same order', async () => {
    const { alice } = platform;
    const id = await givenProject(alice);
    const record = await givenRecord(alice, id, { properties: { b: '1', c: '2' } });
    for (const subject of [id, record]) {
      await alice.call(`/${subject}/setProperties`, { project: id, properties: { c: '2', b: '1', a: '3' } });
      const { properties } = await alice.call(`/${subject}/describe`, { properties: true });
      expect(Object.keys(properties as object)).toEqual(['a', 'b', 'c']);
    }
  });

  test('a refusal says what was expected, for all problems together', async () => {
    const { alice } = platform;
    const refusal = await alice.refusal('/project/new', { name: 7, tags: 'x' });
    expect(refusal).toBe(
      '422 InvalidInput: expected key "name" of input to be a string, not 7; expected key "tags" of input to be an array, not "x"',
    );
    expect(await alice.refusal('/system/findDataObjects', { state: 7 })).toMatch(/key "state" of input/);
    expect(await alice.refusal('/project/new', [])).toMatch(/^422 InvalidInput: expected input to be a hash/);
    let deep: unknown = {};
    for (let level = 0; level < 5_000; level++) deep = { deep };
    expect(await alice.refusal('/project/new', { name: 'x', deep })).toMatch(/^422 InvalidInput/);
  });

  test('a search finds projects by name and flags, page by page', async () => {
    const { alice, bob, context } = platform;
    for (const name of ['one', 'two', 'three']) {
      context.clock.now += 1000;
      await givenProject(alice, name);
    }
    const names = async (input: object) => {
      const answer = await alice.call('/system/findProjects', { describe: true, ...input });
      return [(answer.results as { describe: { name: string } }[]).map(({ describe }) => describe.name), answer.next];
    };
    expect(await names({})).toEqual([['three', 'two', 'one'], null]);
    expect(await names({ name: { glob: 't*' }, explicitPermission: true })).toEqual([['three', 'two'], null]);
    expect(await names({ name: { regexp: '^(ONE|x+)$', flags: 'i' } })).toEqual([['one'], null]);
    const [first, next] = await names({ limit: 2 });
    expect(first).toEqual(['three', 'two']);
    expect(await names({ limit: 2, starting: next })).toEqual([['one'], null]);
    expect(await bob.call('/system/findProjects', {})).toEqual({ results: [], next: null });
  });

  test('a search for a level needs few reads among many projects', async () => {
    const { alice, bob, context } = platform;
    const all: string[] = [];
    for (let count = 0; count < 130; count++) {
      context.clock.now += 1;
      const id = await givenProject(alice, `p${count}`);
      all.unshift(id);
      const level = count < 40 ? 'CONTRIBUTE' : 'VIEW';
      await alice.call(`/${id}/invite`, { invitee: 'user-bob', level });
    }
    let reads = 0;
    context.setHook({ before: () => void reads++ });
    const first = await bob.call('/system/findProjects', { limit: 30 });
    expect(first.results.map(({ id }) => id)).toEqual(all.slice(90, 120));
    expect(reads).toBeLessThan(12);
    const second = await bob.call('/system/findProjects', { limit: 30, starting: first.next });
    expect([second.results.map(({ id }) => id), second.next]).toEqual([all.slice(120), null]);
  });

  test('a destroyed project is gone with its content', async () => {
    const { alice, context } = platform;
    const id = await givenProject(alice);
    await alice.call(`/${id}/newFolder`, { folder: '/a/b', parents: true });
    for (const folder of ['/', '/a', '/a/b']) await givenRecord(alice, id, { folder });
    expect(await alice.call(`/${id}/destroy`)).toEqual({ id });
    expect(await alice.refusal(`/${id}/describe`)).toMatch(/^404/);
    expect(context.rows.all('objects')).toEqual([]);
    await passTime(context);
    expect(context.rows.all('containers')).toEqual([]);
    expect(context.queues.work).toEqual([]);
  });

  test('a repeated destroy gets the same answer, and to others the project never existed', async () => {
    const { alice, bob, context } = platform;
    const id = await givenProject(alice);
    await alice.call(`/${id}/invite`, { invitee: 'user-bob', level: 'ADMINISTER' });
    await alice.call(`/${id}/destroy`);
    expect(await alice.call(`/${id}/destroy`, { terminateJobs: true })).toEqual({ id });
    expect(await bob.refusal(`/${id}/destroy`)).toMatch(/^404 ResourceNotFound/);
    expect(await alice.refusal(`/${id}/update`, { name: 'x' })).toMatch(/^404 ResourceNotFound/);
    expect(await alice.refusal('/record/new', { project: id })).toMatch(/^404 ResourceNotFound/);
    await passTime(context);
    expect(await alice.refusal(`/${id}/destroy`)).toMatch(/^404 ResourceNotFound/);
  });

  test('a job that starts while its project is destroyed is terminated', async () => {
    const { alice, context } = platform;
    const id = await givenProject(alice);
    await alice.call(`/${id}/destroy`);
    await createJob(context, planJob('late', { project: id as ProjectId }));
    await passTime(context);
    expect(byName(context, 'late').state).toBe('terminated');
  });

  test('a project with unfinished jobs is destroyed only with terminateJobs', async () => {
    const { alice, context } = platform;
    const id = await givenProject(alice);
    await createJob(context, planJob('old', { project: id as ProjectId, now: context.now() - 1_000 }));
    for (let count = 0; count < 250; count++) await givenEnded(id as ProjectId, `ended${count}`);
    expect(await alice.refusal(`/${id}/destroy`)).toMatch(
      `422 InvalidState: ${id} has unfinished jobs, ${jobId('old')}`,
    );
    expect(await alice.call(`/${id}/destroy`, { terminateJobs: true })).toEqual({ id });
    expect(byName(context, 'old').state).toBe('terminated');
  });

  test('a project with too many jobs for one call needs terminateJobs, and the work queue ends its trees', async () => {
    const { alice, context } = platform;
    const id = await givenProject(alice);
    const unfinished = ['old', 'older', 'oldest'];
    for (const [index, name] of unfinished.entries()) {
      await createJob(context, planJob(name, { project: id as ProjectId, now: context.now() - 1_000 * (index + 1) }));
    }
    for (let count = 0; count < 1_000; count++) await givenEnded(id as ProjectId, `ended${count}`);
    let [reads, most] = [0, 0];
    context.setHook({
      before: ({ name, detail }) => {
        if (name !== 'query' || !detail.includes('#exec')) return;
        context.clock.now += 3_000;
        reads++;
      },
    });
    expect(await alice.refusal(`/${id}/destroy`)).toMatch(
      `422 InvalidState: ${id} has too many jobs to check them all`,
    );
    expect(reads).toBe(4);
    reads = 0;
    await alice.call(`/${id}/destroy`, { terminateJobs: true });
    expect(reads).toBe(1);
    expect(byName(context, 'old').state).toBe('idle');
    while (context.queues.work.some(({ visibleAt }) => visibleAt <= context.clock.now)) {
      const due = context.queues.work.findIndex(({ visibleAt }) => visibleAt <= context.clock.now);
      reads = 0;
      await doWork(context, context.queues.work.splice(due, 1)[0]?.message);
      most = Math.max(most, reads);
    }
    expect(most).toBe(1);
    for (const name of unfinished) expect(byName(context, name).state).toBe('terminated');
    await passTime(context);
    expect(context.rows.all('containers')).toEqual([]);
    expect(context.queues.work).toEqual([]);
  });

  test('a large project is gone at once, and the work queue empties it', async () => {
    const { alice, context } = platform;
    const id = await givenProject(alice);
    for (let count = 0; count < 250; count++) await givenRecord(alice, id);
    context.setHook({
      before: () => {
        context.clock.now += 10;
      },
    });
    expect(await alice.call(`/${id}/destroy`)).toEqual({ id });
    expect(await alice.refusal(`/${id}/describe`)).toMatch(/^404/);
    expect(context.rows.all('objects').length).toBeGreaterThan(0);
    await passTime(context);
    expect(context.rows.all('objects')).toEqual([]);
    expect(context.rows.all('containers')).toEqual([]);
  });

  test('the project of a new user has the same settings as every project', async () => {
    const { alice, context } = platform;
    const facts = { name: 'bare', summary: '', description: '', tags: [], properties: {}, settings: {} };
    const id = await createProject(context, { ...facts, createdBy: 'user-alice', billTo: 'user-alice' });
    const wanted = await alice.call(`/${await givenProject(alice)}/describe`);
    expect(Object.keys(await alice.call(`/${id}/describe`)).sort()).toEqual(Object.keys(wanted).sort());
  });
});
