// Tests the apps that the platform has from the beginning: each is made when somebody first asks for it, and belongs to
// nobody (docs/decisions/assets.md).

import { beforeEach, expect, test } from 'vitest';
import { findBuiltIn } from '../../core/app/built-in.ts';
import type { JobId, ProjectId } from '../../core/id/identifier.ts';
import { workerId } from '../../core/id/worker.ts';
import { seriesKey } from '../../core/row/published.ts';
import { isMade, makeBuiltIn } from '../../engine/app/built-in.ts';
import { loadSeries } from '../../engine/app/series.ts';
import { createProject } from '../../engine/container/project.ts';
import { alice, bob, givenApplet, givenFile, givenProject, givenWorld, type World } from './execution-world.ts';

let world: World;
let project: ProjectId;
beforeEach(async () => {
  world = await givenWorld();
  project = await givenProject(world);
});

const name = 'app-create_asset_noble';

test('every user gets the same one, at their first call', async () => {
  expect(await world.context.rows.get('containers', seriesKey(name))).toBeUndefined();
  const [first, second] = await Promise.all([
    world.must(`/${name}/describe`, {}, alice),
    world.must(`/${name}/1.0.0/describe`, {}, bob),
  ]);
  expect(second).toEqual(first);
  expect(first).toMatchObject({ aliases: ['1.0.0', 'default'], published: expect.any(Number), isDeveloperFor: false });
  expect(first.runSpec).toMatchObject({ interpreter: 'python3', release: '24.04' });
  expect((await world.call('/app-create_asset_other/describe')).status).toBe(404);
});

test('nobody can take its name, change it or delete it', async () => {
  const applet = await givenApplet(world, project, { inputSpec: [], outputSpec: [] });
  const body = { name: 'create_asset_noble', version: '9.0.0', applet };
  expect((await world.call('/app/new', body)).body.error).toMatchObject({
    ...{ type: 'InvalidInput', message: expect.stringContaining('app-create_asset_noble belongs to the platform') },
  });
  for (const [method, input] of [
    ['update', { title: 'mine' }],
    ['delete', {}],
    ['addDevelopers', { developers: [alice] }],
  ] as const) {
    expect((await world.call(`/${name}/${method}`, input)).body.error).toMatchObject({ type: 'PermissionDenied' });
  }
});

test('its job gets its code in a project of any region', async () => {
  const facts = { name: 'far', summary: '', description: '', settings: {}, tags: [], properties: {} };
  const far = await createProject(world.context, { ...facts, createdBy: bob, billTo: bob, region: 'aws:eu-west-2' });
  const conf = await givenFile(world, far);
  world.context.workers.start = async () => undefined;
  const input = { conf_json: { $dnanexus_link: conf } };
  const job = (await world.must(`/${name}/run`, { project: far, input }, bob)).id as JobId;
  await world.platform.run();
  const launch = { job, try: 0, launch: 0 };
  const nonce = await world.context.seals.seal('boot', workerId(launch));
  const claimed = await world.must('/_worker/claim', { ...launch, nonce, task: 'arn:task' });
  expect(claimed).toMatchObject({
    runSpec: { code: expect.stringContaining('asset_bundle') },
    executableDescribe: { class: 'app', name: 'create_asset_noble' },
    resources: expect.stringMatching(/^container-/),
    projectCache: expect.stringMatching(/^container-/),
  });
});

test('a platform with a newer version makes that one, and the name means it', async () => {
  const old = { ...givenBuiltIn(), version: '0.9.0' };
  await makeBuiltIn(world.context, old);
  expect(isMade(givenBuiltIn(), await loadSeries(world.context, name))).toBe(false);
  const described = await world.must(`/${name}/describe`, {}, bob);
  expect(described).toMatchObject({ version: givenBuiltIn().version });
  expect(await world.must(`/${name}/0.9.0/describe`, {}, bob)).toMatchObject({ version: '0.9.0' });
});

test('a job whose app was deleted before its worker came fails with the reason', async () => {
  const applet = await givenApplet(world, project, { inputSpec: [], outputSpec: [] });
  const app = (await world.must('/app/new', { name: 'stats', version: '1.0.0', applet })).id;
  world.context.workers.start = async () => undefined;
  const job = (await world.must(`/${app}/run`, { project, input: {}, executionPolicy: { restartOn: {} } })).id as JobId;
  await world.platform.run();
  await world.must(`/${app}/delete`);
  const launch = { job, try: 0, launch: 0 };
  const nonce = await world.context.seals.seal('boot', workerId(launch));
  expect((await world.call('/_worker/claim', { ...launch, nonce, task: 'arn:task' })).status).toBe(422);
  const { state, failureReason, failureMessage } = await world.must(`/${job}/describe`);
  expect([state, failureReason, failureMessage]).toEqual([
    'failed',
    'ExecutionError',
    expect.stringContaining(`${app}`),
  ]);
});

function givenBuiltIn() {
  const app = findBuiltIn(name.slice('app-'.length));
  if (app === undefined) throw new Error(`${name} is not one of the platform’s own`);
  return app;
}
