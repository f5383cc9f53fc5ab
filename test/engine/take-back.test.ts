// Tests what a try leaves of its output when it ends at its last moment: nothing of its own, and everything that others
// have asked for (docs/reference/protocols.md, "Finish").

import { beforeEach, describe, expect, test } from 'vitest';
import type { JobId, ObjectId, PlaceId, ProjectId } from '../../core/id/identifier.ts';
import type { Caller } from '../../core/identity/caller.ts';
import { type JobRow, jobWorker, outputBodyId } from '../../core/job/row.ts';
import type { Hash } from '../../core/reference/value.ts';
import { placementKey } from '../../core/row/objects.ts';
import { takeBack } from '../../engine/job/take-back.ts';
import { sweepExecution } from '../../engine/sweep.ts';
import { terminateTree } from '../../engine/terminate.ts';
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
import { passTime } from '../api/given.ts';
import { peekJob, taskOf } from '../memory/platform.ts';
import type { Step } from '../memory/rows.ts';
import { ended } from '../memory/workers.ts';

const link = (value: unknown): Hash => ({ $dnanexus_link: value });

let world: World;
let project: ProjectId;
let bobs: ProjectId;
let job: JobId;
/** Objects of the output: two visible ones, of which one links to a hidden one. */
let made: { alone: ObjectId; named: ObjectId; companion: ObjectId };
/** Called once before the first write for which `at` is true. */
let at: (step: Step) => boolean;
let act: () => Promise<unknown>;

/** True for the write that completes the job. */
const completes = ({ name, detail }: Step) =>
  name === 'update' && detail.includes(`${job}/A`) && detail.includes('"done"');
const placements = ({ name, detail }: Step) => name === 'put' && detail.includes(`P#${project}`);
const placedIn = (place: PlaceId) =>
  Object.entries(made).flatMap(([name, id]) =>
    world.context.rows.peek('objects', placementKey(id, place)) === undefined ? [] : [name],
  );

beforeEach(async () => {
  world = await givenWorld();
  project = await givenProject(world);
  bobs = await givenProject(world, { members: [[bob, 'CONTRIBUTE']] });
  at = () => false;
  act = async () => undefined;
  world.context.rows.hook = {
    before: async (step) => {
      if (!at(step)) return;
      at = () => false;
      await act();
    },
  };
});

type Make = (name: string, fields?: Hash) => Promise<ObjectId>;
function makerIn(caller: Caller, workspace: unknown): Make {
  return async (name, fields = {}) => {
    const body = { project: workspace, name, close: true, ...fields };
    return (await world.must('/record/new', body, caller)).id as ObjectId;
  };
}

async function makeOutput(make: Make): Promise<Hash> {
  const companion = await make('companion', { hidden: true });
  const named = await make('named', { details: { x: link(companion) } });
  made = { companion, named, alone: await make('alone') };
  return { named: link(named), alone: link(made.alone) };
}

/** Runs a job that answers the objects. `late`: it has a subjob, so that it is not done in the call of its report. */
async function runJob(late = false, output: (all: Hash, make: Make) => Hash | Promise<Hash> = (all) => all) {
  world.programs.set('part', () => ({ output: {} }));
  world.programs.set('main', async (claimed) => {
    const caller = await asJob(world, claimed);
    const { workspace } = await world.must(`/${claimed.row.pk}/describe`, {}, alice);
    if (late) await world.must('/job/new', { function: 'part', input: {} }, caller);
    const make = makerIn(caller, workspace);
    return { output: await output(await makeOutput(make), make) };
  });
  job = await run(world, await givenApplet(world, project), { project, input: {} });
  await world.platform.run();
}

const terminate = () => terminateTree(world.context, job, alice);

describe.each([
  ['while its worker reports', false],
  ['while it waits for nothing any more', true],
])('a job that is terminated %s', (_, late) => {
  test('before it is done leaves nothing in the project', async () => {
    at = completes;
    act = terminate;
    await runJob(late);
    expect(peekJob(world.context, job).state).toBe('terminated');
    expect(placedIn(project)).toEqual([]);
    await passTime(world.context);
    expect(placedIn(project)).toEqual([]);
    expect(world.context.rows.all('objects').filter(({ pk }) => Object.values(made).includes(pk as ObjectId))).toEqual(
      [],
    );
  });

  test('before any of its clones leaves nothing in the project', async () => {
    at = placements;
    act = async () => {
      await terminate();
      await world.platform.run();
    };
    await runJob(late);
    expect(peekJob(world.context, job).state).toBe('terminated');
    expect(placedIn(project)).toEqual([]);
  });

  test('and whose function dies while it clones leaves nothing once that is certain', async () => {
    let count = 0;
    let hasEnded = false;
    let isDead = false;
    world.context.rows.hook = {
      before: async (step) => {
        if (isDead) throw new Error('the function ended here');
        if (!placements(step) || ++count !== 2) return;
        await terminate();
        await world.platform.run();
        hasEnded = true;
      },
      after: async (step) => {
        if (hasEnded && placements(step)) isDead = true;
      },
    };
    await runJob(late).catch(() => undefined);
    expect(isDead).toBe(true);
    world.context.rows.hook = {};
    expect(placedIn(project)).not.toEqual([]);
    await world.platform.run();
    await passTime(world.context);
    expect(peekJob(world.context, job).state).toBe('terminated');
    expect(placedIn(project)).toEqual([]);
  });

  test('leaves what a user cloned there meanwhile, with its companion', async () => {
    at = completes;
    act = async () => {
      await world.must(`/${project}/clone`, { objects: [made.named], project: bobs, destination: '/' });
      const again = { objects: [made.named], project, destination: '/' };
      await world.must(`/${bobs}/clone`, again);
      await terminate();
    };
    await runJob(late);
    await passTime(world.context);
    expect(placedIn(project)).toEqual(['companion', 'named']);
    expect(placedIn(bobs)).toEqual(['companion', 'named']);
  });

  test('leaves what a user renamed there meanwhile, with its companion', async () => {
    at = completes;
    act = async () => {
      await world.must(`/${made.named}/rename`, { project, name: 'mine' });
      await terminate();
    };
    await runJob(late);
    await passTime(world.context);
    expect(placedIn(project)).toEqual(['companion', 'named']);
  });

  test('leaves the clones of another tenant', async () => {
    at = completes;
    act = async () => {
      await world.must(`/${project}/clone`, { objects: Object.values(made), project: bobs, destination: '/' });
      await terminate();
    };
    await runJob(late);
    await passTime(world.context);
    expect(placedIn(project)).toEqual([]);
    expect(placedIn(bobs).sort()).toEqual(['alone', 'companion', 'named']);
    expect(await world.must(`/${made.alone}/describe`, { project: bobs }, bob)).toMatchObject({ name: 'alone' });
  });
});

test('what was in the project before stays when a job that answers it is terminated', async () => {
  const file = await givenFile(world, project);
  at = completes;
  act = terminate;
  await runJob(false, (all) => ({ ...all, file: link(file) }));
  expect(placedIn(project)).toEqual([]);
  expect(world.context.rows.peek('objects', placementKey(file, project))).toBeDefined();
});

test('an output that a job which is done has as well stays when the other job is terminated', async () => {
  const file = await givenFile(world, bobs);
  const access = { allProjects: 'VIEW' };
  world.programs.set('main', () => ({ output: { file: link(file) } }));
  const applet = await givenApplet(world, project, { access });
  at = completes;
  act = async () => {
    const other = await run(world, applet, { project, input: {}, name: 'other' });
    at = () => false;
    await world.platform.run();
    expect(peekJob(world.context, other).state).toBe('done');
    await terminate();
  };
  job = await run(world, applet, { project, input: {} });
  await world.platform.run();
  await passTime(world.context);
  expect(peekJob(world.context, job).state).toBe('terminated');
  expect(world.context.rows.peek('objects', placementKey(file, project))).toBeDefined();
});

test.each([
  ['one object', 0],
  ['so many objects that the message does not fit into the row', 60],
])('a job of whose output %s was removed after it was seen fails, and the others are taken back', async (_, count) => {
  const { context } = world;
  const extra: ObjectId[] = [];
  act = async () => {
    const { workspace } = await world.must(`/${job}/describe`, {}, alice);
    const removed = [made.alone, ...extra];
    for (const id of removed) await context.rows.delete('objects', placementKey(id, workspace as PlaceId));
  };
  await runJob(false, async (all, make) => {
    for (let index = 0; index < count; index++) extra.push(await make(`extra ${index}`));
    // The plan has read the objects, and the row is read once more before they are cloned.
    let isPlanned = false;
    at = ({ name, detail }) => {
      const waits = peekJob(context, job).state === 'waiting_on_output';
      isPlanned ||= waits && name === 'getMany' && detail.includes(`${made.alone}/P#`);
      return isPlanned && name === 'get' && detail === `executions ${job}/A`;
    };
    return { ...all, extra: extra.map(link) };
  });
  const described = await world.must(`/${job}/describe`);
  expect(described).toMatchObject({ state: 'failed', failureReason: 'OutputError' });
  for (const id of [made.alone, ...extra]) expect(described.failureMessage).toContain(`${id} could not be found`);
  expect(String(peekJob(context, job).failureMessage).endsWith('…')).toBe(count > 0);
  expect(placedIn(project)).toEqual([]);
});

describe('the names of the companions', () => {
  const cutMessage = { failureMessage: `${'x'.repeat(299)}…` };
  /** Takes back twice before the job is done. Returns what is stored then, and how often that was written. */
  async function storedAfter(change: Partial<JobRow>, stored?: () => Hash): Promise<{ body: unknown; writes: number }> {
    const { context } = world;
    const result = { body: undefined as unknown, writes: 0 };
    at = completes;
    act = async () => {
      const row = { ...peekJob(context, job), ...change };
      const id = outputBodyId(row);
      if (stored !== undefined) await context.bodies.save(id, 'output', stored());
      context.bodies.hook = { before: ({ name }) => void (name === 'save' && result.writes++) };
      await takeBack(context, row);
      await takeBack(context, row);
      context.bodies.hook = {};
      result.body = context.bodies.peek(id, 'output');
    };
    await runJob();
    return result;
  }
  const output = () => ({ named: link(made.named), alone: link(made.alone) });

  test('are stored with the output, because the workspace that says which there are is emptied', async () => {
    const { body, writes } = await storedAfter({});
    expect(body).toEqual({ output: output(), objects: [made.named, made.alone, made.companion] });
    expect(writes).toBe(1);
  });

  test('are not stored while a long failure message is still to be stored there', async () => {
    const { body, writes } = await storedAfter(cutMessage);
    expect(body).toEqual({ output: output() });
    expect(writes).toBe(0);
  });

  test('are stored beside a long failure message', async () => {
    const failure = { reason: 'AppError', message: 'x'.repeat(1_000) };
    const { body } = await storedAfter(cutMessage, () => ({ failure, objects: [made.named] }));
    expect(body).toEqual({ failure, objects: [made.named, made.companion] });
  });
});

test('a try whose machine is lost at its last moment leaves only what the next try hands over', async () => {
  const tries: ObjectId[] = [];
  at = completes;
  act = async () => {
    world.context.workers.states.set(taskOf(jobWorker(peekJob(world.context, job))), ended('lost'));
    await sweepExecution(world.context, job);
  };
  const lost = runJob(false, ({ alone }) => {
    tries.push(made.alone);
    return { alone };
  });
  await expect(lost).rejects.toThrow('Its report is not accepted any more');
  await world.platform.run();
  await passTime(world.context);
  await world.platform.sweep();
  await world.platform.run();
  expect(peekJob(world.context, job)).toMatchObject({ state: 'done', try: 1 });
  const placed = tries.map((id) => world.context.rows.peek('objects', placementKey(id, project)) !== undefined);
  expect(placed).toEqual([false, true]);
});
