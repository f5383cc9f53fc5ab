// Tests apps and global workflows as their developers and users see them. Bob is a second tenant, who has a project of
// his own and is no developer unless a test says so.

import { beforeEach, describe, expect, it, test } from 'vitest';
import { type Client, givenPlatform, givenProject, type Platform } from './given.ts';

let platform: Platform;
let alice: Client;
let bob: Client;
let project: string;
beforeEach(async () => {
  platform = await givenPlatform();
  ({ alice, bob } = platform);
  project = await givenProject(alice);
});

const runSpec = { interpreter: 'bash', code: 'true', distribution: 'Ubuntu', release: '24.04', version: '0' };
const specs = { inputSpec: [{ name: 'n', class: 'int' }], outputSpec: [] };
const region = 'aws:us-east-1';

async function givenApplet(more: object = {}): Promise<string> {
  return (await alice.call('/applet/new', { project, name: 'count', runSpec, ...specs, ...more })).id;
}

async function givenApp(more: object = {}): Promise<string> {
  const applet = await givenApplet();
  return (await alice.call('/app/new', { name: 'count', version: '1.0.0', applet, ...more })).id;
}

describe('an app', () => {
  it('has its own copy of the applet and its bundles, which stays when the project is gone', async () => {
    const bundle = (await alice.call('/record/new', { project, close: true })).id;
    const bundledDepends = [{ name: 'data', id: { $dnanexus_link: bundle } }];
    const applet = await givenApplet({ runSpec: { ...runSpec, bundledDepends } });
    const { id } = await alice.call('/app/new', { name: 'count', version: '1.0.0', applet });
    const { resources } = await alice.call(`/${id}/describe`);
    await alice.call(`/project-${project.slice('project-'.length)}/destroy`);
    expect((await alice.call(`/${applet}/describe`)).project).toBe(resources);
    expect((await alice.call(`/${bundle}/describe`)).project).toBe(resources);
    expect(await alice.call(`/${resources}/describe`)).toMatchObject({
      level: 'VIEW',
      app: id,
      appName: 'count',
      region,
    });
    expect(await bob.refusal(`/${resources}/describe`)).toMatch(/^404 ResourceNotFound/);
    expect((await alice.call(`/${id}/describe`)).runSpec).toMatchObject({
      bundledDepends,
      bundledDependsByRegion: { [region]: bundledDepends },
    });
  });

  it('is described by its id, its name, its version and its tag alike', async () => {
    const id = await givenApp({ title: 'Count', description: 'Counts.', details: { a: 1 } });
    const described = await alice.call(`/${id}/describe`);
    expect(described).toMatchObject({
      ...{ id, class: 'app', name: 'count', version: '1.0.0', aliases: ['1.0.0', 'default'], createdBy: 'user-alice' },
      ...{ billTo: 'user-alice', title: 'Count', description: 'Counts.', details: { a: 1 }, installed: false },
      ...{ openSource: false, deleted: false, isDeveloperFor: true, authorizedUsers: [], region, ...specs },
    });
    expect(described).not.toHaveProperty('published');
    expect(described.runSpec).not.toHaveProperty('code');
    for (const path of ['app-count', 'app-count/1.0.0', 'app-count/default']) {
      expect(await alice.call(`/${path}/describe`)).toEqual(described);
    }
    const fields = { name: true, version: true };
    expect(await alice.call('/app-count/describe', { fields })).toEqual({ name: 'count', version: '1.0.0' });
    for (const path of ['app-count/2.0.0', 'app-other', `${id}/1.0.0`, 'app-x6VxZgB50JQvZv9Bz72BGj00']) {
      expect(await alice.refusal(`/${path}/describe`)).toMatch(/^404 ResourceNotFound/);
    }
  });

  it('is not seen by one who is neither developer nor authorized', async () => {
    const id = await givenApp();
    expect(await bob.refusal('/app-count/describe')).toMatch(/^404 ResourceNotFound/);
    expect(await bob.refusal('/app-count/1.0.0/describe')).toMatch(/^404 ResourceNotFound/);
    // The client expects this status for an id (dx-toolkit, test_get_app). Ids cannot be guessed.
    expect(await bob.refusal(`/${id}/describe`)).toMatch(/^401 PermissionDenied/);
  });
});

describe('/app/new', () => {
  it('claims a name for its developers', async () => {
    await givenApp();
    const own = await givenProject(bob);
    const applet = (await bob.call('/applet/new', { project: own, runSpec, ...specs })).id;
    expect(await bob.refusal('/app/new', { name: 'count', version: '2.0.0', applet })).toMatch(/^401 PermissionDenied/);
  });

  it('refuses a version that exists, in the words that clients compare', async () => {
    const applet = await givenApplet();
    await alice.call('/app/new', { name: 'count', version: '1.0.0', applet });
    expect(await alice.refusal('/app/new', { name: 'count', version: '1.0.0', applet })).toBe(
      '422 InvalidInput: Specified name and version conflict with an existing alias',
    );
    const { id } = await alice.call('/app/new', { name: 'count', version: '1.0.1', applet });
    expect((await alice.call(`/${id}/describe`)).aliases).toEqual(['1.0.1']);
  });

  test.each([
    ['a name of an id', { name: 'x'.repeat(24) }, /422 InvalidInput: "name" must not be 24/],
    ['a name with a slash', { name: 'a/b' }, /422 InvalidInput: "name" must be 1 to 128/],
    ['a version that is a tag', { version: 'default' }, /422 InvalidInput: "version" must not be "default"/],
    ['no applet', { applet: undefined }, /422 InvalidInput: give the executable/],
    ['applet and regions', { regionalOptions: {} }, /422 InvalidInput: give "applet" or "regionalOptions", not both/],
    [
      'a workflow',
      { applet: 'workflow-x6VxZgB50JQvZv9Bz72BGj00' },
      /422 InvalidInput: "applet" must be the id of an applet/,
    ],
    ['an unknown applet', { applet: 'applet-x6VxZgB50JQvZv9Bz72BGj00' }, /404 ResourceNotFound/],
    ['another payer', { billTo: 'user-bob' }, /422 InvalidInput: Cannot request another user to be the "billTo"/],
    ['a wrong access', { access: { project: 'ALL' } }, /422 InvalidInput: access.project must be/],
  ])('refuses %s, and nothing is made', async (_, wrong, refusal) => {
    const applet = await givenApplet();
    expect(await alice.refusal('/app/new', { name: 'count', version: '1.0.0', applet, ...wrong })).toMatch(refusal);
    expect(await alice.refusal('/app-count/describe')).toMatch(/^404 ResourceNotFound/);
  });

  it('refuses an applet without specifications, one that may not leave its project, and one of another region', async () => {
    const applet = (await alice.call('/applet/new', { project, runSpec })).id;
    const app = { name: 'count', version: '1.0.0' };
    expect(await alice.refusal('/app/new', { ...app, applet })).toMatch(
      /InvalidInput: .* must have an inputSpec and an/,
    );
    const good = await givenApplet();
    const regionalOptions = { 'azure:westus': { applet: good } };
    expect(await alice.refusal('/app/new', { ...app, regionalOptions })).toMatch(
      /InvalidInput: .* is in the region aws/,
    );
    await alice.call(`/${project}/update`, { restricted: true });
    expect(await alice.refusal('/app/new', { ...app, applet: good })).toMatch(
      /^401 PermissionDenied: .* is restricted/,
    );
  });

  it('makes one version of two calls at once', async () => {
    const applet = await givenApplet();
    const app = { name: 'count', version: '1.0.0', applet };
    const replies = await Promise.all([1, 2, 3].map(() => alice.send('/app/new', app)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 422, 422]);
    const [made] = replies.filter(({ status }) => status === 200);
    expect(made?.body).toEqual({ id: (await alice.call('/app-count/describe')).id });
  });

  it('gives a name to one of two users who claim it at once', async () => {
    const own = await givenProject(bob);
    const foreign = (await bob.call('/applet/new', { project: own, runSpec, ...specs })).id;
    const app = { name: 'count', version: '1.0.0' };
    const claims = [alice.send('/app/new', { ...app, applet: await givenApplet() })];
    claims.push(bob.send('/app/new', { ...app, version: '2.0.0', applet: foreign }));
    const replies = await Promise.all(claims);
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 401]);
    const seen = [await alice.send('/app-count/describe'), await bob.send('/app-count/describe')];
    expect(seen.map(({ status }) => status)).toEqual(replies.map(({ status }) => (status === 200 ? 200 : 404)));
  });

  it('makes an app for several regions, each with an applet and resources of its own', async () => {
    const there = (await alice.call('/project/new', { name: 'there', region: 'azure:westus' })).id;
    const other = (await alice.call('/applet/new', { project: there, runSpec, ...specs })).id;
    const applet = await givenApplet();
    const regionalOptions = { 'azure:westus': { applet: other }, [region]: { applet } };
    await alice.call('/app/new', { name: 'count', version: '1.0.0', regionalOptions });
    const described = await alice.call('/app-count/describe');
    expect(described).toMatchObject({ applet, region, regionalOptions });
    const { bundledDependsByRegion } = described.runSpec as { bundledDependsByRegion: object };
    expect(Object.keys(bundledDependsByRegion)).toEqual([region, 'azure:westus']);
    const options = Object.values(described.regionalOptions as Record<string, { resources: string }>);
    expect(new Set(options.map(({ resources }) => resources)).size).toBe(2);
    const places = await Promise.all(options.map(({ resources }) => alice.call(`/${resources}/describe`)));
    expect(places.map((place) => place.region)).toEqual(['azure:westus', region]);
  });

  it('gives a repeated call the same app, and refuses its nonce for another one', async () => {
    const applet = await givenApplet();
    const app = { name: 'count', version: '1.0.0', applet, nonce: 'n' };
    const first = await alice.call('/app/new', app);
    expect(await alice.call('/app/new', app)).toEqual(first);
    expect(await alice.refusal('/app/new', { ...app, version: '2.0.0' })).toMatch(/InvalidInput: Nonce was reused/);
  });

  it('begins as another version, by initializeFrom, with the fields that the call gives', async () => {
    const more = (await alice.call('/record/new', { project, close: true, folder: '/deep', parents: true })).id;
    const first = { title: 'First', details: { a: 1 }, categories: ['x'], resources: [more] };
    const id = await givenApp(first);
    await alice.call(`/${project}/destroy`);
    const input = { initializeFrom: 'app-count/1.0.0', version: '2.0.0', title: 'Second' };
    const { id: second } = await alice.call('/app/new', input);
    const [before, after] = [await alice.call(`/${id}/describe`), await alice.call(`/${second}/describe`)];
    expect(after).toMatchObject({ name: 'count', title: 'Second', details: { a: 1 }, applet: before.applet });
    expect(after.resources).not.toBe(before.resources);
    const listed = await alice.call(`/${after.resources}/listFolder`);
    expect(listed.objects.map(({ id }) => id)).toContain(more);
    const copy = { initializeFrom: { id }, version: '1.0.0', name: 'copy' };
    expect(await bob.refusal('/app/new', copy)).toMatch(/^401 PermissionDenied/);
    await alice.call('/app-count/addAuthorizedUsers', { authorizedUsers: ['user-bob'] });
    await alice.call(`/${id}/publish`);
    expect(await bob.refusal('/app/new', copy)).toMatch(/^401 PermissionDenied: .*openSource/);
    expect((await alice.call('/app/new', copy)).id).toMatch(/^app-/);
  });
});
