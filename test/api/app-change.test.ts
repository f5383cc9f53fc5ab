// Tests what developers change about an app and its name, and what its users see of it. Bob is a second tenant.

import { beforeEach, describe, expect, it, test } from 'vitest';
import { type Client, givenPlatform, givenProject, type Platform, passTime } from './given.ts';

let platform: Platform;
let alice: Client;
let bob: Client;
let project: string;
let applet: string;
let app: string;
beforeEach(async () => {
  platform = await givenPlatform();
  ({ alice, bob } = platform);
  project = await givenProject(alice);
  applet = await givenApplet('true');
  app = (await alice.call('/app/new', { name: 'count', version: '1.0.0', applet })).id;
});

const base = { interpreter: 'bash', distribution: 'Ubuntu', release: '24.04', version: '0' };

async function givenApplet(code: string): Promise<string> {
  const specs = { inputSpec: [{ name: 'n', class: 'int' }], outputSpec: [] };
  return (await alice.call('/applet/new', { project, runSpec: { ...base, code }, ...specs })).id;
}

async function aliasesOf(id: string) {
  return (await alice.call(`/${id}/describe`)).aliases;
}

describe('publish', () => {
  it('shows the version to authorized users, and only once', async () => {
    await alice.call('/app-count/addAuthorizedUsers', { authorizedUsers: ['user-bob'] });
    expect(await bob.refusal('/app-count/describe')).toMatch(/^404 ResourceNotFound/);
    expect(await alice.call(`/${app}/publish`)).toEqual({ id: app });
    const described = await bob.call('/app-count/describe');
    expect(described).toMatchObject({ id: app, published: platform.context.now(), isDeveloperFor: false });
    expect(described).not.toHaveProperty('authorizedUsers');
    expect(await alice.refusal(`/${app}/publish`)).toMatch(/^422 InvalidState: .* is already published/);
    expect(await bob.refusal(`/${app}/publish`)).toMatch(/^401 PermissionDenied/);
  });

  it('makes the version the default if it is asked to', async () => {
    const { id } = await alice.call('/app/new', { name: 'count', version: '2.0.0', applet });
    await alice.call(`/${id}/publish`, { makeDefault: true });
    expect([await aliasesOf(app), await aliasesOf(id)]).toEqual([['1.0.0'], ['2.0.0', 'default']]);
    expect((await alice.call('/app-count/describe')).id).toBe(id);
  });
});

describe('update', () => {
  it('replaces the applet of a version that is not published, and the old copy goes later', async () => {
    const other = await givenApplet('false');
    const before = (await alice.call(`/${app}/describe`)).resources;
    expect(await alice.call('/app-count/1.0.0/update', { applet: other, title: 'New' })).toEqual({ id: app });
    const after = await alice.call(`/${app}/describe`);
    expect(after).toMatchObject({ applet: other, title: 'New', version: '1.0.0', aliases: ['1.0.0', 'default'] });
    expect((await alice.call(`/${app}/get`)).runSpec).toMatchObject({ code: 'false' });
    expect((await alice.call(`/${before}/listFolder`)).objects).toHaveLength(1);
    await passTime(platform.context);
    expect(await alice.refusal(`/${before}/describe`)).toMatch(/^404 ResourceNotFound/);
    expect((await alice.call(`/${after.resources}/listFolder`)).objects).toEqual([{ id: other }]);
  });

  it('changes only the fields that it names', async () => {
    await alice.call(`/${app}/update`, { summary: 'Counts', details: { a: 1 }, access: { network: ['*'] } });
    await alice.call(`/${app}/update`, { description: 'Long' });
    expect(await alice.call(`/${app}/describe`)).toMatchObject({
      ...{ applet, summary: 'Counts', description: 'Long', details: { a: 1 }, access: { network: ['*'] } },
    });
  });

  it('is refused when the version is published, by others, and with wrong fields', async () => {
    expect(await alice.refusal(`/${app}/update`, { title: 1 })).toMatch(/^422 InvalidInput: "title" must be a string/);
    expect(await bob.refusal('/app-count/update', { title: 'x' })).toMatch(/^404 ResourceNotFound/);
    await alice.call(`/${app}/publish`);
    expect(await alice.refusal(`/${app}/update`, { title: 'x' })).toMatch(/^422 InvalidState: .* already published/);
  });
});

describe('delete', () => {
  it('takes the aliases and the resources, and keeps the name', async () => {
    const { resources } = await alice.call(`/${app}/describe`);
    expect(await alice.call(`/${app}/delete`)).toEqual({ id: app });
    expect(await alice.call(`/${app}/delete`)).toEqual({ id: app });
    expect(await alice.call(`/${app}/describe`)).toMatchObject({ id: app, deleted: true, aliases: [], applet });
    expect(await alice.refusal('/app-count/describe')).toMatch(/^404 ResourceNotFound/);
    expect(await alice.refusal(`/${app}/publish`)).toMatch(/^422 InvalidState: .* was deleted/);
    expect(await alice.refusal(`/${app}/addTags`, { tags: ['x'] })).toMatch(/^422 InvalidState: .* was deleted/);
    await passTime(platform.context);
    expect(await alice.refusal(`/${resources}/describe`)).toMatch(/^404 ResourceNotFound/);
    const own = await givenProject(bob);
    const specs = { inputSpec: [], outputSpec: [] };
    const other = (await bob.call('/applet/new', { project: own, runSpec: { ...base, code: '' }, ...specs })).id;
    const again = { name: 'count', version: '3.0.0', applet: other };
    expect(await bob.refusal('/app/new', again)).toMatch(/^401 PermissionDenied/);
    expect(await aliasesOf((await alice.call('/app/new', { ...again, applet })).id)).toEqual(['3.0.0', 'default']);
  });
});

describe('tags', () => {
  it('are aliases, move from version to version, and go', async () => {
    const { id } = await alice.call('/app/new', { name: 'count', version: '2.0.0', applet });
    await alice.call(`/${app}/addTags`, { tags: ['stable', 'old'] });
    await alice.call('/app-count/2.0.0/addTags', { tags: ['stable', 'default'] });
    expect([await aliasesOf(app), await aliasesOf(id)]).toEqual([
      ['1.0.0', 'old'],
      ['2.0.0', 'default', 'stable'],
    ]);
    await alice.call(`/${app}/removeTags`, { tags: ['stable', 'old', 'none'] });
    expect((await alice.call('/app-count/stable/describe')).id).toBe(id);
    expect(await alice.refusal('/app-count/old/describe')).toMatch(/^404 ResourceNotFound/);
  });

  test.each([['2.0.0'], ['3.1.4-rc'], ['a/b'], ['']])('are not versions and are parts of paths: %j', async (tag) => {
    await alice.call('/app/new', { name: 'count', version: '2.0.0', applet });
    expect(await alice.refusal(`/${app}/addTags`, { tags: [tag] })).toMatch(/^422 InvalidInput/);
  });
});

describe('developers', () => {
  it('change the app like its creator, and at least one stays', async () => {
    expect(await bob.refusal('/app-count/addDevelopers', { developers: ['user-bob'] })).toMatch(/^404/);
    await alice.call('/app-count/addDevelopers', { developers: ['user-bob', 'user-bob'] });
    expect(await bob.call('/app-count/listDevelopers')).toEqual({ developers: ['user-alice', 'user-bob'] });
    await bob.call('/app-count/removeDevelopers', { developers: ['user-alice', 'PUBLIC', 'user-nobody', 'org-x'] });
    expect(await alice.refusal(`/${app}/describe`)).toMatch(/^401 PermissionDenied/);
    expect(await bob.refusal('/app-count/removeDevelopers', { developers: ['user-bob'] })).toMatch(/^422 InvalidState/);
    expect(await bob.call('/app-count/listDevelopers')).toEqual({ developers: ['user-bob'] });
  });

  test.each([['user-nobody'], ['PUBLIC'], ['org-x'], ['bob']])('are users that exist: %s', async (developer) => {
    expect(await alice.refusal('/app-count/addDevelopers', { developers: [developer] })).toMatch(/^404/);
  });
});

describe('authorized users', () => {
  it('may be everybody', async () => {
    await alice.call(`/${app}/publish`);
    await alice.call('/app-count/addAuthorizedUsers', { authorizedUsers: ['PUBLIC'] });
    expect(await bob.call('/app-count/describe')).toMatchObject({ id: app });
    expect(await bob.refusal('/app-count/listAuthorizedUsers')).toMatch(/^401 PermissionDenied/);
    expect(await alice.call('/app-count/listAuthorizedUsers')).toEqual({ authorizedUsers: ['PUBLIC'] });
    await alice.call('/app-count/removeAuthorizedUsers', { authorizedUsers: ['PUBLIC', 'user-nobody'] });
    expect(await bob.refusal('/app-count/describe')).toMatch(/^404/);
  });

  it('read the code only if the source is open, and see the resources then', async () => {
    await alice.call('/app-count/addAuthorizedUsers', { authorizedUsers: ['user-bob'] });
    await alice.call(`/${app}/publish`);
    expect(await bob.refusal(`/${app}/get`)).toMatch(/^401 PermissionDenied: .*openSource/);
    expect(await bob.refusal(`/${applet}/describe`)).toMatch(/^404/);
    const open = { name: 'count', version: '2.0.0', applet, openSource: true };
    const { id } = await alice.call('/app/new', open);
    await alice.call(`/${id}/publish`);
    expect((await bob.call(`/${id}/get`)).runSpec).toMatchObject({ code: 'true' });
    expect((await bob.call(`/${applet}/describe`)).project).toBe((await alice.call(`/${id}/describe`)).resources);
  });
});

describe('categories', () => {
  it('belong to the name', async () => {
    await alice.call(`/${app}/addCategories`, { categories: ['Statistics', 'QC'] });
    await alice.call(`/${app}/removeCategories`, { categories: ['QC', 'none'] });
    const { id } = await alice.call('/app/new', { name: 'count', version: '2.0.0', applet });
    expect(await alice.call(`/${id}/listCategories`)).toEqual({ categories: ['Statistics'] });
    expect((await alice.call(`/${id}/describe`)).categories).toEqual(['Statistics']);
  });
});

describe('install', () => {
  it('is a bookmark of the user, also when the user is not authorized any more', async () => {
    expect(await bob.refusal('/app-count/install')).toMatch(/^404/);
    await alice.call('/app-count/addAuthorizedUsers', { authorizedUsers: ['user-bob'] });
    await alice.call(`/${app}/publish`);
    await Promise.all([bob.call(`/${app}/install`), bob.call('/app-count/install')]);
    expect(await bob.call('/app-count/describe')).toMatchObject({ installed: true, installs: 1 });
    expect(await alice.call('/app-count/describe')).toMatchObject({ installed: false, installs: 1 });
    await alice.call('/app-count/removeAuthorizedUsers', { authorizedUsers: ['user-bob'] });
    const { appsInstalled } = await bob.call('/user-bob/describe', { fields: { appsInstalled: true } });
    expect(appsInstalled).toEqual(['count']);
    expect(await bob.call('/app-count/uninstall')).toEqual({ id: 'app-count' });
    expect(await bob.refusal(`/${app}/uninstall`)).toMatch(/^401/);
    expect(await bob.refusal('/app-other/uninstall')).toMatch(/^404/);
    expect((await bob.call('/user-bob/describe')).appsInstalled).toEqual([]);
    expect(await alice.call('/app-count/describe')).toMatchObject({ installs: 0 });
  });
});

it('checks the inputs of a batch against the app', async () => {
  expect(await alice.call('/app-count/validateBatch', { batchInput: { n: [1, 2] } })).toEqual({
    expandedBatch: [{ n: 1 }, { n: 2 }],
  });
  expect(await alice.refusal('/app-count/validateBatch', { batchInput: { m: [1] } })).toMatch(/^422 InvalidInput/);
});
