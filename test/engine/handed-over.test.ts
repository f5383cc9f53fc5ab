// Tests from which place an object is taken that a job hands over, or gets: the same object may be in many, and each has
// its own names and companions. Data of a restricted project stays there.

import { beforeEach, describe, expect, test } from 'vitest';
import type { ObjectId, PlaceId, ProjectId } from '../../core/id/identifier.ts';
import { type JobRow, jobWorkspace } from '../../core/job/row.ts';
import { createSight } from '../../engine/access/sight.ts';
import { createProject } from '../../engine/container/project.ts';
import { loadArrivedObjects, loadLinkedObjects, loadOutputObjects } from '../../engine/job/handed-over.ts';
import { outputSight } from '../../engine/job/reader.ts';
import { cloneObjects } from '../../engine/object/clone.ts';
import { alice, bob, givenFile, givenProject, givenWorld, type World } from '../api/execution-world.ts';
import { taskOf } from '../memory/platform.ts';
import { givenJob } from '../simulation/world.ts';

const running = { state: 'running', task: taskOf('main'), tokenHash: 'hash' } as const;
const asAlice = { kind: 'user', user: alice, tokenHash: '' } as const;

let world: World;
/** The project of the jobs, and another one. All placements of an object are read in this order. */
let other: ProjectId;
let home: ProjectId;
let restricted: ProjectId;
let main: JobRow;
let nested: JobRow;
let sub: JobRow;
beforeEach(async () => {
  world = await givenWorld();
  [other, home] = [await givenProject(world), await givenProject(world)].sort() as [ProjectId, ProjectId];
  restricted = await givenProject(world, { settings: { restricted: true } });
  const spec = { access: { allProjects: 'VIEW' } } as const;
  main = await givenJob(world.context, 'main', { project: home, spec, at: running });
  nested = await givenJob(world.context, 'nested', { parent: main, master: true, spec, at: running });
  sub = await givenJob(world.context, 'sub', { parent: main, spec, at: running });
});

/** A file that is in these places. */
async function givenPlaced(...places: readonly PlaceId[]): Promise<ObjectId> {
  const [from, ...others] = places;
  if (from === undefined) throw new Error('a file is somewhere');
  const file = await givenFile(world, from as ProjectId);
  for (const container of others) {
    await cloneObjects(world.context, { objects: [file], from, to: { container, folder: '/' } });
  }
  return file;
}

describe('an object of an output', () => {
  test.each<[first: string, places: () => PlaceId[]]>([
    ['the workspace', () => [jobWorkspace(main), home, other]],
    ['the project of the job', () => [home, other]],
    ['another project that the job sees', () => [other]],
  ])('is taken from %s, and not from a place behind that', async (_, places) => {
    const [first] = places();
    const file = await givenPlaced(...places());
    const found = await loadOutputObjects(world.context, main, [file]);
    expect(found.places).toEqual(new Map([[file, first]]));
    expect([...found.facts.keys()]).toEqual([file]);
  });

  test('is reported when it may not leave its project, and left out when the job does not see it', async () => {
    const confined = await givenPlaced(restricted);
    const hidden = await givenPlaced(await givenProjectOfBob());
    const found = await loadOutputObjects(world.context, main, [confined, hidden]);
    expect(found).toMatchObject({ bound: [confined], facts: new Map(), places: new Map() });
  });

  test('is read once when it links to nothing', async () => {
    const file = await givenPlaced(jobWorkspace(main));
    const reads: string[] = [];
    world.context.setHook({ before: ({ detail }) => void (detail.includes(file) && reads.push(detail)) });
    await loadOutputObjects(world.context, main, [file]);
    expect(reads).toHaveLength(1);
  });
});

describe('an object that reached an input through an output', () => {
  test.each<[first: string, places: () => PlaceId[]]>([
    ['the workspace of its reader', () => [jobWorkspace(main), home, other]],
    ['the project of the job', () => [home, other]],
    ['another project that the reader sees', () => [other]],
  ])('is taken from %s, and not from a place behind that', async (_, places) => {
    const [first] = places();
    const file = await givenPlaced(...places());
    const found = await loadArrivedObjects(outputSight(world.context, main), nested, [file]);
    expect(found.places).toEqual(new Map([[file, first]]));
  });

  test('is taken from the project of the job for a job that a user ran', async () => {
    const file = await givenPlaced(home, other);
    const found = await loadArrivedObjects(createSight(world.context, asAlice), main, [file]);
    expect(found.places).toEqual(new Map([[file, home]]));
  });

  test('of a restricted project can be named by a subjob, and not be taken into another workspace', async () => {
    const file = await givenPlaced(restricted);
    const sight = outputSight(world.context, main);
    expect((await loadArrivedObjects(sight, nested, [file])).bound).toEqual([file]);
    expect((await loadArrivedObjects(sight, sub, [file])).places).toEqual(new Map([[file, restricted]]));
  });
});

describe('an object that an input links to', () => {
  const linked = (row: JobRow, spec: Parameters<typeof loadLinkedObjects>[2], file: ObjectId) =>
    loadLinkedObjects(createSight(world.context, asAlice), row, spec, [file]);

  test('is taken from where the call found it: each pin names its place, the specification that of most', async () => {
    const file = await givenPlaced(home, other);
    expect((await linked(main, { pins: [] }, file)).places).toEqual(new Map([[file, home]]));
    expect((await linked(main, { pins: [], inputPlace: other }, file)).places).toEqual(new Map([[file, other]]));
    const pins = [{ object: file, project: other }];
    expect((await linked(main, { pins }, file)).places).toEqual(new Map([[file, other]]));
    expect((await linked(main, { pins, inputPlace: home }, file)).places).toEqual(new Map([[file, other]]));
  });

  test('of a restricted project cannot be taken into the workspace of another', async () => {
    const file = await givenPlaced(restricted);
    expect(await linked(main, { pins: [] }, file)).toMatchObject({ bound: [file], places: new Map() });
  });

  test('is not looked for again by a subjob, which works where it is', async () => {
    const file = await givenPlaced(home);
    expect((await linked(sub, { pins: [] }, file)).places).toEqual(new Map());
  });
});

/** A project of Bob, which Alice does not see. */
function givenProjectOfBob(): Promise<ProjectId> {
  const facts = { name: 'bobs', summary: '', description: '', settings: {}, tags: [], properties: {} };
  return createProject(world.context, { ...facts, createdBy: bob, billTo: bob });
}
