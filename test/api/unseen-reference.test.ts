// Tests every place in which job code can name a job or an object of another tenant. The code neither learns the content
// nor waits for it, and a right that was lost meanwhile counts as lost.

import { beforeEach, describe, expect, it } from 'vitest';
import type { FileId, JobId, ProjectId } from '../../core/id/identifier.ts';
import type { Caller } from '../../core/identity/caller.ts';
import type { Hash } from '../../core/reference/value.ts';
import { objectKey } from '../../core/row/objects.ts';
import { setMember } from '../../engine/container/project.ts';
import type { Claimed } from '../../engine/job/claim.ts';
import { finish } from '../../engine/job/finish.ts';
import { peekJob } from '../memory/platform.ts';
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
import { passTime } from './given.ts';

const secret = 'alice-secret';
const analysis = `analysis-${'0'.repeat(24)}`;
const link = (value: unknown): Hash => ({ $dnanexus_link: value });
const errorType = (body: Hash) => (body.error as { type: string } | undefined)?.type;

let world: World;
let alices: ProjectId;
let bobs: ProjectId;
/** A file of Alice, which her jobs hand over. */
let file: FileId;
/** Alice's jobs: one that has answered the secret, and one that still runs. */
let done: JobId;
let running: JobId;
let finishRunning: () => Promise<unknown>;
beforeEach(async () => {
  world = await givenWorld();
  alices = await givenProject(world);
  bobs = await givenProject(world, { members: [[bob, 'CONTRIBUTE']] });
  file = await givenFile(world, alices);
  await world.must(`/${file}/setProperties`, { project: alices, properties: { patient: secret } });
  const output = { password: secret, file: link(file) };
  let claimedLater: Claimed | undefined;
  world.programs.set('main', (claimed) => {
    if (claimed.row.name !== 'later') return { output };
    claimedLater = claimed;
    return undefined;
  });
  const applet = await givenApplet(world, alices);
  done = await run(world, applet, { project: alices, input: {} });
  running = await run(world, applet, { project: alices, input: {}, name: 'later' });
  await world.platform.run();
  finishRunning = async () => {
    if (claimedLater !== undefined) await finish(world.context, claimedLater.row, { output });
    await world.platform.run();
  };
  world.programs.clear();
});

/** Runs one job of Bob whose code does this, and returns its description. */
async function runBobs(code: (caller: Caller, claimed: Claimed) => Promise<Hash> | Hash, entry = 'main') {
  world.programs.set(entry, async (claimed) => ({ output: await code(await asJob(world, claimed), claimed) }));
  if (entry !== 'main') {
    world.programs.set('main', async (claimed) => {
      await world.must('/job/new', { function: entry, input: {} }, await asJob(world, claimed));
      return { output: {} };
    });
  }
  const job = await run(world, await givenApplet(world, bobs), { project: bobs, input: {} }, bob);
  await world.platform.run();
  return world.must(`/${job}/describe`, {}, bob);
}

const inOutput: [string, (target: JobId) => unknown][] = [
  ['a link', (job) => link({ job, field: 'password' })],
  ['a link to an element', (job) => link({ job, field: 'password', index: 0 })],
  ['the legacy form', (job) => ({ job, field: 'password' })],
  ['a link deep in an array', (job) => [1, [{ deep: link({ job, field: 'password' }) }]]],
  ['the name of a file', (job) => link({ job, field: 'file', metadata: 'name' })],
  ['a property of a file', (job) => link({ job, field: 'file', metadata: 'properties.patient' })],
  ['the details of a file', (job) => link({ job, field: 'file', metadata: 'details.patient' })],
];

describe.each(['main', 'part'])('a job of another tenant in the output of %s', (entry) => {
  describe.each(['that is done', 'that still runs'])('%s', (which) => {
    it.each(inOutput)('is refused as %s', async (_, reference) => {
      const target = which === 'that is done' ? done : running;
      const described = await runBobs(() => ({ stolen: reference(target) }), entry);
      expect(described.state).toBe('failed');
      expect(described.failureMessage).toContain(`${target} could not be found, or the job may not see it`);
      expect(described.failureReason).toBe(entry === 'main' ? 'OutputError' : 'JobTreeFailure');
      expect(JSON.stringify(described)).not.toContain(secret);
    });
  });
});

it('an analysis in an output is refused, because there are none', async () => {
  const described = await runBobs(() => ({ x: link({ analysis, field: 'f' }) }));
  expect(described).toMatchObject({ state: 'failed', failureReason: 'OutputError' });
  expect(described.failureMessage).toContain(analysis);
});

describe('a job or object of another tenant', () => {
  const targets: [string, () => unknown, () => string][] = [
    ['an output', () => link({ job: done, field: 'password' }), () => done],
    ['an output to come', () => ({ job: running, field: 'password' }), () => running],
    ['metadata', () => link({ job: done, field: 'file', metadata: 'name' }), () => done],
    ['a file', () => link(file), () => file],
    ['a file with a hint', () => link({ project: alices, id: file }), () => file],
  ];
  const calls = ['run', 'detached run', 'job/new'];
  const cases = calls.flatMap((how) => targets.map(([title, value, id]) => [title, how, value, id] as const));

  async function callFrom(caller: Caller, how: string, request: Hash) {
    if (how === 'job/new') return world.call('/job/new', { function: 'main', input: {}, ...request }, caller);
    const access = { project: 'CONTRIBUTE' };
    const applet = await givenApplet(world, bobs, { access });
    const detached = how === 'run' ? {} : { detach: true, project: bobs };
    return world.call(`/${applet}/run`, { input: {}, ...detached, ...request }, caller);
  }

  /** The answers of these calls, made by a running job of Bob. */
  async function answersOf(requests: readonly [string, Hash][]) {
    let caller: Caller | undefined;
    world.programs.set('main', async (claimed) => {
      caller = await asJob(world, claimed);
      return undefined;
    });
    const applet = await givenApplet(world, bobs, { access: { project: 'CONTRIBUTE' } });
    await run(world, applet, { project: bobs, input: {} }, bob);
    await world.platform.run();
    if (caller === undefined) throw new Error('the job was not claimed');
    const answers = [];
    for (const [how, request] of requests) answers.push(await callFrom(caller, how, request));
    return answers;
  }

  it.each(cases)('as %s in the input of %s is not found', async (_title, how, value, id) => {
    const [alone, among] = await answersOf([
      [how, { input: { x: value() } }],
      [how, { input: { x: [{ deep: value() }] } }],
    ]);
    for (const answer of [alone, among]) {
      expect(errorType(answer?.body ?? {})).toBe('ResourceNotFound');
      expect(JSON.stringify(answer?.body)).toContain(id());
    }
  });

  it.each(calls)('in dependsOn of %s is not found', async (how) => {
    const answers = await answersOf([done, running, file].map((id) => [how, { dependsOn: [id] }]));
    expect(answers.map(({ body }) => errorType(body))).toEqual(Array(3).fill('ResourceNotFound'));
  });

  it('in bundledDepends of an applet that it makes is not found', async () => {
    let answer: Hash = {};
    await runBobs(async (caller, { row }) => {
      const project = (await world.must(`/${row.pk}/describe`, {}, bob)).workspace;
      const bundledDepends = [{ name: 'stolen.tar.gz', id: link(file) }];
      const runSpec = { interpreter: 'bash', code: '', bundledDepends };
      const body = { project, name: 'thief', dxapi: '1.0.0', runSpec };
      answer = (await world.call('/applet/new', body, caller)).body;
      return {};
    });
    expect(errorType(answer)).toBe('ResourceNotFound');
  });

  it('in the details of a job shows nothing', async () => {
    const details = { x: link({ job: done, field: 'password' }), y: link(file) };
    const [answer] = await answersOf([['job/new', { details }]]);
    await world.platform.run();
    expect(answer?.status).toBe(200);
    expect(await world.must(`/${answer?.body.id}/describe`, {}, bob)).toMatchObject({ details });
  });
});

describe('an object whose details link to a hidden object of another tenant', () => {
  const makeLinking = async (caller: Caller, { row }: Claimed, target: unknown) => {
    const project = (await world.must(`/${row.pk}/describe`, {}, bob)).workspace;
    const { id } = await world.must('/record/new', { project, details: { x: link(target) }, close: true }, caller);
    return id;
  };

  it.each(['open', 'closed'] as const)(
    'is an output that does not wait for it or take it along, when %s',
    async (state) => {
      const { id: hidden } = await world.must('/record/new', {
        project: alices,
        hidden: true,
        close: state === 'closed',
      });
      let made: unknown;
      const described = await runBobs(async (caller, claimed) => {
        made = await makeLinking(caller, claimed, hidden);
        return { made: link(made) };
      });
      expect(described.state).toBe('done');
      const { objects } = await world.must(`/${bobs}/listFolder`, { only: 'objects', includeHidden: true }, bob);
      expect(objects).toContainEqual({ id: made });
      expect(objects).not.toContainEqual({ id: hidden });
      expect((await world.call(`/${hidden}/describe`, {}, bob)).status).toBe(404);
    },
  );

  it('is an input that does not wait for it', async () => {
    const { id: hidden } = await world.must('/record/new', { project: alices, hidden: true });
    const details = { x: link(hidden) };
    const { id } = await world.must('/record/new', { project: bobs, details, close: true }, bob);
    const input = { x: link(id) };
    const job = await run(world, await givenApplet(world, bobs), { project: bobs, input }, bob);
    await world.platform.run();
    expect(peekJob(world.context, job).state).toBe('done');
    expect(world.context.rows.peek('objects', objectKey(hidden as FileId))).toMatchObject({ state: 'open' });
  });
});

describe('a right that is lost before the value is used', () => {
  it.each([
    ['a value', 'password'],
    ['a property of a file', 'file'],
  ])('counts as lost for %s in an output', async (_, field) => {
    await setMember(world.context, alices, bob, 'VIEW');
    const metadata = field === 'file' ? { metadata: 'properties.patient' } : {};
    const applet = await givenApplet(world, bobs, { access: { allProjects: 'VIEW' } });
    world.programs.set('main', () => ({ output: { x: link({ job: running, field, ...metadata }) } }));
    const job = await run(world, applet, { project: bobs, input: {} }, bob);
    await world.platform.run();
    expect(peekJob(world.context, job).state).toBe('waiting_on_output');
    await setMember(world.context, alices, bob, 'NONE');
    await finishRunning();
    const described = await world.must(`/${job}/describe`, {}, bob);
    expect(described).toMatchObject({ state: 'failed', failureReason: 'OutputError' });
    expect(JSON.stringify(described)).not.toContain(secret);
  });

  it('counts as lost for an input, and describe does not show the value before', async () => {
    await setMember(world.context, alices, bob, 'VIEW');
    const slow = await givenFile(world, bobs, 'open');
    const input = { x: link({ job: running, field: 'password' }), slow: link(slow) };
    const job = await run(world, await givenApplet(world, bobs), { project: bobs, input }, bob);
    await world.platform.run();
    await setMember(world.context, alices, bob, 'NONE');
    await finishRunning();
    const waiting = await world.must(`/${job}/describe`, {}, bob);
    expect(waiting).toMatchObject({ state: 'waiting_on_input', input });
    await world.context.rows.update('objects', objectKey(slow), { set: { state: 'closed' } });
    await world.platform.run();
    const described = await world.must(`/${job}/describe`, {}, bob);
    expect(described).toMatchObject({ state: 'failed', failureReason: 'InputError' });
    expect(JSON.stringify(described)).not.toContain(secret);
  });

  it('counts as lost for an object that the input links to', async () => {
    await setMember(world.context, alices, bob, 'VIEW');
    const open = await givenFile(world, alices, 'open');
    const input = { x: link({ project: alices, id: open }) };
    const job = await run(world, await givenApplet(world, bobs), { project: bobs, input }, bob);
    await world.platform.run();
    expect(peekJob(world.context, job).state).toBe('waiting_on_input');
    await setMember(world.context, alices, bob, 'NONE');
    await world.context.rows.update('objects', objectKey(open), { set: { state: 'closed' } });
    await passTime(world.context);
    await world.platform.sweep();
    await world.platform.run();
    const described = await world.must(`/${job}/describe`, {}, bob);
    expect(described).toMatchObject({ state: 'failed', failureReason: 'InputError' });
    expect(described.failureMessage).toContain(open);
    const placed = world.context.rows.all('objects').filter(({ pk, sk }) => pk === open && sk.startsWith('P#'));
    expect(placed.map(({ sk }) => sk)).toEqual([`P#${alices}`]);
  });

  it.each(['an input', 'an applet'])(
    'counts as lost for %s that is only with another tenant any more',
    async (which) => {
      await setMember(world.context, bobs, alice, 'CONTRIBUTE');
      const shared = await givenFile(world, bobs);
      const slow = await givenFile(world, bobs, 'open');
      const applet = await givenApplet(world, bobs);
      const target = which === 'an input' ? shared : applet;
      await world.must(`/${bobs}/clone`, { objects: [target], project: alices, destination: '/' });
      await world.must(`/${target}/rename`, { project: alices, name: secret });
      const input = { x: link(shared), slow: link(slow) };
      const job = await run(world, applet, { project: bobs, input }, bob);
      await world.platform.run();
      await world.must(`/${bobs}/removeObjects`, { objects: [target] });
      await world.context.rows.update('objects', objectKey(slow), { set: { state: 'closed' } });
      await passTime(world.context);
      await world.platform.sweep();
      await world.platform.run();
      const described = await world.must(`/${job}/describe`, {}, bob);
      expect(described).toMatchObject({ state: 'failed', failureReason: 'InputError' });
      expect(described.failureMessage).toContain(`${target}, which this job depends on, could not be found any more`);
      const placements = world.context.rows.all('objects').filter(({ pk, sk }) => pk === target && sk.startsWith('P#'));
      expect(placements.map(({ sk }) => sk)).toEqual([`P#${alices}`]);
    },
  );

  it('is no obstacle while it lasts', async () => {
    await setMember(world.context, alices, bob, 'VIEW');
    const applet = await givenApplet(world, bobs, { access: { allProjects: 'VIEW' } });
    const value = {
      x: link({ job: done, field: 'password' }),
      y: link({ job: done, field: 'file', metadata: 'name' }),
    };
    world.programs.set('main', () => ({ output: value }));
    const job = await run(world, applet, { project: bobs, input: value }, bob);
    await world.platform.run();
    const name = (await world.must(`/${file}/describe`, { project: alices })).name;
    const known = { x: secret, y: name };
    expect(await world.must(`/${job}/describe`, {}, bob)).toMatchObject({ state: 'done', input: known, output: known });
  });
});

it('the members of another tenant see nothing that Alice did not share', async () => {
  expect((await world.call(`/${done}/describe`, {}, bob)).status).toBe(404);
  expect((await world.must(`/${done}/describe`, {}, alice)).output).toMatchObject({ password: secret });
});
