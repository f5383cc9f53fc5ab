// Tests that the end of a tree asks every worker to stop at once, also on trees of several pages and while the workers
// that were asked go on, and that launches of ended jobs are stopped.

import { describe, expect, test } from 'vitest';
import type { JobId } from '../../core/id/identifier.ts';
import { jobWorker } from '../../core/job/row.ts';
import { createJob } from '../../engine/job/birth.ts';
import { finish } from '../../engine/job/finish.ts';
import { sweepForWorker } from '../../engine/sweep.ts';
import { terminateTree } from '../../engine/terminate.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, type Program, taskOf } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';

const width = 60;
const subjobs = Array.from({ length: width }, (_, index) => `sub${index}`);
const firstTask = (job: JobId) => taskOf(`${job}-t0-l0`);

/** A running tree of three pages of members, and a tree of another user. No worker ends when it is asked to. */
async function givenRunningTree() {
  const context = createMemoryContext();
  const program: Program = async ({ row }) => {
    if (row.name === 'main') for (const name of subjobs) await createJob(context, planJob(name, { parent: row }));
    return undefined;
  };
  const platform = createMemoryPlatform(context, program);
  context.workers.stopAtOnce = false;
  await createJob(context, planJob('main'));
  await createJob(context, planJob('bob', { row: { launchedBy: 'user-bob' } }));
  await platform.run();
  expect(statesOf(context, ['main', 'bob', ...subjobs])).toEqual(['running']);
  return { context, platform };
}

function statesOf(context: MemoryContext, names: readonly string[]): string[] {
  return [...new Set(names.map((name) => byName(context, name).state))];
}

function allTasks(names: readonly string[]): Set<string> {
  return new Set(names.map((name) => firstTask(jobId(name))));
}

describe('every worker of a tree of 61 running jobs is asked to stop, while no clock moves and no worker ends', () => {
  test('when a user terminates the tree', async () => {
    const { context, platform } = await givenRunningTree();
    await terminateTree(context, jobId('sub7'), 'user-alice');
    await platform.run();
    expect(context.workers.stopping).toEqual(allTasks(['main', ...subjobs]));
    expect(statesOf(context, ['main', ...subjobs])).toEqual(['terminating']);
    expect(statesOf(context, ['bob'])).toEqual(['running']);
  });

  test('when one of them fails', async () => {
    const { context, platform } = await givenRunningTree();
    await finish(context, byName(context, 'sub7'), { failure: { type: 'AppError', message: 'no reads' } });
    await platform.run();
    expect(context.workers.stopping).toEqual(allTasks(['main', ...subjobs.filter((name) => name !== 'sub7')]));
    expect(statesOf(context, ['bob'])).toEqual(['running']);
  });

  test('when its origin job fails', async () => {
    const { context, platform } = await givenRunningTree();
    await finish(context, byName(context, 'main'), { failure: { type: 'AppError', message: 'no reads' } });
    await platform.run();
    expect(context.workers.stopping).toEqual(allTasks(subjobs));
    expect(statesOf(context, ['bob'])).toEqual(['running']);
  });

  test('and the first page by the call that terminates, even if every message is lost', async () => {
    const { context, platform } = await givenRunningTree();
    await terminateTree(context, jobId('main'), 'user-alice');
    context.queues.work.length = 0;
    await platform.run();
    expect(context.workers.stopping.size).toBe(26);
    for (const task of context.workers.stopping) context.workers.states.set(task, ended('stopped'));
    context.workers.stopAtOnce = true;
    for (let round = 0; round < 5; round++) {
      context.clock.now += 601_000;
      await platform.sweep();
      await platform.run();
    }
    expect(statesOf(context, ['main', ...subjobs])).toEqual(['terminated']);
  });
});

describe('a launch that no worker has claimed is stopped', () => {
  /** A main job whose subjob has a launch under way that never claims. */
  async function givenLaunch() {
    const context = createMemoryContext();
    const platform = createMemoryPlatform(context, async ({ row }) => {
      if (row.name === 'main') await createJob(context, planJob('sub', { parent: row }));
      return undefined;
    });
    const start = context.workers.start;
    context.workers.start = async (worker, input) => {
      await start(worker, input);
      const launch = context.workers.launches.get(worker);
      if (input.environment.ESPALIER_JOB === jobId('sub') && launch !== undefined) hidden.set(worker, launch);
      if (hidden.has(worker)) context.workers.launches.delete(worker);
    };
    const hidden = new Map<string, { state: { kind: string } }>();
    await createJob(context, planJob('main'));
    await platform.run();
    const worker = jobWorker(byName(context, 'sub'));
    const stopped: string[] = [];
    context.workers.launchState = async (asked) => (asked === worker ? { kind: 'starting' } : undefined);
    context.workers.stopLaunch = async (asked) => void stopped.push(asked);
    expect(statesOf(context, ['main', 'sub']).sort()).toEqual(['runnable', 'running']);
    return { context, platform, worker, stopped };
  }

  test('when its tree is terminated', async () => {
    const { context, platform, worker, stopped } = await givenLaunch();
    await terminateTree(context, jobId('main'), 'user-alice');
    await platform.run();
    expect(stopped).toContain(worker);
  });

  test('when the try that it belongs to is given up', async () => {
    const { context, platform, worker, stopped } = await givenLaunch();
    context.workers.states.set(firstTask(jobId('main')), ended('lost'));
    await sweepForWorker(context, jobId('main'));
    await platform.run();
    expect(stopped).toContain(worker);
    expect(byName(context, 'main').try).toBe(1);
  });
});
