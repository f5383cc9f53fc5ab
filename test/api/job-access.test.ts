// Tests what jobs, their launchers and others may do with workspaces and trees, with a second tenant beside them.

import { beforeEach, describe, expect, it } from 'vitest';
import type { AppletId, JobId, ProjectId } from '../../core/id/identifier.ts';
import type { Caller } from '../../core/identity/caller.ts';
import type { Hash } from '../../core/reference/value.ts';
import { alice, asJob, bob, givenApplet, givenProject, givenWorld, run, type World } from './execution-world.ts';

let world: World;
/** Alice's project, which Bob may view, and a project of Alice that Bob does not see. */
let project: ProjectId;
let elsewhere: ProjectId;
beforeEach(async () => {
  world = await givenWorld();
  project = await givenProject(world, { members: [[bob, 'VIEW']] });
  elsewhere = await givenProject(world);
});

type Running = { readonly id: JobId; readonly caller: Caller; readonly workspace: string };
const workspaceOf = (id: JobId) => `container-${id.slice(4)}`;
const errorOf = (answer: { body: Hash }) => answer.body.error as { type: string; message: string };
const statusOf = async (path: string, input: object, as?: Parameters<World['call']>[2]) =>
  (await world.call(path, input, as)).status;

/** A job that keeps running, of a user or of another job. */
async function givenRunning(applet: AppletId, request: object, as?: Caller): Promise<Running> {
  let caller: Caller | undefined;
  world.programs.set('main', async (claimed) => {
    caller = await asJob(world, claimed);
    return undefined;
  });
  const id = await run(world, applet, { input: {}, ...request }, as);
  await world.platform.run();
  world.programs.delete('main');
  if (caller === undefined) throw new Error('the job was not claimed');
  return { id, caller, workspace: workspaceOf(id) };
}

/** The names of the objects in a place, as its own job or Alice sees them. */
async function namesIn(place: string, as?: Caller): Promise<string[]> {
  const { objects } = await world.must(
    `/${place}/listFolder`,
    { only: 'objects', includeHidden: true, describe: { fields: { name: true } } },
    as,
  );
  return (objects as { describe: { name: string } }[]).map(({ describe: { name } }) => name).sort();
}

describe('the access', () => {
  it.each<[asks: Hash, inProject: number]>([
    [{}, 401],
    [{ access: { project: 'UPLOAD' } }, 200],
    [{ access: { project: 'CONTRIBUTE' } }, 200],
  ])(
    'of a job is CONTRIBUTE in its workspace, and in its project what its executable asks for: %j',
    async (asks, inProject) => {
      const { caller, workspace } = await givenRunning(await givenApplet(world, project, asks), { project });
      const made = await world.must('/record/new', { project: workspace, name: 'r', folder: '/' }, caller);
      await world.must(`/${made.id}/addTags`, { project: workspace, tags: ['t'] }, caller);
      await world.must(`/${workspace}/removeObjects`, { objects: [made.id] }, caller);
      expect(await statusOf(`/${project}/describe`, {}, caller)).toBe(200);
      expect(await statusOf('/record/new', { project, name: 'r', folder: '/' }, caller)).toBe(inProject);
      expect(await statusOf(`/${elsewhere}/describe`, {}, caller)).toBe(404);
    },
  );

  it('of a job that another one runs ends at its own workspace, and the launcher does not see that', async () => {
    const launcher = await givenRunning(await givenApplet(world, project), { project });
    const child = await givenRunning(await givenApplet(world, project, { name: 'child' }), {}, launcher.caller);
    const places = [launcher.workspace, child.workspace, project, elsewhere];
    const seenBy = (caller: Caller) => Promise.all(places.map((place) => statusOf(`/${place}/listFolder`, {}, caller)));
    expect(await seenBy(launcher.caller)).toEqual([200, 404, 200, 404]);
    expect(await seenBy(child.caller)).toEqual([404, 200, 200, 404]);
    expect(await statusOf('/record/new', { project, name: 'r', folder: '/' }, child.caller)).toBe(401);
  });

  it('to the outputs of a job that another one runs comes to the launcher, in its workspace', async () => {
    const launcher = await givenRunning(await givenApplet(world, project), { project });
    const applet = await givenApplet(world, project, { name: 'child' });
    world.programs.set('main', async (claimed) => {
      const body = { project: workspaceOf(claimed.row.pk), name: 'result', folder: '/', close: true };
      const { id } = await world.must('/record/new', body, await asJob(world, claimed));
      return { output: { r: { $dnanexus_link: id } } };
    });
    const child = await run(world, applet, { input: {} }, launcher.caller);
    await world.platform.run();
    expect(await world.must(`/${child}/describe`)).toMatchObject({ state: 'done' });
    expect(await namesIn(launcher.workspace, launcher.caller)).toContain('result');
    expect(await namesIn(project)).not.toContain('result');
  });

  it('of nobody suffices to share, change or destroy a workspace', async () => {
    const { caller, workspace } = await givenRunning(await givenApplet(world, project), { project });
    const methods = ['invite', 'update', 'destroy', 'leave', 'addTags', 'setProperties', 'decreasePermissions'];
    for (const method of methods) {
      for (const as of [caller, alice, bob]) {
        const answer = await world.call(`/${workspace}/${method}`, {}, as);
        expect([method, errorOf(answer).type]).toEqual([method, 'ResourceNotFound']);
      }
    }
    for (const as of [alice, bob]) {
      expect(await statusOf('/record/new', { project: workspace, name: 'r', folder: '/' }, as)).toBe(401);
      expect(await statusOf(`/${workspace}/newFolder`, { folder: '/f' }, as)).toBe(401);
    }
    expect(errorOf(await world.call('/container/new', {}, alice)).type).toBe('ResourceNotFound');
  });
});
