// What nobody may reach by any way round: the data of projects one does not see, of restricted ones from outside, and what is
// kept from downloads; whatever a job's code answers, and with whatever token it asks.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../core/access/caller.ts';
import type { Level } from '../../core/access/level.ts';
import type { AppletId, FileId, JobId, ProjectId } from '../../core/id/identifier.ts';
import {
  alice,
  asJob,
  bob,
  givenApplet,
  givenFile,
  givenProject,
  givenWorld,
  run,
  type World,
} from './execution-world.ts';

let world: World;
beforeEach(async () => {
  world = await givenWorld();
});

const givenBobs = (settings: { [name: string]: boolean } = {}, level: Level = 'CONTRIBUTE') =>
  givenProject(world, { members: [[bob, level]], settings });
const filesIn = async (project: ProjectId) =>
  ((await world.must(`/${project}/listFolder`, { only: 'objects' })).objects as { id: string }[]).filter(({ id }) =>
    id.startsWith('file-'),
  );

/** Keeps a job of Bob's running, and hands out what it may do as itself. */
async function givenRunningJob(applet: AppletId, request: object): Promise<{ id: JobId; caller: Caller }> {
  let caller: Caller | undefined;
  world.programs.set('main', async (claimed) => {
    caller = await asJob(world, claimed);
    return undefined;
  });
  const id = await run(world, applet, { input: {}, ...request }, bob);
  await world.platform.run();
  world.programs.delete('main');
  if (caller === undefined) throw new Error('the job was not claimed');
  return { id, caller };
}

describe('a job answers with data that its user does not see', () => {
  let bobs: ProjectId;
  let secret: FileId;
  let applet: AppletId;
  beforeEach(async () => {
    bobs = await givenBobs();
    secret = await givenFile(world, await givenProject(world));
    applet = await givenApplet(world, bobs);
  });

  it.each(['with', 'without'])('%s an output specification: OutputError, and nothing is cloned', async (how) => {
    const specs = how === 'with' ? { inputSpec: [], outputSpec: [{ name: 'f', class: 'file' }] } : {};
    const thief = await givenApplet(world, bobs, specs);
    world.programs.set('main', () => ({ output: { f: { $dnanexus_link: secret } } }));
    const job = await run(world, thief, { project: bobs, input: {} }, bob);
    await world.platform.run();
    expect(await world.must(`/${job}/describe`)).toMatchObject({ state: 'failed', failureReason: 'OutputError' });
    expect(await filesIn(bobs)).toEqual([]);
    expect((await world.call(`/${secret}/describe`, {}, bob)).status).toBe(404);
  });

  it('by a subjob, and passes it to another job', async () => {
    let child: unknown;
    world.programs.set('main', async (claimed) => {
      if (claimed.row.name === 'second') return { output: {} };
      child = (await world.must('/job/new', { function: 'steal', input: {} }, await asJob(world, claimed))).id;
      return { output: {} };
    });
    world.programs.set('steal', () => ({ output: { f: { $dnanexus_link: secret } } }));
    await run(world, applet, { project: bobs, input: {} }, bob);
    await world.platform.run();
    expect(await world.must(`/${child}/describe`)).toMatchObject({ state: 'failed', failureReason: 'OutputError' });
    const input = { f: { $dnanexus_link: { job: child, field: 'f' } } };
    const { id } = await world.must(`/${applet}/run`, { project: bobs, input, name: 'second' }, bob);
    await world.platform.run();
    expect(await world.must(`/${id}/describe`)).toMatchObject({ failureReason: 'DependencyUnsatisfiable' });
    expect((await world.call(`/${secret}/describe`, {}, bob)).status).toBe(404);
  });
});

describe('a job', () => {
  it('sees its own workspace only', async () => {
    const project = await givenBobs();
    const applet = await givenApplet(world, project);
    const first = await givenRunningJob(applet, { project });
    const second = await givenRunningJob(applet, { project });
    const workspace = (await world.must(`/${first.id}/describe`)).workspace;
    expect((await world.call(`/${workspace}/listFolder`, {}, first.caller)).status).toBe(200);
    expect((await world.call(`/${workspace}/listFolder`, {}, bob)).status).toBe(200);
    expect((await world.call(`/${workspace}/listFolder`, {}, second.caller)).status).toBe(404);
    expect((await world.call(`/${workspace}/listFolder`, {}, alice)).status).toBe(200);
  });
});
