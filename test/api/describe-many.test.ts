// Tests the routes that describe many things at once. Each thing is described or refused on its own, in the order of
// the input.

import { beforeEach, expect, test } from 'vitest';
import type { AppletId, ProjectId } from '../../core/id/identifier.ts';
import type { Hash } from '../../core/reference/value.ts';
import { alice, bob, givenApplet, givenProject, givenWorld, run, type World } from './execution-world.ts';

let world: World;
let project: ProjectId;
let applet: AppletId;
beforeEach(async () => {
  world = await givenWorld();
  project = await givenProject(world, { members: [[bob, 'VIEW']] });
  applet = await givenApplet(world, project);
});

const results = async (path: string, input: object, as = alice) =>
  (await world.must(path, input, as)).results as Hash[];
const nothing = (className: string) => `${className}-${'0'.repeat(24)}`;
const notFound = expect.objectContaining({
  statusCode: 404,
  error: expect.objectContaining({ type: 'ResourceNotFound' }),
});

test('executions are described with their own fields, those of their class, or all fields', async () => {
  const [first, second] = [
    await run(world, applet, { project, input: {} }),
    await run(world, applet, { project, input: { a: 1 } }),
  ];
  const hidden = await run(world, applet, { project: await givenProject(world), input: {} });
  await world.platform.run();
  const executions = [
    second,
    { id: first, describe: { fields: { state: true } } },
    hidden,
    nothing('job'),
    nothing('analysis'),
    'x',
  ];
  const classDescribeOptions = { job: { fields: { id: true, input: true } } };
  expect(await results('/system/describeExecutions', { executions, classDescribeOptions }, bob)).toEqual([
    { describe: { id: second, input: { a: 1 } } },
    { describe: { state: 'done' } },
    ...[notFound, notFound, notFound, notFound],
  ]);
  const [whole] = await results('/system/describeExecutions', { executions: [first] });
  expect(whole?.describe).toEqual(await world.must(`/${first}/describe`));
});

test('projects and workspaces are described with the given fields or all fields', async () => {
  const job = await run(world, applet, { project, input: {} });
  const { workspace } = await world.must(`/${job}/describe`);
  const secret = await givenProject(world);
  const options = { '*': { fields: { level: true } } };
  const input = { projects: [project, workspace, secret, nothing('project'), applet], classDescribeOptions: options };
  expect(await results('/system/describeProjects', input, bob)).toEqual([
    { describe: { id: project, level: 'VIEW' } },
    { describe: { id: workspace, level: 'VIEW' } },
    ...[notFound, notFound, notFound],
  ]);
  const [whole] = await results('/system/describeProjects', { projects: [{ id: secret, describe: true }] });
  expect(whole?.describe).toEqual(await world.must(`/${secret}/describe`));
});

test('an input that is not a list of ids is refused as a whole', async () => {
  for (const [path, key] of [
    ['/system/describeExecutions', 'executions'],
    ['/system/describeProjects', 'projects'],
  ] as const) {
    for (const wrong of [undefined, 'job', [7], [{}], Array(1_001).fill('x')]) {
      const { status, body } = await world.call(path, { [key]: wrong });
      expect([status, body.error]).toMatchObject([422, { message: expect.stringContaining(`key "${key}`) }]);
    }
  }
});

test('a search for organizations finds none', async () => {
  expect(await world.must('/system/findOrgs', { level: 'ADMIN' })).toEqual({ results: [], next: null });
});
