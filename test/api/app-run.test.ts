// Tests runs of apps: who may run one, what its jobs see, and what the applets that they run get. Bob is a second tenant,
// who runs an app of Alice in a project of his own.

import { beforeEach, describe, expect, it } from 'vitest';
import type { AppId, JobId, ProjectId } from '../../core/id/identifier.ts';
import type { Caller } from '../../core/identity/caller.ts';
import type { Hash } from '../../core/reference/value.ts';
import { createProject } from '../../engine/container/project.ts';
import { alice, asJob, bob, givenApplet, givenFile, givenProject, givenWorld, type World } from './execution-world.ts';
import { passTime } from './given.ts';

let world: World;
/** Alice's project, which Bob does not see, and Bob's own. */
let project: ProjectId;
let bobs: ProjectId;
beforeEach(async () => {
  world = await givenWorld();
  project = await givenProject(world);
  const facts = { name: 'own', summary: '', description: '', settings: {}, tags: [], properties: {} };
  bobs = await createProject(world.context, { ...facts, createdBy: bob, billTo: bob });
});

const inputSpec = [{ name: 'f', class: 'file', optional: true }];
const outputSpec = [{ name: 'r', class: 'record', optional: true }];

/** An app of Alice that is published for Bob. `more` goes to /app/new, and `applet` to its applet. */
async function givenApp(more: Hash = {}, applet: Hash = {}): Promise<AppId> {
  const made = await givenApplet(world, project, { inputSpec, outputSpec, ...applet });
  const body = { name: 'stats', version: '1.0.0', applet: made, ...more };
  const { id } = await world.must('/app/new', body);
  await authorise(body.name);
  await publish(id as AppId);
  return id as AppId;
}

async function authorise(name: string): Promise<void> {
  await world.must(`/app-${name}/addAuthorizedUsers`, { authorizedUsers: [bob] });
}

async function publish(id: AppId): Promise<void> {
  await world.must(`/${id}/publish`, {});
}

const statusOf = async (path: string, input: object, as: Caller) => (await world.call(path, input, as)).status;

/** Runs an app of Bob's, with a call for every entry point that the job makes while it runs. */
async function runAs(path: string, input: object, program: (caller: Caller, id: JobId) => Promise<Hash | undefined>) {
  let failure: unknown;
  world.programs.set('main', async (claimed) => {
    const caller = await asJob(world, claimed);
    try {
      return { output: (await program(caller, claimed.row.pk)) ?? {} };
    } catch (error) {
      failure ??= error;
      return { output: {} };
    }
  });
  const { id } = await world.must(path, { project: bobs, input: {}, ...input }, bob);
  await world.platform.run();
  if (failure !== undefined) throw failure;
  return world.must(`/${id}/describe`, {}, bob);
}

describe('a published app', () => {
  it.each(['app-stats', 'app-stats/1.0.0', 'app-stats/default'])(
    'is run by %s by one who does not see its applet',
    async (name) => {
      const id = await givenApp();
      const { applet } = await world.must(`/${id}/describe`);
      const job = await runAs(`/${name}/run`, {}, async () => undefined);
      expect(job).toMatchObject({ state: 'done', app: id, executable: id, executableName: 'stats', launchedBy: bob });
      expect(job).not.toHaveProperty('applet');
      expect((await world.call(`/${applet}/describe`, {}, bob)).status).toBe(404);
      expect((await world.call(`/${applet}/run`, { project: bobs, input: {} }, bob)).status).toBe(404);
    },
  );

  it('is not run by one who is not authorized, nor before it is published', async () => {
    const applet = await givenApplet(world, project, { inputSpec, outputSpec });
    const { id } = await world.must('/app/new', { name: 'stats', version: '1.0.0', applet });
    const refused = async () => (await world.call('/app-stats/run', { project: bobs, input: {} }, bob)).status;
    expect(await refused()).toBe(404);
    await authorise('stats');
    expect(await refused()).toBe(404);
    await publish(id as AppId);
    expect(await refused()).toBe(200);
  });

  it('runs with the code that it was made with, when the applet and its project are gone', async () => {
    const bundle = await givenFile(world, project);
    const bundledDepends = [{ name: 'b', id: { $dnanexus_link: bundle } }];
    const id = await givenApp({}, { runSpec: { interpreter: 'bash', code: 'main() { :; }', bundledDepends } });
    await world.must(`/${project}/destroy`, { terminateJobs: true });
    const job = await runAs(`/${id}/run`, {}, async (caller, job) => {
      const workspace = `container-${job.slice('job-'.length)}`;
      expect(await statusOf(`/${bundle}/describe`, { project: workspace }, caller)).toBe(200);
      return undefined;
    });
    expect(job.state).toBe('done');
  });

  it('is refused in a region for which it is not made, with the regions that it has', async () => {
    const id = await givenApp();
    const facts = { name: 'far', summary: '', description: '', settings: {}, tags: [], properties: {} };
    const far = await createProject(world.context, { ...facts, createdBy: bob, billTo: bob, region: 'aws:eu-west-2' });
    const { body } = await world.call(`/${id}/run`, { project: far, input: {} }, bob);
    expect(body.error).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining('aws:us-east-1') });
  });

  it('validates a batch of inputs', async () => {
    const id = await givenApp({}, { inputSpec: [{ name: 'n', class: 'int' }] });
    const batchInput = { n: [1, 2] };
    const { expandedBatch } = await world.must(`/${id}/validateBatch`, { batchInput }, bob);
    expect(expandedBatch).toEqual([{ n: 1 }, { n: 2 }]);
    const { body } = await world.call(`/${id}/validateBatch`, { batchInput: { n: ['x'] } }, bob);
    expect(body.error).toMatchObject({ type: 'InvalidInput' });
  });
});

describe('the access of an app’s job', () => {
  it('is nothing in the project, unless the app asks; inputs come to it, and outputs go to the project', async () => {
    const id = await givenApp();
    const facts = { name: 'r', folder: '/', types: ['T'] };
    const secret = (await world.must('/record/new', { project: bobs, ...facts }, bob)).id;
    const { output } = await runAs(`/${id}/run`, { folder: '/out' }, async (caller, job) => {
      const workspace = `container-${job.slice('job-'.length)}`;
      for (const method of ['describe', 'listFolder'])
        expect(await statusOf(`/${bobs}/${method}`, {}, caller)).toBe(404);
      expect(await statusOf(`/${secret}/describe`, {}, caller)).toBe(404);
      expect(await statusOf(`/${project}/describe`, {}, caller)).toBe(404);
      const made = await world.must('/record/new', { project: workspace, ...facts, close: true }, caller);
      return { r: { $dnanexus_link: made.id } };
    });
    const { r } = output as { r: { $dnanexus_link: string } };
    expect(await world.must(`/${r.$dnanexus_link}/describe`, { project: bobs }, bob)).toMatchObject({ folder: '/out' });
  });

  it.each<[asks: Hash, describes: number, creates: number, elsewhere: number]>([
    [{ project: 'VIEW' }, 200, 401, 404],
    [{ project: 'UPLOAD' }, 200, 200, 404],
    [{ project: 'ADMINISTER', allProjects: 'VIEW' }, 200, 200, 200],
  ])('is what it asks for: %j', async (access, describes, creates, elsewhere) => {
    const facts = { name: 'other', summary: '', description: '', settings: {}, tags: [], properties: {} };
    const other = await createProject(world.context, { ...facts, createdBy: bob, billTo: bob });
    await runAs(`/${await givenApp({ access })}/run`, {}, async (caller) => {
      expect(await statusOf(`/${bobs}/describe`, {}, caller)).toBe(describes);
      expect(await statusOf('/record/new', { project: bobs, name: 'r', folder: '/' }, caller)).toBe(creates);
      expect(await statusOf(`/${other}/describe`, {}, caller)).toBe(elsewhere);
      expect(await statusOf(`/${project}/describe`, {}, caller)).toBe(404);
      return undefined;
    });
  });

  it('is the ceiling for an applet that the job runs', async () => {
    const open = await givenApp({ name: 'open', access: { project: 'VIEW' } });
    const child = await givenApplet(world, bobs, {
      name: 'child',
      access: { project: 'CONTRIBUTE', allProjects: 'VIEW' },
    });
    const seen: number[] = [];
    await runAs(`/${open}/run`, {}, async (caller, job) => {
      if ((await world.must(`/${job}/describe`, {}, caller)).parentJob === null) {
        await world.must(`/${child}/run`, { input: {} }, caller);
      } else {
        seen.push(await statusOf(`/${bobs}/describe`, {}, caller));
        seen.push(await statusOf('/record/new', { project: bobs, name: 'r', folder: '/' }, caller));
      }
      return undefined;
    });
    expect(seen).toEqual([200, 401]);
  });
});

describe('the containers of an app’s job', () => {
  it('are its resources, which it reads, and a project cache, which lasts from run to run', async () => {
    const id = await givenApp();
    let cached: string | undefined;
    const program = async (caller: Caller, job: JobId) => {
      const { resources, projectCache } = await world.must(`/${job}/describe`, {}, caller);
      expect(await statusOf(`/${resources}/listFolder`, {}, caller)).toBe(200);
      expect(await statusOf('/record/new', { project: resources, name: 'r', folder: '/' }, caller)).toBe(401);
      if (cached === undefined) {
        const facts = { project: projectCache, name: 'cached', folder: '/', close: true };
        cached = String((await world.must('/record/new', facts, caller)).id);
      } else expect(await statusOf(`/${cached}/describe`, { project: projectCache }, caller)).toBe(200);
      return undefined;
    };
    const first = await runAs(`/${id}/run`, {}, program);
    const second = await runAs(`/${id}/run`, {}, program);
    expect(second.projectCache).toBe(first.projectCache);
    const cache = await world.must(`/${first.projectCache}/describe`, {}, bob);
    expect(cache).toMatchObject({ level: 'CONTRIBUTE', project: bobs, app: id, appName: 'stats', type: 'cache' });
    expect((await world.call(`/${first.projectCache}/describe`, {}, alice)).status).toBe(404);
    expect((await world.call(`/${first.resources}/describe`, {}, bob)).status).toBe(404);
  });

  it('are shared with subjobs, and with no job of another executable', async () => {
    const id = await givenApp({ access: { project: 'VIEW' } });
    const child = await givenApplet(world, bobs, { name: 'child' });
    const statuses: number[] = [];
    world.programs.set('sub', async (claimed) => {
      const caller = await asJob(world, claimed);
      const { resources, projectCache } = await world.must(`/${claimed.row.pk}/describe`, {}, caller);
      for (const place of [resources, projectCache]) statuses.push(await statusOf(`/${place}/describe`, {}, caller));
      return { output: {} };
    });
    let containers: unknown[] = [];
    await runAs(`/${id}/run`, {}, async (caller, job) => {
      const described = await world.must(`/${job}/describe`, {}, caller);
      if (described.parentJob === null) {
        containers = [described.resources, described.projectCache];
        await world.must('/job/new', { function: 'sub', input: {} }, caller);
        await world.must(`/${child}/run`, { input: {} }, caller);
      } else {
        expect(described).not.toHaveProperty('resources');
        expect(await statusOf(`/${containers[0]}/describe`, {}, caller)).toBe(404);
        // As for every container of the project, it has the level that its executable asked for there.
        const { level } = await world.must(`/${containers[1]}/describe`, {}, caller);
        expect(level).toBe('VIEW');
      }
      return undefined;
    });
    expect(statuses).toEqual([200, 200]);
  });

  it('end with the project', async () => {
    const id = await givenApp();
    let cached: unknown;
    const { projectCache } = await runAs(`/${id}/run`, {}, async (caller, job) => {
      const { projectCache: project } = await world.must(`/${job}/describe`, {}, caller);
      cached = (await world.must('/record/new', { project, name: 'cached', folder: '/', close: true }, caller)).id;
      return undefined;
    });
    await world.must(`/${bobs}/destroy`, {}, bob);
    await passTime(world.context);
    expect((await world.call(`/${projectCache}/describe`, {}, bob)).status).toBe(404);
    expect(await world.context.rows.get('objects', { pk: String(cached), sk: 'A' })).toBeUndefined();
    expect(await world.context.rows.get('containers', { pk: String(projectCache), sk: 'A' })).toBeUndefined();
  });
});
