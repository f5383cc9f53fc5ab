// Tests that data cannot be reached by detours: data of projects that the user does not see, of restricted projects
// from outside, and of projects without downloads. Neither the outputs of jobs nor their tokens open a way.

import { beforeEach, describe, expect, it } from 'vitest';
import type { Level } from '../../core/access/level.ts';
import type { AppletId, FileId, JobId, ProjectId } from '../../core/id/identifier.ts';
import type { Caller } from '../../core/identity/caller.ts';
import type { Hash } from '../../core/reference/value.ts';
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

const errorOf = (answer: { body: Hash }) => answer.body.error as { type: string; message: string } | undefined;
const givenBobs = (settings: { [name: string]: boolean } = {}, level: Level = 'CONTRIBUTE') =>
  givenProject(world, { members: [[bob, level]], settings });
const filesIn = async (project: ProjectId) =>
  ((await world.must(`/${project}/listFolder`, { only: 'objects' })).objects as { id: string }[]).filter(({ id }) =>
    id.startsWith('file-'),
  );

/** A job of Bob that keeps running, and its caller for requests of the job itself. */
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

describe('a job that outputs data that its user does not see', () => {
  let bobs: ProjectId;
  let secret: FileId;
  let applet: AppletId;
  beforeEach(async () => {
    bobs = await givenBobs();
    secret = await givenFile(world, await givenProject(world));
    applet = await givenApplet(world, bobs);
  });

  it.each(['with', 'without'])('fails with OutputError and clones nothing, %s an output specification', async (how) => {
    const specs = how === 'with' ? { inputSpec: [], outputSpec: [{ name: 'f', class: 'file' }] } : {};
    const thief = await givenApplet(world, bobs, specs);
    world.programs.set('main', () => ({ output: { f: { $dnanexus_link: secret } } }));
    const job = await run(world, thief, { project: bobs, input: {} }, bob);
    await world.platform.run();
    expect(await world.must(`/${job}/describe`)).toMatchObject({ state: 'failed', failureReason: 'OutputError' });
    expect(await filesIn(bobs)).toEqual([]);
    expect((await world.call(`/${secret}/describe`, {}, bob)).status).toBe(404);
  });

  it('fails as a subjob, and its output cannot be passed to another job', async () => {
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

describe('data of a restricted project stays there', () => {
  let restricted: ProjectId;
  let elsewhere: ProjectId;
  let file: FileId;
  let inside: AppletId;
  let outside: AppletId;
  beforeEach(async () => {
    restricted = await givenBobs({ restricted: true });
    elsewhere = await givenBobs();
    file = await givenFile(world, restricted);
    inside = await givenApplet(world, restricted);
    outside = await givenApplet(world, elsewhere);
  });
  const holding = () => givenRunningJob(inside, { project: restricted, input: { f: { $dnanexus_link: file } } });
  const workspaceOf = async (id: JobId) => (await world.must(`/${id}/describe`)).workspace as string;

  it.each(['a plain link', 'the workspace as a hint'])('is not an input in another project by %s', async (how) => {
    const workspace = await workspaceOf((await holding()).id);
    const link = how === 'a plain link' ? file : { project: workspace, id: file };
    const answer = await world.call(
      `/${outside}/run`,
      { project: elsewhere, input: { f: { $dnanexus_link: link } } },
      bob,
    );
    expect(errorOf(answer)?.type).toBe('PermissionDenied');
  });

  it('is not an input in another project as the output of a job', async () => {
    world.programs.set('main', ({ row }) =>
      row.name === 'maker' ? { output: { f: { $dnanexus_link: file } } } : { output: {} },
    );
    const maker = await run(world, inside, { project: restricted, input: {}, name: 'maker' }, bob);
    const input = { f: { $dnanexus_link: { job: maker, field: 'f' } } };
    const used = await run(world, outside, { project: elsewhere, input }, bob);
    const within = await run(world, inside, { project: restricted, input }, bob);
    await world.platform.run();
    const failed = await world.must(`/${used}/describe`);
    expect(failed).toMatchObject({ state: 'failed', failureReason: 'InputError' });
    expect(failed.failureMessage).toContain('restricted');
    expect((await world.must(`/${within}/describe`)).state).toBe('done');
  });

  it('is not cloned out of a workspace', async () => {
    const workspace = await workspaceOf((await holding()).id);
    const answer = await world.call(`/${workspace}/clone`, { objects: [file], project: elsewhere }, bob);
    expect(errorOf(answer)?.type).toBe('PermissionDenied');
  });

  it('is not an executable in another project', async () => {
    const answer = await world.call(`/${inside}/run`, { project: elsewhere, input: {} }, bob);
    expect(errorOf(answer)?.type).toBe('PermissionDenied');
  });

  it('is not a bundled file of an applet in another project', async () => {
    const runSpec = { interpreter: 'bash', code: '', bundledDepends: [{ name: 'f', id: { $dnanexus_link: file } }] };
    const answer = await world.call('/applet/new', { project: elsewhere, runSpec }, bob);
    expect(errorOf(answer)?.message).toContain('restricted');
    expect(await filesIn(elsewhere)).toEqual([]);
    expect((await world.call('/applet/new', { project: restricted, runSpec }, bob)).status).toBe(200);
  });

  it('is a bundled file of an applet that a job there makes in its own workspace', async () => {
    const { id, caller } = await givenRunningJob(inside, { project: restricted, input: {} });
    const runSpec = { interpreter: 'bash', code: '', bundledDepends: [{ name: 'f', id: { $dnanexus_link: file } }] };
    const answer = await world.call('/applet/new', { project: await workspaceOf(id), runSpec }, caller);
    expect(answer).toMatchObject({ status: 200 });
  });

  it('is not an output in another project of a job that sees all projects', async () => {
    const wide = await givenApplet(world, elsewhere, { access: { allProjects: 'VIEW' } });
    world.programs.set('main', () => ({ output: { f: { $dnanexus_link: file } } }));
    const job = await run(world, wide, { project: elsewhere, input: {} }, bob);
    await world.platform.run();
    expect(await world.must(`/${job}/describe`)).toMatchObject({ state: 'failed', failureReason: 'OutputError' });
    expect(await filesIn(elsewhere)).toEqual([]);
  });
});

describe('data of a restricted project cannot leave it by a workspace', () => {
  it.each([
    ['cloned', { restricted: true }],
    ['bundled', { restricted: true }],
    ['downloaded', { downloadRestricted: true }],
  ])('when it is %s', async (how, settings) => {
    const closedOff = await givenBobs(settings);
    const elsewhere = await givenBobs();
    const file = await givenFile(world, closedOff);
    const inside = await givenApplet(world, closedOff);
    const { id, caller } = await givenRunningJob(inside, {
      project: closedOff,
      input: { f: { $dnanexus_link: file } },
    });
    const workspace = (await world.must(`/${id}/describe`)).workspace as string;
    const runSpec = { interpreter: 'bash', code: '', bundledDepends: [{ name: 'r', id: { $dnanexus_link: file } }] };
    const calls: { [how: string]: [string, object, (typeof caller | typeof bob)?][] } = {
      cloned: [[`/${workspace}/clone`, { objects: [file], project: elsewhere }, bob]],
      bundled: [['/applet/new', { project: elsewhere, name: 'a', dxapi: '1.0.0', runSpec }, bob]],
      downloaded: [
        [`/${file}/download`, {}, bob],
        [`/${file}/download`, { project: workspace }, bob],
        [`/${file}/download`, { preauthenticated: true }, caller],
      ],
    };
    for (const [path, input, as] of calls[how] ?? []) {
      const answer = await world.call(path, input, as);
      expect(errorOf(answer)?.message).toMatch(/restricted|downloadRestricted/);
    }
    if (how === 'downloaded') expect((await world.call(`/${file}/download`, {}, caller)).status).toBe(200);
    expect(await filesIn(elsewhere)).toEqual([]);
  });
});

describe('a detached run', () => {
  it('has at most the access of the job that starts it', async () => {
    const project = await givenBobs();
    const humble = await givenApplet(world, project, { access: { project: 'CONTRIBUTE' } });
    const greedy = await givenApplet(world, project, {
      access: { project: 'CONTRIBUTE', allProjects: 'ADMINISTER', projectCreation: true, developer: true },
    });
    const { caller } = await givenRunningJob(humble, { project });
    const other = await givenBobs({}, 'ADMINISTER');
    const id = await run(world, greedy, { project, input: {}, detach: true }, caller);
    let own: Caller | undefined;
    world.programs.set('main', async (claimed) => {
      own = claimed.row.pk === id ? await asJob(world, claimed) : own;
      return undefined;
    });
    await world.platform.run();
    expect((await world.call(`/${other}/describe`, {}, own)).status).toBe(404);
    expect((await world.call('/project/new', { name: 'x' }, own)).status).toBe(401);
  });

  it('is refused for an executable that the project does not allow', async () => {
    const project = await givenBobs({}, 'ADMINISTER');
    const allowed = await givenApplet(world, project, { access: { project: 'CONTRIBUTE' } });
    const forbidden = await givenApplet(world, project);
    await world.must(`/${project}/update`, { allowedExecutables: [allowed] }, bob);
    const { caller } = await givenRunningJob(allowed, { project });
    const answer = await world.call(`/${forbidden}/run`, { project, input: {}, detach: true }, caller);
    expect(errorOf(answer)?.message).toContain('allowedExecutables');
  });
});

describe('an object in many projects', () => {
  it.each(['plain', 'a hint'])(
    'comes into a workspace with the metadata that the caller sees (link: %s)',
    async (how) => {
      const secret = await givenProject(world);
      const shared = await givenBobs();
      const project = await givenBobs();
      const file = await givenFile(world, secret);
      const companion = (
        await world.must('/record/new', { project: secret, name: 'companion', hidden: true, close: true })
      ).id;
      const holder = { project: secret, name: 'secret', close: true, details: { $dnanexus_link: companion } };
      const record = (await world.must('/record/new', { ...holder, tags: ['secret'], properties: { secret: 'yes' } }))
        .id;
      await world.must(`/${secret}/clone`, { objects: [file, record], project: shared });
      await world.must(`/${shared}/removeObjects`, { objects: [companion] });
      const known = { project: shared, tags: ['secret'], properties: { secret: null } };
      await world.must(`/${record}/rename`, { ...known, name: 'known' });
      await world.must(`/${record}/removeTags`, known);
      await world.must(`/${record}/setProperties`, known);
      const link = how === 'plain' ? record : { project: secret, id: record };
      const applet = await givenApplet(world, project);
      const { caller } = await givenRunningJob(applet, { project, input: { r: { $dnanexus_link: link } } });
      const workspace = `container-${caller.kind === 'job' ? caller.job.pk.slice(4) : ''}`;
      const describe = { fields: { name: true, tags: true, properties: true } };
      const listed = await world.must(`/${workspace}/listFolder`, { describe, includeHidden: true }, caller);
      const found = (listed.objects as { id: string }[]).filter(({ id }) => id.startsWith('record-'));
      expect(found).toEqual([{ id: record, describe: { id: record, name: 'known', tags: [], properties: {} } }]);
    },
  );

  it('gives references the metadata of the place where the job put it', async () => {
    const secret = await givenProject(world);
    const shared = await givenBobs();
    const file = await givenFile(world, secret);
    await world.must(`/${file}/setProperties`, { project: secret, properties: { secret: 'yes' } });
    await world.must(`/${secret}/clone`, { objects: [file], project: shared });
    await world.must(`/${file}/setProperties`, { project: shared, properties: { secret: null, known: 'yes' } });
    const applet = await givenApplet(world, shared);
    world.programs.set('main', ({ row }) => ({ output: row.name === 'maker' ? { f: { $dnanexus_link: file } } : {} }));
    const maker = await run(world, applet, { project: shared, input: {}, name: 'maker' }, bob);
    const asking = (key: string) => ({
      a: { $dnanexus_link: { job: maker, field: 'f', metadata: `properties.${key}` } },
    });
    const known = await run(world, applet, { project: shared, input: asking('known') }, bob);
    const unknown = await run(world, applet, { project: shared, input: asking('secret') }, bob);
    await world.platform.run();
    expect(await world.must(`/${known}/describe`)).toMatchObject({ state: 'done', input: { a: 'yes' } });
    expect(await world.must(`/${unknown}/describe`)).toMatchObject({ state: 'failed', failureReason: 'InputError' });
  });
});

describe('downloads', () => {
  it('are refused from the project, from the workspace, and to jobs of other projects', async () => {
    const kept = await givenBobs({ downloadRestricted: true });
    const file = await givenFile(world, kept);
    const inside = await givenApplet(world, kept);
    const { id, caller } = await givenRunningJob(inside, { project: kept, input: { f: { $dnanexus_link: file } } });
    const workspace = (await world.must(`/${id}/describe`)).workspace;
    for (const project of [kept, workspace, undefined]) {
      const answer = await world.call(`/${file}/download`, { project }, bob);
      expect(errorOf(answer)?.type, String(project)).toBe('PermissionDenied');
    }
    expect((await world.call(`/${file}/download`, {}, caller)).status).toBe(200);
    const elsewhere = await givenBobs();
    const wide = await givenApplet(world, elsewhere, { access: { allProjects: 'VIEW' } });
    const other = await givenRunningJob(wide, { project: elsewhere });
    expect(errorOf(await world.call(`/${file}/download`, {}, other.caller))?.type).toBe('PermissionDenied');
  });
});

describe('a job', () => {
  it('sees only its own workspace', async () => {
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

  it('may run an executable that its project does not allow, but may not detach it', async () => {
    const project = await givenBobs();
    const other = await givenApplet(world, project, { name: 'other' });
    const allowed = await givenApplet(world, project, { access: { project: 'CONTRIBUTE' } });
    await world.must(`/${project}/update`, { allowedExecutables: [allowed] });
    expect(errorOf(await world.call(`/${other}/run`, { project, input: {} }, bob))?.message).toContain(
      'allowedExecutables',
    );
    const { caller } = await givenRunningJob(allowed, { project });
    const detached = await world.call(`/${other}/run`, { project, input: {}, detach: true }, caller);
    expect(errorOf(detached)?.message).toContain('allowedExecutables');
    expect((await world.call(`/${other}/run`, { input: {} }, caller)).status).toBe(200);
  });
});
