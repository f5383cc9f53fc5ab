// Replies that clients compare or print, each as the service gives it (docs/reference/api.md).

import { beforeAll, describe, expect, test } from 'vitest';
import { type Client, givenClient, givenFile, givenPlatform, givenProject, type Platform } from './given.ts';

const unknown = 'BBBBBBBBBBBBBBBBBBBBBBBB';
let platform: Platform;
let alice: Client;
let project: string;
let other: string;
let job: string;

beforeAll(async () => {
  platform = await givenPlatform();
  alice = platform.alice;
  project = await givenProject(alice);
  other = await givenProject(alice, 'other');
  for (const place of [project, other]) await alice.call(`/${place}/newFolder`, { folder: '/bar' });
  job = (await alice.call(`/${await givenApplet()}/run`, { project, input: {} })).id;
});

async function givenApplet(fields: object = {}): Promise<string> {
  const runSpec = { interpreter: 'bash', code: '' };
  return (await alice.call('/applet/new', { project, runSpec, ...fields })).id;
}

describe('a folder', () => {
  test('that the destination of a clone has is named as a conflict', async () => {
    const input = { folders: ['/bar'], project: other, destination: '/' };
    const refusal = await alice.refusal(`/${project}/clone`, input);
    expect(refusal).toMatch(
      /^422 InvalidState: If cloned, a folder would conflict with the route of an existing folder/,
    );
    expect(refusal).toContain('"/bar"');
  });

  test('that is missing is named with its place, whatever wanted it', async () => {
    const text = `404 ResourceNotFound: Folder "/nope" does not exist in project "${project}"`;
    expect(await alice.refusal(`/${project}/listFolder`, { folder: '/nope' })).toBe(text);
    expect(await alice.refusal('/record/new', { project, folder: '/nope' })).toMatch(`${text}: create it first`);
    expect(await alice.refusal(`/${project}/newFolder`, { folder: '/nope/in' })).toMatch(`${text}: create it first`);
    const scope = { project, folder: '/nope' };
    expect(await alice.refusal('/system/findDataObjects', { scope })).toBe(text);
    expect(await alice.refusal(`/${other}/clone`, { objects: [], project, destination: '/nope' })).toMatch(text);
    expect(await alice.refusal(`/${project}/move`, { folders: ['/bar'], destination: '/nope' })).toBe(text);
  });
});

describe('the folder of a run', () => {
  const listed = async (folder: string) => (await alice.call(`/${project}/listFolder`, { folder })).folders;

  test('that does not exist is made by the call, with its parents, and once', async () => {
    const applet = await givenApplet();
    const input = { project, folder: '/results//of/today/', input: {}, nonce: 'one' };
    const { id } = await alice.call(`/${applet}/run`, input);
    expect(await alice.call(`/${applet}/run`, input)).toEqual({ id });
    expect(await listed('/results/of')).toEqual(['/results/of/today']);
    expect(await alice.call(`/${id}/describe`)).toMatchObject({ folder: '/results/of/today' });
    await alice.call(`/${applet}/run`, { ...input, nonce: 'two' });
    expect(await listed('/results')).toEqual(['/results/of']);
  });

  test('is not made by a run that is refused', async () => {
    const systemRequirements = { '*': { instanceType: 'mem2_ssd1_gpu_x16' } };
    const input = { project, folder: '/refused', input: {}, systemRequirements };
    expect(await alice.refusal(`/${await givenApplet()}/run`, input)).toMatch(/^422 InvalidInput/);
    expect(await listed('/')).not.toContain('/refused');
  });
});

test('a nested array is described flat at once, as the job gets it', async () => {
  const applet = await givenApplet({ inputSpec: [{ name: 'n', class: 'array:int' }] });
  const { id } = await alice.call(`/${applet}/run`, { project, input: { n: [[1, [2]], 3] } });
  const flat = { n: [1, 2, 3] };
  expect(await alice.call(`/${id}/describe`)).toMatchObject({ input: flat, originalInput: flat, runInput: flat });
});

test.each([
  ['user-nobody', /^422 InvalidInput: .*there is no "user-nobody"/],
  ['org-lab', /^422 InvalidInput: .*there is no "org-lab"/],
  ['user-bob', /^401 PermissionDenied: /],
])('a project is not billed to %s', async (billTo, expected) => {
  expect(await alice.refusal(`/${project}/update`, { billTo })).toMatch(expected);
  expect(await alice.refusal('/project/new', { name: 'n', billTo })).toMatch(expected);
});

test('a project has a storage cost and a currency', async () => {
  const answer = await alice.call(`/${project}/describe`);
  expect(answer).toMatchObject({ storageCost: 0, currency: { dxCode: 0, code: 'USD', symbol: '$' } });
});

test('a job shows the addresses that it reached only when it is asked for them', async () => {
  const fields = { internetUsageIPs: true };
  expect(await alice.call(`/${job}/describe`)).not.toHaveProperty('internetUsageIPs');
  expect(await alice.call(`/${job}/describe`, { fields })).toEqual({ internetUsageIPs: [] });
  const found = await alice.call('/system/findExecutions', { id: job, describe: { fields } });
  expect(found.results).toMatchObject([{ describe: { internetUsageIPs: [] } }]);
});

test('a file has no cloud account, drive and md5 of its own, and says so only when it is asked', async () => {
  const file = await givenFile(platform, project);
  const fields = { cloudAccount: true, drive: true, md5: true };
  expect(await alice.call(`/${file}/describe`, { fields })).toEqual({
    ...{ id: file, cloudAccount: null, drive: null, md5: null },
  });
  for (const field of Object.keys(fields)) expect(await alice.call(`/${file}/describe`)).not.toHaveProperty(field);
});

test('the time of the server is answered, and a busy server until a time', async () => {
  const { currentTime } = await alice.call('/system/comeBackLater');
  expect(currentTime).toBe(platform.context.now());
  const waitUntil = (currentTime as number) + 7_500;
  const busy = await alice.send('/system/comeBackLater', { waitUntil });
  expect(busy).toMatchObject({ status: 503, headers: { 'retry-after': '8' } });
  expect(busy.body).toMatchObject({ error: { type: 'ServiceUnavailable' } });
  const silent = await alice.send('/system/comeBackLater', { waitUntil, setRetryAfter: false });
  expect([silent.status, silent.headers]).toEqual([503, {}]);
  platform.context.clock.now += 7_500;
  expect(await alice.call('/system/comeBackLater', { waitUntil })).toEqual({ currentTime: waitUntil });
});

test.each(['workflow', 'analysis', 'database'])('a %s that does not exist is named as an entity', async (name) => {
  const refusal = await alice.refusal(`/${name}-${unknown}/describe`);
  expect(refusal).toMatch(`404 ResourceNotFound: The entity ${name}-${unknown} could not be found`);
});

test('a caller without a login gets PermissionDenied for a job, and is asked to log in elsewhere', async () => {
  const nobody = givenClient(platform.context, 'Bearer PUBLIC');
  for (const method of ['describe', 'terminate', 'addTags']) {
    expect(await nobody.refusal(`/${job}/${method}`)).toMatch(/^401 PermissionDenied/);
  }
  expect(await nobody.refusal(`/${project}/describe`)).toMatch(/^401 InvalidAuthentication/);
  expect(await nobody.refusal('/system/whoami')).toMatch(/^401 InvalidAuthentication/);
  expect(await platform.nobody.refusal(`/${job}/describe`)).toMatch(/^401 InvalidAuthentication/);
});

test.each([[[1]], ['x'], [null], [3]])('the body %j is ignored where no input is needed', async (body) => {
  expect(await alice.call('/system/greet', body)).toEqual({ messages: [] });
  expect(await alice.refusal('/system/whoami', body)).toMatch(/^422 InvalidInput/);
});
