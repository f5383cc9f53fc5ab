// Tests that regions are labels of projects, and that data and runs keep to them (docs/reference/api.md, "Regions").

import { beforeAll, describe, expect, test } from 'vitest';
import { type Client, givenClient, givenFile, givenPlatform, givenRecord, type Platform } from './given.ts';

const runSpec = { interpreter: 'bash', code: '' };
let platform: Platform;
let alice: Client;
let here: string;
let london: string;

beforeAll(async () => {
  platform = await givenPlatform();
  alice = platform.alice;
  here = await givenProjectIn(undefined);
  london = await givenProjectIn('aws:eu-west-2');
});

async function givenProjectIn(region: string | undefined): Promise<string> {
  return (await alice.call('/project/new', { name: `in ${region}`, region })).id;
}

describe('a project', () => {
  test.each([
    ...['aws:us-east-1', 'aws:eu-west-2', 'aws:eu-west-2-g', 'aws:ap-southeast-2', 'aws:us-gov-west-1'],
    ...['azure:westus', 'azure:uksouth-ofh', 'azure:eastus2', 'gcp:europe-west4', 'aliyun:cn-beijing', 'constructor:a'],
  ])('may be in %s, and its describe and searches show it', async (region) => {
    const id = await givenProjectIn(region);
    expect(await alice.call(`/${id}/describe`, { fields: { region: true } })).toEqual({ id, region });
    const found = await alice.call('/system/findProjects', { region, describe: { fields: { region: true } } });
    expect(found.results).toContainEqual(expect.objectContaining({ id, describe: { id, region } }));
    const all = await alice.call('/system/findProjects', { region: 'aws:me-south-1' });
    expect(all.results).toEqual([]);
  });

  test.each([
    '',
    'london',
    'aws:',
    ':westus',
    'aws:not-a-region',
    'aws:a:b',
    'AWS:us-east-1',
    'azure:west us',
    'constructor:_',
    7,
  ])('is not made in %j, which is not a region', async (region) => {
    const refusal = await alice.refusal('/project/new', { name: 'n', region });
    expect(refusal).toMatch(/^422 InvalidInput: expected key "region" of input to be /);
  });

  test('that names no region is in the default one of the platform', async () => {
    const settings = { ...platform.context.settings, region: 'azure:westus' };
    const token = givenClient({ ...platform.context, settings }, await tokenOf());
    const { id } = await token.call('/project/new', { name: 'west' });
    expect((await alice.call(`/${id}/describe`)).region).toBe('azure:westus');
    expect((await alice.call(`/${here}/describe`)).region).toBe('aws:us-east-1');
  });

  test('is the place of searches that name its region', async () => {
    const record = await givenRecord(alice, london, { name: 'londoner' });
    const search = async (input: object) =>
      (await alice.call('/system/findDataObjects', { name: 'londoner', ...input })).results;
    expect(await search({ region: 'aws:eu-west-2' })).toEqual([{ id: record, project: london }]);
    expect(await search({ region: ['azure:westus', 'aws:eu-west-2'] })).toHaveLength(1);
    expect(await search({ region: 'aws:us-east-1' })).toEqual([]);
    expect(await search({ region: 'aws:us-east-1', scope: { project: london } })).toEqual([]);
  });
});

async function tokenOf(): Promise<string> {
  const { issueToken } = await import('../../engine/identity/token.ts');
  const expiresAt = platform.context.now() + 86_400_000;
  return `Bearer ${await issueToken(platform.context, { user: 'user-alice', expiresAt, label: 'test' })}`;
}

describe('data', () => {
  test('is cloned within its region, and not into another', async () => {
    const file = await givenFile(platform, london);
    const second = await givenProjectIn('aws:eu-west-2');
    expect(await alice.refusal(`/${london}/clone`, { objects: [file], project: here })).toBe(
      `422 InvalidInput: ${london} is in the region aws:eu-west-2, and ${here} in aws:us-east-1: data cannot be cloned between regions`,
    );
    expect(await alice.call(`/${london}/clone`, { objects: [file], project: second })).toMatchObject({ exists: [] });
  });

  test('is the input of runs in its region only', async () => {
    const file = await givenFile(platform, london);
    const input = { f: { $dnanexus_link: { project: london, id: file } } };
    const applets = await Promise.all(
      [here, london].map(async (project) => (await alice.call('/applet/new', { project, runSpec })).id),
    );
    expect(await alice.refusal(`/${applets[0]}/run`, { project: here, input })).toBe(
      `401 PermissionDenied: ${file} is in a project that is restricted or in another region: it cannot be used in ${here}`,
    );
    const second = await givenProjectIn('aws:eu-west-2');
    const job = (await alice.call(`/${applets[1]}/run`, { project: second, input })).id;
    const described = await alice.call(`/${job}/describe`);
    expect(described).toMatchObject({ region: 'aws:eu-west-2', project: second });
    const workspace = await alice.call(`/${described.workspace}/describe`);
    expect(workspace).toMatchObject({ region: 'aws:eu-west-2' });
  });
});

describe('an applet', () => {
  const options = {
    'aws:eu-west-2': { systemRequirements: { '*': { instanceType: 'mem1_ssd1_v2_x2' } } },
    'azure:westus': { systemRequirements: { '*': { instanceType: 'azure:mem1_ssd1_x4' } } },
  };
  const givenApplet = async (project: string, more: object = {}) =>
    (await alice.call('/applet/new', { project, runSpec, regionalOptions: options, ...more })).id;

  test.each([
    ['aws:eu-west-2', 'mem1_ssd1_v2_x2'],
    ['azure:westus', 'azure:mem1_ssd1_x4'],
  ])('runs in %s with the options of that region', async (region, instanceType) => {
    const project = await givenProjectIn(region);
    const applet = await givenApplet(project);
    const job = (await alice.call(`/${applet}/run`, { project, input: {} })).id;
    expect(await alice.call(`/${job}/describe`)).toMatchObject({ region, instanceType });
    const { runSpec: shown } = await alice.call(`/${applet}/describe`);
    expect(shown).toMatchObject({
      systemRequirementsByRegion: { [region]: { '*': { instanceType } } },
      bundledDependsByRegion: { [region]: [] },
    });
  });

  test('whose options name other regions only is made, and its run is refused', async () => {
    const applet = await givenApplet(here);
    expect(await alice.refusal(`/${applet}/run`, { project: here, input: {} })).toMatch(
      `422 InvalidInput: the "regionalOptions" of ${applet} name aws:eu-west-2, azure:westus, and ${here} is in aws:us-east-1`,
    );
  });

  test('does not run in a project of another region', async () => {
    const applet = await givenApplet(london);
    expect(await alice.refusal(`/${applet}/run`, { project: here, input: {} })).toMatch(
      /^401 PermissionDenied: applet-\w+ is in a project that is restricted or in another region/,
    );
  });

  test('takes the bundles of its region, each once', async () => {
    const [first, second] = [await givenFile(platform, london), await givenFile(platform, london)];
    const bundle = (id: string) => ({ name: `${id}.tar.gz`, id: { $dnanexus_link: id } });
    const regionalOptions = { 'aws:eu-west-2': { bundledDepends: [bundle(first), bundle(second)] } };
    // The client adds them to runSpec as well.
    const merged = { ...runSpec, bundledDepends: [bundle(first)] };
    const applet = await givenApplet(london, { runSpec: merged, regionalOptions });
    const { runSpec: shown } = await alice.call(`/${applet}/describe`);
    expect(shown).toMatchObject({ bundledDepends: [bundle(first), bundle(second)] });
  });

  test.each([[[]], ['aws:us-east-1'], [{ 'aws:us-east-1': 5 }]])('with the options %j is refused', async (bad) => {
    const refusal = await alice.refusal('/applet/new', { project: here, runSpec, regionalOptions: bad });
    expect(refusal).toMatch(/^422 InvalidInput: "regionalOptions" must be a hash of regions/);
  });
});
