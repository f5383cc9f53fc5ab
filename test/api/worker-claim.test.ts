// Tests what a worker gets with its claim: the executable, also where the code of the master cleared the workspace, and
// the notes for its log.

import { expect, test } from 'vitest';
import type { LaunchInput } from '../../core/context.ts';
import type { AppletId, JobId, ProjectId } from '../../core/id/identifier.ts';
import { workerId } from '../../core/id/worker.ts';
import type { Caller } from '../../core/identity/caller.ts';
import { workerSize } from '../../core/instance/worker-size.ts';
import { jobWorkspace } from '../../core/job/row.ts';
import type { Hash } from '../../core/reference/value.ts';
import { peekJob } from '../memory/platform.ts';
import { asJob, givenApplet, givenProject, givenWorld, run, type World } from './execution-world.ts';

type Given = { readonly world: World; readonly project: ProjectId; readonly applet: AppletId; readonly part: JobId };

/** A running master job, and its runnable subjob. Their workspace does not hold the applet any more. */
async function givenClearedWorkspace(): Promise<Given> {
  const world = await givenWorld();
  const project = await givenProject(world);
  const applet = await givenApplet(world, project, { runSpec: { interpreter: 'bash', code: 'echo hello' } });
  const parts: JobId[] = [];
  world.programs.set('main', async (claimed) => {
    const self: Caller = await asJob(world, claimed);
    world.context.workers.start = async () => undefined;
    parts.push((await world.must('/job/new', { function: 'part', input: {} }, self)).id as JobId);
    await world.must(`/${jobWorkspace(claimed.row)}/removeObjects`, { objects: [applet] }, self);
    return undefined;
  });
  await run(world, applet, { input: {}, project });
  await world.platform.run();
  const [part] = parts;
  if (part === undefined) throw new Error('the master job made no subjob');
  expect(peekJob(world.context, part).state).toBe('runnable');
  return { world, project, applet, part };
}

async function claim({ world, part }: Given) {
  const of = { job: part, try: 0, launch: 0 };
  const nonce = await world.context.seals.seal('boot', workerId(of));
  return world.call('/_worker/claim', { ...of, nonce, task: 'arn:task' });
}

test('the worker gets the executable from another place', async () => {
  const given = await givenClearedWorkspace();
  const { status, body } = await claim(given);
  expect(status).toBe(200);
  const workspace = jobWorkspace(peekJob(given.world.context, given.part));
  expect(body).toMatchObject({
    runSpec: { code: 'echo hello' },
    executableDescribe: { id: given.applet, class: 'applet', project: workspace, name: 'stats', folder: '/' },
  });
});

test('a job whose executable is gone fails with the reason, and the claim is refused', async () => {
  const given = await givenClearedWorkspace();
  await given.world.must(`/${given.project}/removeObjects`, { objects: [given.applet] });
  const { status, body } = await claim(given);
  expect([status, body.error]).toMatchObject([422, { type: 'InvalidState', details: { code: 'claimed' } }]);
  const row = peekJob(given.world.context, given.part);
  expect(row).toMatchObject({ state: 'failed', failureReason: 'ExecutionError' });
  expect(row.failureMessage).toContain(given.applet);
});

/** A runnable job, and the launch that was asked for. */
async function givenRunnable(request: object, fields: Hash = {}) {
  const world = await givenWorld();
  const project = await givenProject(world);
  const applet = await givenApplet(world, project, fields);
  const launches: LaunchInput[] = [];
  world.context.workers.start = async (_, input) => void launches.push(input);
  const part = await run(world, applet, { input: {}, project, ...request });
  await world.platform.run();
  return { given: { world, project, applet, part }, launches };
}

test('the worker gets a sentence for each field that has no effect', async () => {
  const { given } = await givenRunnable({ rank: 3, costLimit: 5 }, { access: { network: [] } });
  const { body } = await claim(given);
  expect(body.notes).toEqual([
    expect.stringContaining('"costLimit" has no effect here'),
    expect.stringContaining('"rank" has no effect here'),
    expect.stringContaining('"access.network" has no effect here'),
  ]);
});

test.each([
  ['mem3_ssd1_v2_x16', 'mem3_ssd1_v2_x16 (16 cores, 128 GiB) is larger than any worker'],
  ['mem2_ssd9_v7_x4', 'mem2_ssd9_v7_x4 is not known here'],
])('the log of a job of the type %s says once that its worker is another one', async (instanceType, note) => {
  const { given, launches } = await givenRunnable({ systemRequirements: { '*': { instanceType } } });
  const { body } = await claim(given);
  expect(body.notes).toEqual([expect.stringContaining(note)]);
  const { cores, memoryGib } = workerSize(instanceType);
  expect(launches).toMatchObject([{ cores, memoryGib }]);
});

test('the log of a job that waited for a worker begins with how long', async () => {
  const { given } = await givenRunnable({ rank: 3 });
  given.world.context.clock.now += 30_000;
  const { body } = await claim(given);
  expect(body.notes).toEqual(['This job waited 30 s for a worker', expect.stringContaining('"rank"')]);
});

test.each([
  ['low', false, true],
  ['low', true, false],
  ['normal', false, false],
])(
  'a job of priority %s with headJobOnDemand %s is started on a spot machine: %s',
  async (priority, onDemand, spot) => {
    const { launches } = await givenRunnable({ priority, headJobOnDemand: onDemand });
    expect(launches).toMatchObject([{ spot }]);
  },
);

test('a root job shows the turnaround time that its executable asks for', async () => {
  const { given } = await givenRunnable({}, { treeTurnaroundTimeThreshold: 2 });
  expect(await given.world.must(`/${given.part}/describe`)).toMatchObject({
    selectedTreeTurnaroundTimeThreshold: 2,
    selectedTreeTurnaroundTimeThresholdFrom: 'executable',
  });
  const { given: other } = await givenRunnable({});
  const described = await other.world.must(`/${other.part}/describe`);
  expect(Object.keys(described).filter((field) => field.startsWith('selected'))).toEqual([]);
});
