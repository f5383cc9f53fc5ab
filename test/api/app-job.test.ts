// Tests which calls for apps a job may make: those of developers only if its executable asks for that.

import { beforeEach, expect, it } from 'vitest';
import type { ProjectId } from '../../core/id/identifier.ts';
import { asJob, givenApplet, givenProject, givenWorld, type World } from './execution-world.ts';

let world: World;
let project: ProjectId;
let applet: string;
beforeEach(async () => {
  world = await givenWorld();
  project = await givenProject(world);
  applet = await givenApplet(world, project, { inputSpec: [], outputSpec: [] });
  await world.must('/app/new', { name: 'count', version: '1.0.0', applet });
});

/** The answers to these calls, made by a job of an executable with that access. */
async function answersToJob(access: object, calls: readonly (readonly [path: string, input: object])[]) {
  const launcher = await givenApplet(world, project, { access });
  const answers: unknown[] = [];
  world.programs.set('main', async (claimed) => {
    const caller = await asJob(world, claimed);
    for (const [path, input] of calls) {
      const { status, body } = await world.call(path, input, caller);
      answers.push(status === 200 ? status : (body as { error: { type: string } }).error.type);
    }
    return { output: {} };
  });
  await world.must(`/${launcher}/run`, { project, input: {} });
  await world.platform.run();
  return answers;
}

const changes = () =>
  [
    ['/app/new', { name: 'count', version: '2.0.0', applet }],
    ['/app-count/update', { title: 'x' }],
    ['/app-count/addTags', { tags: ['x'] }],
    ['/app-count/addAuthorizedUsers', { authorizedUsers: ['user-bob'] }],
    ['/app-count/listDevelopers', {}],
    ['/app-count/publish', {}],
    ['/app-count/delete', {}],
  ] as const;

it('a job of an executable that asks for access.developer changes apps as its user does', async () => {
  expect(await answersToJob({ developer: true }, changes())).toEqual(changes().map(() => 200));
});

it('any other job sees apps and changes none', async () => {
  expect(await answersToJob({}, changes())).toEqual(changes().map(() => 'PermissionDenied'));
  const reads = [
    ['/app-count/describe', {}],
    ['/system/findApps', {}],
    ['/app-count/listCategories', {}],
  ] as const;
  expect(await answersToJob({}, reads)).toEqual([200, 200, 200]);
});
