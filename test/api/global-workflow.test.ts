// Tests what is particular to global workflows: the workflow with its applets is copied, and those who may run it see the
// copy. Bob is a second tenant.

import { beforeEach, describe, expect, it, test } from 'vitest';
import { type Client, givenPlatform, givenProject, givenRecord, type Platform } from './given.ts';

let platform: Platform;
let alice: Client;
let bob: Client;
let project: string;
let applet: string;
let data: string;
beforeEach(async () => {
  platform = await givenPlatform();
  ({ alice, bob } = platform);
  project = await givenProject(alice);
  const runSpec = { interpreter: 'bash', code: '', distribution: 'Ubuntu', release: '24.04', version: '0' };
  const bundle = await givenRecord(alice, project, { close: true });
  const bundledDepends = [{ name: 'data', id: { $dnanexus_link: bundle } }];
  const inputSpec = [
    { name: 'n', class: 'int' },
    { name: 'r', class: 'record' },
  ];
  const body = { project, runSpec: { ...runSpec, bundledDepends }, inputSpec, outputSpec: [] };
  applet = (await alice.call('/applet/new', body)).id;
  data = await givenRecord(alice, project, { close: true });
});

const region = 'aws:us-east-1';

async function givenWorkflow(stage: object = {}, close = true): Promise<string> {
  const stages = [{ id: 'a', executable: applet, input: { r: { $dnanexus_link: data } }, ...stage }];
  const { id } = await alice.call('/workflow/new', { project, name: 'w', title: 'W', stages });
  if (close) await alice.call(`/${id}/close`);
  return id;
}

async function publish(workflow: string, more: object = {}): Promise<string> {
  const regionalOptions = { [region]: { workflow } };
  const input = { name: 'w', version: '1.0.0', regionalOptions, ...more };
  return (await alice.call('/globalworkflow/new', input)).id;
}

describe('a global workflow', () => {
  it('has copies of its workflow, the applets and bundles in it, and the data that is bound to it', async () => {
    const workflow = await givenWorkflow();
    const id = await publish(workflow, { details: { a: 1 } });
    await alice.call(`/${project}/destroy`);
    const described = await alice.call('/globalworkflow-w/1.0.0/describe');
    expect(described).toMatchObject({
      ...{ id, class: 'globalworkflow', name: 'w', title: 'W', details: { a: 1 }, aliases: ['1.0.0', 'default'] },
      regionalOptions: { [region]: { workflow, workflowDescribe: { id: workflow, stages: [{ accessible: true }] } } },
    });
    expect(described).not.toHaveProperty('applet');
    const { resources } = (described.regionalOptions as Record<string, { resources: string }>)[region] ?? {};
    const listed = await alice.call(`/${resources}/listFolder`, { includeHidden: true });
    expect(listed.objects.map(({ id }) => id)).toEqual(expect.arrayContaining([workflow, applet, data]));
    expect(listed.objects).toHaveLength(4);
  });

  it('shows its workflow to those who may run it, when it is published', async () => {
    const workflow = await givenWorkflow();
    const id = await publish(workflow);
    await alice.call(`/${id}/addAuthorizedUsers`, { authorizedUsers: ['user-bob'] });
    expect(await bob.refusal(`/${workflow}/describe`)).toMatch(/^404/);
    await alice.call(`/${id}/publish`);
    expect(await bob.call(`/${workflow}/describe`)).toMatchObject({
      stages: [{ executable: applet, accessible: true }],
    });
    expect(await bob.call('/globalworkflow-w/describe')).toMatchObject({
      regionalOptions: { [region]: { workflowDescribe: { stages: [{ executable: applet, accessible: true }] } } },
    });
    expect((await bob.call('/system/findGlobalWorkflows', { describe: true })).results).toMatchObject([
      { id, describe: { name: 'w' } },
    ]);
    expect(await bob.refusal('/app-w/describe')).toMatch(/^404/);
  });

  it('shares no name with an app', async () => {
    await publish(await givenWorkflow());
    await alice.call('/app/new', { name: 'w', version: '1.0.0', applet });
    expect((await alice.call('/app-w/describe')).class).toBe('app');
    expect((await alice.call('/globalworkflow-w/describe')).class).toBe('globalworkflow');
  });

  it('copies resources: objects, or all of a project with its folders', async () => {
    const more = await givenRecord(alice, project, { close: true, folder: '/deep', parents: true, name: 'x' });
    const regionalOptions = { [region]: { workflow: await givenWorkflow(), resources: project } };
    await alice.call('/globalworkflow/new', { name: 'w', version: '1.0.0', regionalOptions });
    const described = await alice.call('/globalworkflow-w/describe');
    const { resources } = (described.regionalOptions as Record<string, { resources: string }>)[region] ?? {};
    expect((await alice.call(`/${resources}/listFolder`, { folder: '/deep' })).objects).toEqual([{ id: more }]);
  });

  test.each<[string, () => Promise<string>, RegExp]>([
    ['an open workflow', () => givenWorkflow({}, false), /^422 InvalidState: .* must be closed first/],
    ['a removed stage', removedStage, /^404 ResourceNotFound: .* has it as a stage/],
  ])('is refused for %s', async (_, given, refusal) => {
    const regionalOptions = { [region]: { workflow: await given() } };
    const input = { name: 'w', version: '1.0.0', regionalOptions };
    expect(await alice.refusal('/globalworkflow/new', input)).toMatch(refusal);
    expect(await alice.refusal('/globalworkflow-w/describe')).toMatch(/^404/);
  });

  it('is refused for data of another tenant that nobody shared', async () => {
    const own = await givenProject(bob);
    const foreign = await givenRecord(bob, own, { close: true });
    const regionalOptions = { [region]: { workflow: await givenWorkflow(), resources: [foreign] } };
    const input = { name: 'w', version: '1.0.0', regionalOptions };
    expect(await alice.refusal('/globalworkflow/new', input)).toMatch(/^404 ResourceNotFound/);
  });
});

async function removedStage(): Promise<string> {
  const workflow = await givenWorkflow();
  await alice.call(`/${project}/removeObjects`, { objects: [applet] });
  return workflow;
}
