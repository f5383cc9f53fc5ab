// Tests where a call that starts a job finds its executable and its objects, what a job may refer to, and calls that are
// repeated after the facts have changed.

import { beforeEach, describe, expect, test } from 'vitest';
import type { AppletId, JobId, ObjectId, PlaceId, ProjectId } from '../../core/id/identifier.ts';
import type { Caller } from '../../core/identity/caller.ts';
import { type JobRow, jobWorkspace } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import type { Hash } from '../../core/reference/value.ts';
import { placementKey } from '../../core/row/objects.ts';
import { packedKey } from '../../core/row/packed.ts';
import { createSight } from '../../engine/access/sight.ts';
import { cloneObjects } from '../../engine/object/clone.ts';
import { loadExecutable, nameApplet } from '../../engine/run/load-executable.ts';
import { loadObject } from '../../engine/store/load-object.ts';
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
} from '../api/execution-world.ts';
import { peekJob } from '../memory/platform.ts';

const link = (value: unknown): Hash => ({ $dnanexus_link: value });
const asAlice = { kind: 'user', user: alice, tokenHash: '' } as const;

let world: World;
/** The project of the jobs, and another one. All placements of an object are read in this order. */
let other: ProjectId;
let home: ProjectId;
let applet: AppletId;
/** A running job of Alice, which makes the calls. */
let caller: Caller;
let main: JobRow;
beforeEach(async () => {
  world = await givenWorld();
  [other, home] = [await givenProject(world), await givenProject(world)].sort() as [ProjectId, ProjectId];
  applet = await givenApplet(world, home, { access: { project: 'CONTRIBUTE', allProjects: 'VIEW' } });
  world.programs.set('main', async (claimed) => {
    if (claimed.row.name === 'caller') caller = await asJob(world, claimed);
    return claimed.row.name === 'quick' ? { output: {} } : undefined;
  });
  main = peekJob(world.context, await run(world, applet, { project: home, input: {}, name: 'caller' }));
  await world.platform.run();
  main = peekJob(world.context, main.pk);
});

async function givenPlaced(...places: readonly PlaceId[]): Promise<ObjectId> {
  const [from, ...others] = places;
  if (from === undefined) throw new Error('a file is somewhere');
  const file = await givenFile(world, from as ProjectId);
  for (const container of others) await clone(file, from, container);
  return file;
}

function clone(object: ObjectId, from: PlaceId, container: PlaceId) {
  return cloneObjects(world.context, { objects: [object], from, to: { container, folder: '/' } });
}

async function specOf(job: unknown): Promise<ExecutionSpec> {
  return world.context.bodies.peek(job as JobId, 'spec') as ExecutionSpec;
}

const detached = () => ({ detach: true, project: home });

describe('an object of an input is taken', () => {
  /** The place that the new job remembers for its object. */
  const placeOf = async (value: Hash, request: object = {}, as: Caller = caller) => {
    const { id } = await world.must(`/${applet}/run`, { input: { x: value }, ...request }, as);
    const { inputPlace, pins } = await specOf(id);
    return inputPlace ?? pins.find(({ object }) => object !== applet)?.project ?? home;
  };

  test('from the workspace of the job that calls, then from the project, then from elsewhere', async () => {
    const workspace = jobWorkspace(main);
    expect(await placeOf(link(await givenPlaced(workspace, home, other)))).toBe(workspace);
    expect(await placeOf(link(await givenPlaced(workspace)))).toBe(workspace);
    expect(await placeOf(link(await givenPlaced(home, other)))).toBe(home);
    expect(await placeOf(link(await givenPlaced(other)))).toBe(other);
  });

  test('from the project before all others for a user', async () => {
    expect(await placeOf(link(await givenPlaced(home, other)), { project: home }, asAlice)).toBe(home);
  });

  test('not from the workspace for a detached run, which may begin when that is gone', async () => {
    const workspace = jobWorkspace(main);
    const file = await givenPlaced(workspace, home, other);
    expect(await placeOf(link(file), detached())).toBe(home);
    expect(await placeOf(link({ project: workspace, id: file }), detached())).toBe(home);
    expect(await placeOf(link({ project: other, id: file }), detached())).toBe(other);
  });

  test('by a subjob from the workspace, although it is nowhere else', async () => {
    const input = { x: link(await givenPlaced(jobWorkspace(main))) };
    expect((await world.call('/job/new', { function: 'main', input }, caller)).status).toBe(200);
  });

  test('from a restricted project by a subjob only, which works in the same workspace', async () => {
    const file = await givenPlaced(await givenProject(world, { settings: { restricted: true } }));
    const input = { x: link(file) };
    expect((await world.call('/job/new', { function: 'main', input }, caller)).status).toBe(200);
    expect((await world.call(`/${applet}/run`, { input }, caller)).body).toMatchObject({
      error: { type: 'PermissionDenied' },
    });
  });
});

describe('an executable is taken', () => {
  const load = async (place: PlaceId, as = alice) => {
    const object = await loadObject(world.context, applet);
    if (object === undefined) throw new Error('there is an applet');
    const sight = createSight(world.context, { kind: 'user', user: as, tokenHash: '' });
    return loadExecutable(sight, nameApplet(object, place), { id: home, region: world.context.settings.region });
  };

  test('from the place in which the route found it', async () => {
    await clone(applet, home, other);
    expect(await load(home)).toMatchObject({ place: home });
    expect(await load(other)).toMatchObject({ place: other });
  });

  test('only where the caller sees it', async () => {
    await expect(load(home, bob)).rejects.toMatchObject({ type: 'ResourceNotFound' });
  });

  test('only if it is an applet', async () => {
    const file = await loadObject(world.context, await givenPlaced(home));
    if (file === undefined) throw new Error('there is a file');
    expect(() => nameApplet(file, home)).toThrow(expect.objectContaining({ type: 'ResourceNotFound' }));
  });

  test('from the project for a detached run, although the workspace has it too, and else from where it was', async () => {
    const pinOf = async (request: object) => {
      const { id } = await world.must(`/${applet}/run`, { input: {}, ...request }, caller);
      return (await specOf(id)).pins.find(({ object }) => object === applet)?.project;
    };
    const workspace = jobWorkspace(main);
    await clone(applet, home, workspace);
    await clone(applet, home, other);
    expect(await pinOf({ detach: true })).toBe(home);
    expect(await pinOf({})).toBe(workspace);
    await world.context.rows.delete('objects', placementKey(applet, home));
    await world.context.rows.delete('objects', placementKey(applet, workspace));
    expect(await pinOf({ detach: true })).toBe(other);
  });
});

describe('a new job may depend on', () => {
  const startWith = async (how: 'run' | 'new' | 'detached', dependsOn: JobId[]) => {
    const request = { input: {}, dependsOn, ...(how === 'detached' && detached()) };
    const answer = await (how === 'new'
      ? world.call('/job/new', { function: 'main', ...request }, caller)
      : world.call(`/${applet}/run`, request, caller));
    return (answer.body.error as { type: string } | undefined)?.type ?? 'started';
  };
  /** A job of another tree that waits for the caller. */
  const givenDependent = () => run(world, applet, { project: home, input: {}, dependsOn: [main.pk] });

  test.each(['run', 'new'] as const)(
    'neither the job that makes it nor one that waits for that, by %s',
    async (how) => {
      const quick = await run(world, applet, { project: home, input: {}, name: 'quick' });
      expect(await startWith(how, [quick])).toBe('started');
      expect(await startWith(how, [main.pk])).toBe('InvalidInput');
      expect(await startWith(how, [await givenDependent()])).toBe('InvalidInput');
    },
  );

  test.each(['run', 'new'] as const)('nothing that waits for a job above the one that makes it, by %s', async (how) => {
    const above = await givenDependent();
    const { id } = await world.must('/job/new', { function: 'main', input: {} }, caller);
    world.programs.set('main', async (claimed) => {
      if (claimed.row.pk === id) caller = await asJob(world, claimed);
      return undefined;
    });
    await world.platform.run();
    expect(caller).toMatchObject({ job: { pk: id } });
    expect(await startWith(how, [above])).toBe('InvalidInput');
  });

  test('the job that makes it if it is detached, because nothing waits for it', async () => {
    expect(await startWith('detached', [main.pk])).toBe('started');
    expect(await startWith('detached', [await givenDependent()])).toBe('started');
  });
});

describe('a call that is repeated with its nonce', () => {
  const repeat = async (path: string, request: object, as: Caller) => {
    const file = await givenPlaced(home);
    const input = { ...request, input: { x: link(file) }, nonce: 'once' };
    const first = await world.must(path, input, as);
    await world.context.rows.delete('objects', placementKey(file, home));
    expect(await world.must(path, input, as)).toMatchObject({ id: first.id });
    return { first, input };
  };

  test('has the same answer although its object was removed meanwhile, for a run', async () => {
    await repeat(`/${applet}/run`, { project: home }, asAlice);
  });

  test('has the same answer although its object was removed meanwhile, for a subjob', async () => {
    await repeat('/job/new', { function: 'main' }, caller);
  });

  test('starts nothing when its job can never be born any more', async () => {
    const input = { function: 'main', input: {}, nonce: 'once' };
    const { id } = await world.must('/job/new', input, caller);
    const key = { pk: id as string, sk: 'A' };
    await world.context.rows.update('executions', key, { set: { state: 'terminated', tombstone: true } });
    expect((await world.call('/job/new', input, caller)).body).toMatchObject({ error: { type: 'InvalidState' } });
  });
});

test('a user who asks for a detached run gets a tree of their own, as always', async () => {
  const id = await run(world, applet, { project: home, input: {}, detach: true });
  expect(peekJob(world.context, id)).toMatchObject({ root: id, project: home });
});

describe('the folder of a run in its project', () => {
  const folders = async () => (await world.must(`/${home}/listFolder`, { folder: '/' })).folders;
  test.each([
    ['is made for a user', () => alice, {}, ['/results']],
    ['is made for a detached run', () => caller, { detach: true, project: home }, ['/results']],
    ['is not made for a run below a job, which works in the workspace of that job', () => caller, {}, []],
  ])('%s', async (_, as, request, found) => {
    const { id } = await world.must(
      `/${applet}/run`,
      { project: home, input: {}, folder: '/results', ...request },
      as(),
    );
    expect(await specOf(id)).toMatchObject({ folder: '/results' });
    expect(await folders()).toEqual(found);
  });
});

describe('a default that is metadata of another input', () => {
  const from = (metadata: string): Hash => ({ $dnanexus_link: { input: 'reads', metadata } });
  const inputSpec = [
    { name: 'reads', class: 'record' },
    { name: 'lane', class: 'int', default: from('details.lane') },
  ];
  /** The input of a run with a record. */
  async function inputOf(details: Hash): Promise<{ reads: Hash; input: () => Promise<unknown> }> {
    const record = await world.must('/record/new', { project: home, name: 'r', details, close: true });
    const reads = link(record.id);
    const executable = await givenApplet(world, home, { inputSpec });
    const input = async () =>
      (await specOf(await run(world, executable, { project: home, input: { reads } }))).originalInput;
    return { reads, input };
  }

  test('may be a detail of the object', async () => {
    const { reads, input } = await inputOf({ lane: 4 });
    expect(await input()).toEqual({ reads, lane: 4 });
  });

  test('is left out when the object is removed in the same moment', async () => {
    const { reads, input } = await inputOf({ lane: 4 });
    const record = reads.$dnanexus_link as ObjectId;
    world.context.rows.hook = {
      before: async ({ name, detail }) => {
        if (name !== 'getMany' || !detail.includes(`${record}/${packedKey(record, 'details').sk}`)) return;
        await world.context.rows.delete('objects', placementKey(record, home));
      },
    };
    expect(await input()).toEqual({ reads });
  });
});
