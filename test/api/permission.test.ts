// Tests what each level allows (docs/reference/api.md, "Access levels", "Project flags" and "Methods of a job"): every
// operation is called with every level. Without a level, nothing is found.

import { beforeEach, describe, expect, it } from 'vitest';
import { type Level, levels } from '../../core/access/level.ts';
import type { AppletId, FileId, JobId, ProjectId } from '../../core/id/identifier.ts';
import { setMember } from '../../engine/container/project.ts';
import { bob, givenApplet, givenFile, givenProject, givenWorld, run, type World } from './execution-world.ts';

let world: World;
let project: ProjectId;
let bobs: ProjectId;
let file: FileId;
let applet: AppletId;
let job: JobId;
let open: string;
let closed: string;
let folder: string;

beforeEach(async () => {
  world = await givenWorld();
  project = await givenProject(world);
  bobs = (await world.must('/project/new', { name: 'own' }, bob)).id as ProjectId;
  folder = '/a';
  await world.must(`/${project}/newFolder`, { folder });
  file = await givenFile(world, project);
  applet = await givenApplet(world, project);
  job = await run(world, applet, { project, input: {} });
  open = (await world.must('/record/new', { project, name: 'open', tags: ['t'], types: ['T'] })).id as string;
  closed = (await world.must('/record/new', { project, name: 'closed', tags: ['t'], close: true })).id as string;
});

type Request = readonly [path: string, input?: object];
const workspace = () => `container-${job.slice(4)}`;
const openFile = async () => (await world.must('/file/new', { project })).id;
const operations: Readonly<Record<Exclude<Level, 'NONE'>, Record<string, () => Request | Promise<Request>>>> = {
  VIEW: {
    'describe the project': () => [`/${project}/describe`],
    'list a folder': () => [`/${project}/listFolder`, { folder }],
    'search the project': () => ['/system/findDataObjects', { scope: { project } }],
    'search the jobs of the project': () => ['/system/findExecutions', { project }],
    'resolve a name': () => ['/system/resolveDataObjects', { project, objects: [{ name: 'closed' }] }],
    'describe an object': () => [`/${open}/describe`],
    'read details': () => [`/${open}/getDetails`, { project }],
    'list the projects of an object': () => [`/${file}/listProjects`],
    'download a file': () => [`/${file}/download`],
    'get an applet': () => [`/${applet}/get`],
    'clone out of the project': () => [`/${project}/clone`, { objects: [closed], project: bobs }],
    'run an applet in another project': () => [`/${applet}/run`, { project: bobs, input: {} }],
    'use a file in another project': async () => {
      const own = await givenApplet(world, bobs);
      return [`/${own}/run`, { project: bobs, input: { f: { $dnanexus_link: file } } }];
    },
    'describe a job': () => [`/${job}/describe`],
    'describe a workspace': () => [`/${workspace()}/describe`],
    'list a workspace': () => [`/${workspace()}/listFolder`],
    'leave the project': () => [`/${project}/leave`],
  },
  UPLOAD: {
    'make a folder': () => [`/${project}/newFolder`, { folder: '/b' }],
    'make a file': () => ['/file/new', { project }],
    'make a record': () => ['/record/new', { project }],
    'make an applet': () => ['/applet/new', { project, runSpec: { interpreter: 'bash', code: '' } }],
    'clone into the project': async () => {
      const record = (await world.must('/record/new', { project: bobs, close: true }, bob)).id;
      return [`/${bobs}/clone`, { objects: [record], project }];
    },
    'upload a part': async () => [`/${await openFile()}/upload`, { size: 1, md5: '0'.repeat(32) }],
    'rename an open object': () => [`/${open}/rename`, { project, name: 'x' }],
    'tag an open object': () => [`/${open}/addTags`, { project, tags: ['x'] }],
    'untag an open object': () => [`/${open}/removeTags`, { project, tags: ['t'] }],
    'set properties of an open object': () => [`/${open}/setProperties`, { project, properties: { k: 'v' } }],
    'add types': () => [`/${open}/addTypes`, { types: ['x'] }],
    'remove types': () => [`/${open}/removeTypes`, { types: ['T'] }],
    'set details': () => [`/${open}/setDetails`, { a: 1 }],
    'hide an object': () => [`/${open}/setVisibility`, { hidden: true }],
    'close an object': () => [`/${open}/close`],
  },
  CONTRIBUTE: {
    'rename a closed object': () => [`/${closed}/rename`, { project, name: 'x' }],
    'tag a closed object': () => [`/${closed}/addTags`, { project, tags: ['x'] }],
    'untag a closed object': () => [`/${closed}/removeTags`, { project, tags: ['t'] }],
    'set properties of a closed object': () => [`/${closed}/setProperties`, { project, properties: { k: 'v' } }],
    'move an object': () => [`/${project}/move`, { objects: [closed], destination: folder }],
    'rename a folder': () => [`/${project}/renameFolder`, { folder, newpath: '/c' }],
    'remove a folder': () => [`/${project}/removeFolder`, { folder }],
    'remove an object': () => [`/${project}/removeObjects`, { objects: [closed] }],
    'run an applet': () => [`/${applet}/run`, { project, input: {} }],
    'tag a job': () => [`/${job}/addTags`, { tags: ['x'] }],
    'untag a job': () => [`/${job}/removeTags`, { tags: ['x'] }],
    'set properties of a job': () => [`/${job}/setProperties`, { properties: { k: 'v' } }],
    'update a job': () => [`/${job}/update`, { allowSSH: [] }],
    'tag the project': () => [`/${project}/addTags`, { tags: ['x'] }],
    'untag the project': () => [`/${project}/removeTags`, { tags: ['x'] }],
    'set properties of the project': () => [`/${project}/setProperties`, { properties: { k: 'v' } }],
  },
  ADMINISTER: {
    'invite a user': () => [`/${project}/invite`, { invitee: bob, level: 'VIEW' }],
    'lower the level of another user': () => [`/${project}/decreasePermissions`, { 'user-alice': 'VIEW' }],
    'change settings': () => [`/${project}/update`, { summary: 'x' }],
    'terminate the job of another user': () => [`/${job}/terminate`],
    'release the job of another user': async () => {
      await world.must(`/${job}/terminate`);
      return [`/${job}/release`];
    },
    'remove an object from a protected project': async () => {
      await world.must(`/${project}/update`, { protected: true });
      return [`/${project}/removeObjects`, { objects: [closed] }];
    },
    'remove a folder from a protected project': async () => {
      await world.must(`/${project}/update`, { protected: true });
      return [`/${project}/removeFolder`, { folder }];
    },
    'destroy the project': () => [`/${project}/destroy`, { terminateJobs: true }],
  },
};

const cases = Object.entries(operations).flatMap(([needed, some]) =>
  Object.entries(some).map(([label, request]) => [label, needed as Level, request] as const),
);

describe.each(levels)('a user with %s', (held) => {
  it.each(cases)('may %s only with %s or more', async (_, needed, request) => {
    const [path, input] = await request();
    if (held !== 'NONE') await setMember(world.context, project, bob, held);
    const { status, body } = await world.call(path, input, bob);
    const type = (body.error as { type: string } | undefined)?.type;
    const may = levels.indexOf(held) >= levels.indexOf(needed);
    const expected = may ? [200, undefined] : held === 'NONE' ? [404, 'ResourceNotFound'] : [401, 'PermissionDenied'];
    expect([status, type], JSON.stringify(body).slice(0, 300)).toEqual(expected);
  });
});

describe('a user without a level', () => {
  it('does not find the project, its objects or its jobs', async () => {
    const searches: Request[] = [
      ['/system/findDataObjects', {}],
      ['/system/findDataObjects', { id: [open, file, applet] }],
      ['/system/findDataObjects', { link: file }],
      ['/system/findExecutions', { id: job }],
      ['/system/findExecutions', { originJob: job, includeRestarted: true }],
      ['/system/findExecutions', { parentJob: job }],
      ['/system/findExecutions', { launchedBy: 'user-alice' }],
    ];
    for (const [path, input] of searches) {
      expect(await world.must(path, input, bob), JSON.stringify(input)).toEqual({ results: [], next: null });
    }
    for (const input of [{ level: 'VIEW' }, { level: 'NONE', id: project }, { id: [project], name: 'a project' }]) {
      const { results } = await world.must('/system/findProjects', input, bob);
      expect((results as { id: string }[]).map(({ id }) => id)).not.toContain(project);
    }
  });

  it('may describe a public project by its id, and finds it in searches only on request', async () => {
    await setMember(world.context, project, 'PUBLIC', 'VIEW');
    expect((await world.must(`/${project}/describe`, {}, bob)).level).toBe('VIEW');
    expect((await world.must('/system/findDataObjects', {}, bob)).results).toEqual([]);
    const found = async (input: object) => (await world.must('/system/findProjects', input, bob)).results as object[];
    expect(await found({ level: 'VIEW' })).toHaveLength(1);
    expect(await found({ level: 'VIEW', public: true })).toHaveLength(1);
    expect(await found({ level: 'VIEW', public: true })).toMatchObject([{ id: project, level: 'VIEW', public: true }]);
    expect((await world.call(`/${project}/newFolder`, { folder: '/x' }, bob)).status).toBe(401);
  });
});
