// Tests runs of global workflows. Bob is a second tenant, who sees neither the project nor the applet of Alice's workflow.

import { beforeEach, describe, expect, it } from 'vitest';
import type { ProjectId } from '../../core/id/identifier.ts';
import { createProject } from '../../engine/container/project.ts';
import { asJob, bob, givenApplet, givenProject, givenWorld, type World } from './execution-world.ts';

let world: World;
let project: ProjectId;
let bobs: ProjectId;
let applet: string;
let workflow: string;
let id: string;
beforeEach(async () => {
  world = await givenWorld();
  project = await givenProject(world);
  const facts = { name: 'own', summary: '', description: '', settings: {}, tags: [], properties: {} };
  bobs = await createProject(world.context, { ...facts, createdBy: bob, billTo: bob });
  const number = { name: 'n', class: 'int' };
  applet = await givenApplet(world, project, { inputSpec: [number], outputSpec: [number] });
  const input = { n: { $dnanexus_link: { stage: 'a', outputField: 'n' } } };
  const stages = [
    { id: 'a', executable: applet },
    { id: 'b', executable: applet, input },
  ];
  workflow = (await world.must('/workflow/new', { project, name: 'w', title: 'Twice', stages })).id as string;
  await world.must(`/${workflow}/close`);
  const regionalOptions = { 'aws:us-east-1': { workflow } };
  id = (await world.must('/globalworkflow/new', { name: 'w', version: '1.0.0', regionalOptions })).id as string;
});

async function share(): Promise<void> {
  await world.must(`/${id}/addAuthorizedUsers`, { authorizedUsers: [bob] });
  await world.must(`/${id}/publish`);
}

const run = { input: { 'a.n': 1 }, nonce: 'n' };

describe('the run of a global workflow', () => {
  it('is an analysis of its workflow, for a user who sees neither the project nor the applet', async () => {
    const refused = async () => (await world.call('/globalworkflow-w/run', { ...run, project: bobs }, bob)).status;
    expect(await refused()).toBe(404);
    await share();
    await world.must(`/${project}/destroy`);
    world.programs.set('main', ({ input }) => ({ output: { n: Number(input.n) + 1 } }));
    const started = await world.must('/globalworkflow-w/1.0.0/run', { ...run, project: bobs }, bob);
    expect(await world.must('/globalworkflow-w/1.0.0/run', { ...run, project: bobs }, bob)).toEqual(started);
    await world.platform.run();
    expect(await world.must(`/${started.id}/describe`, {}, bob)).toMatchObject({
      ...{ state: 'done', executable: id, executableName: 'w', name: 'Twice', project: bobs },
      ...{ workflow: { id: workflow }, output: { 'a.n': 2, 'b.n': 3 } },
      stages: [
        { id: 'a', execution: { executable: applet, state: 'done', launchedBy: bob } },
        { id: 'b', execution: { executable: applet, state: 'done' } },
      ],
    });
    const found = await world.must('/system/findAnalyses', { project: bobs, executable: id }, bob);
    expect(found.results).toEqual([{ id: started.id }]);
  });

  it('is started by a job as a tree of its own', async () => {
    await share();
    const launcher = await givenApplet(world, project, { access: { project: 'CONTRIBUTE' } });
    let started: unknown;
    world.programs.set('main', async (claimed) => {
      if (claimed.row.executable !== launcher) return { output: { n: Number(claimed.input.n) + 1 } };
      const asked = { ...run, project, detach: true };
      started = (await world.call('/globalworkflow-w/run', asked, await asJob(world, claimed))).body;
      return { output: {} };
    });
    await world.must(`/${launcher}/run`, { project, input: {} });
    await world.platform.run();
    expect(started).toMatchObject({ id: expect.stringMatching(/^analysis-/) });
    const { id: analysis } = started as { id: string };
    expect(await world.must(`/${analysis}/describe`)).toMatchObject({ state: 'done', output: { 'b.n': 3 } });
  });

  it('is refused in a region for which it was not made, and when it was deleted', async () => {
    const elsewhere = (await world.must('/project/new', { name: 'x', region: 'azure:westus' })).id;
    const refused = await world.call('/globalworkflow-w/run', { project: elsewhere, input: {} });
    const region = 'globalworkflow-w/1.0.0 is not enabled in the region azure:westus, only in aws:us-east-1';
    expect(refused).toMatchObject({ status: 422, body: { error: { type: 'InvalidInput', message: region } } });
    await world.must(`/${id}/delete`);
    const deleted = await world.call(`/${id}/run`, { project, input: {} });
    expect(deleted).toMatchObject({ status: 422, body: { error: { type: 'InvalidState' } } });
  });
});
