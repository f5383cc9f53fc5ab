// Tests the last pass over what an ended job may have left: it comes from the job's row, without any message.

import { beforeEach, expect, test } from 'vitest';
import type { JobId, ObjectId, ProjectId } from '../../core/id/identifier.ts';
import { jobWorker } from '../../core/job/row.ts';
import type { Hash } from '../../core/reference/value.ts';
import { placementKey } from '../../core/row/objects.ts';
import { sweepExecution } from '../../engine/sweep.ts';
import { terminateTree } from '../../engine/terminate.ts';
import { alice, asJob, givenApplet, givenProject, givenWorld, run, type World } from '../api/execution-world.ts';
import { peekJob, taskOf } from '../memory/platform.ts';
import type { Step } from '../memory/rows.ts';
import { ended } from '../memory/workers.ts';

let world: World;
let project: ProjectId;
let job: JobId;
const link = (value: unknown): Hash => ({ $dnanexus_link: value });

beforeEach(async () => {
  world = await givenWorld();
  project = await givenProject(world);
});

/** Runs a job that makes folders and records in its workspace, two of them visible, and answers those. */
async function runJob(more: { readonly fails?: boolean; readonly staysIn?: number } = {}): Promise<ObjectId[]> {
  const made: ObjectId[] = [];
  world.programs.set('main', async (claimed) => {
    const caller = await asJob(world, claimed);
    const { workspace } = await world.must(`/${claimed.row.pk}/describe`, {}, alice);
    const make = async (name: string, fields: Hash = {}) => {
      const body = { project: workspace, folder: '/deep/er', parents: true, name, close: true, ...fields };
      const { id } = await world.must('/record/new', body, caller);
      made.push(id as ObjectId);
      return id;
    };
    const companion = await make('companion', { hidden: true });
    const output = {
      named: link(await make('named', { details: { x: link(companion) } })),
      alone: link(await make('alone')),
    };
    if (claimed.row.try === more.staysIn) return undefined;
    return more.fails === true ? { failure: { type: 'AppError', message: 'on purpose' } } : { output };
  });
  job = await run(world, await givenApplet(world, project), { project, input: {} });
  await world.platform.run();
  return made;
}

/** Loses every message of the work queue, and sweeps each minute of two hours. */
async function sweepWithoutMessages(): Promise<void> {
  const { context, platform } = world;
  for (let minute = 0; minute < 120; minute++) {
    context.queues.work = [];
    context.clock.now += 60_000;
    await platform.sweep();
    await platform.run();
  }
}

function leftOfWorkspaces(): string[] {
  const prefix = `container-${job.slice('job-'.length, -2)}`;
  const { rows } = world.context;
  return [...rows.all('containers'), ...rows.all('objects')].flatMap(({ pk, sk }) =>
    `${pk} ${sk}`.includes(prefix) ? [`${pk} ${sk}`] : [],
  );
}

test.each([
  ['done', false],
  ['failed', true],
])('nothing is left of the workspace of a job that is %s when every message is lost', async (state, fails) => {
  await runJob({ fails });
  expect(peekJob(world.context, job).state).toBe(state);
  expect(leftOfWorkspaces()).not.toEqual([]);
  await sweepWithoutMessages();
  expect(leftOfWorkspaces()).toEqual([]);
  expect(peekJob(world.context, job)).not.toHaveProperty('dueAt');
  expect(peekJob(world.context, job)).not.toHaveProperty('lastPassAt');
});

test('nothing is left of the workspaces of earlier tries when every message is lost', async () => {
  const { context, platform } = world;
  await runJob({ staysIn: 0 });
  context.workers.states.set(taskOf(jobWorker(peekJob(context, job))), ended('lost'));
  await sweepExecution(context, job);
  await platform.run();
  expect(peekJob(context, job)).toMatchObject({ state: 'done', try: 1 });
  await sweepWithoutMessages();
  expect(leftOfWorkspaces()).toEqual([]);
});

test('the last pass waits until every call that was under way has ended', async () => {
  const { context, platform } = world;
  await runJob();
  const before = leftOfWorkspaces();
  const { lastPassAt = 0, dueAt } = peekJob(context, job);
  expect(lastPassAt - context.now()).toBe(15 * 60_000);
  expect(dueAt).toBe(lastPassAt);
  context.clock.now = lastPassAt - 1;
  await sweepExecution(context, job);
  await platform.run();
  expect(leftOfWorkspaces()).toEqual(before);
  context.clock.now = lastPassAt;
  await sweepExecution(context, job);
  expect(leftOfWorkspaces()).toEqual([]);
});

test('clones that come after their try has ended are taken back when every message is lost', async () => {
  const { context } = world;
  let count = 0;
  let hasEnded = false;
  let isDead = false;
  const places = ({ name, detail }: Step) => name === 'put' && detail.includes(`P#${project}`);
  context.rows.hook = {
    before: async (step) => {
      if (isDead) throw new Error('the function ended here');
      if (!places(step) || ++count !== 2) return;
      await terminateTree(context, job, alice);
      await world.platform.run();
      hasEnded = true;
    },
    after: async (step) => {
      if (hasEnded && places(step)) isDead = true;
    },
  };
  const jobs = new Set(context.rows.all('executions').map(({ pk }) => pk));
  const made = await runJob().catch(() => []);
  context.rows.hook = {};
  job = context.rows.all('executions').find(({ pk, sk }) => sk === 'A' && !jobs.has(pk))?.pk as JobId;
  const placed = () =>
    context.rows.all('objects').filter(({ sk }) => sk === placementKey('record-x' as ObjectId, project).sk);
  expect(made).toEqual([]);
  expect(isDead).toBe(true);
  expect(placed()).not.toEqual([]);
  await sweepWithoutMessages();
  expect(peekJob(context, job).state).toBe('terminated');
  expect(placed().filter(({ pk }) => pk.startsWith('record-'))).toEqual([]);
});
