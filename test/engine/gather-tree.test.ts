// Runs a whole tree, from the births of its subjobs to a gather over all of them, and counts how often each item is
// written. The same for a tree that is terminated. GATHER_WIDTH makes the trees wider.

import { describe, expect, test } from 'vitest';
import { given } from '../../core/given.ts';
import type { JobState } from '../../core/job/state.ts';
import { createJob } from '../../engine/job/birth.ts';
import { sweepForWorker } from '../../engine/sweep.ts';
import { terminateTree } from '../../engine/terminate.ts';
import { createMemoryContext, type MemoryContext, seededRandom } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, isSettled, type Program, peekJob, taskOf } from '../memory/platform.ts';
import { putProjectOfAlice } from '../memory/project.ts';
import { isIndexEntry } from '../memory/rows.ts';
import { countUnits } from '../memory/units.ts';
import { ended } from '../memory/workers.ts';
import { givenJob } from '../simulation/world.ts';

const width = Number(process.env.GATHER_WIDTH ?? 500);
const names = Array.from({ length: width }, (_, index) => `s${index}`);
const timeout = 60_000 + width * 60;

/** The times at which the subjobs count as created. Jobs that wait for a number of a worker get it in this order. */
const orders: readonly [string, () => number[]][] = [
  ['in creation order', () => names.map((_, index) => index)],
  ['shuffled', () => shuffled(names.map((_, index) => index))],
];

function shuffled(items: readonly number[]): number[] {
  const random = seededRandom(7);
  return items
    .map((item) => ({ item, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}

/** Counts the writes of each item, also those that are refused, and the loads of the gather's bodies. */
function countWrites(context: MemoryContext) {
  const units = countUnits(context);
  const { after } = context.rows.hook;
  const counts = { units, loads: 0, writes: new Map<string, number>() };
  context.setHook({
    ...given({ after }),
    before: ({ port, name, detail, writes, keys = [detail] }) => {
      if (port === 'bodies' && name === 'load' && detail.startsWith(jobId('gather'))) counts.loads++;
      if (!writes || (port !== 'rows' && port !== 'bodies')) return;
      for (const key of keys) if (!isIndexEntry(key)) counts.writes.set(key, (counts.writes.get(key) ?? 0) + 1);
    },
  });
  return counts;
}

/** The most writes of one item whose key begins so, or does not. */
function mostWrites(writes: ReadonlyMap<string, number>, isMeant: (key: string) => boolean): number {
  return Math.max(...[...writes].map(([key, count]) => (isMeant(key) ? count : 0)));
}

const isWorker = (key: string) => key.startsWith('executions worker#');

async function createSubjobs(context: MemoryContext, parent: ReturnType<typeof peekJob>, times: number[]) {
  for (const [index, name] of names.entries()) {
    const dependsOn = parent.name === 'ended' && index % 2 === 0 ? [jobId('other')] : [];
    await createJob(context, planJob(name, { parent, dependsOn, now: context.now() + (times[index] ?? 0) }));
  }
  context.clock.now += width;
  const input = { parts: names.map((name) => ({ $dnanexus_link: { job: jobId(name), field: 'n' } })) };
  await createJob(context, planJob('gather', { parent, input, now: context.now() }));
}

describe(`a tree of ${width} subjobs and a gather over them`, () => {
  test.each(orders)('that run %s writes no item often', { timeout }, async (title, times) => {
    const context = createMemoryContext();
    await putProjectOfAlice(context);
    const program: Program = async ({ row, input }) => {
      if (row.name === 'gather') return { output: { n: (input.parts as unknown[]).length } };
      if (row.name !== 'main') return { output: { n: 1 } };
      await createSubjobs(context, row, times());
      return { output: {} };
    };
    const platform = createMemoryPlatform(context, program);
    const counts = countWrites(context);
    await createJob(context, planJob('main'));
    await platform.run();
    expect([...names, 'gather', 'main'].filter((name) => byName(context, name).state !== 'done')).toEqual([]);
    expect(await context.bodies.load(jobId('gather'), 'output')).toEqual({ output: { n: width } });
    const most = {
      item: mostWrites(counts.writes, (key) => !isWorker(key)),
      worker: mostWrites(counts.writes, isWorker),
    };
    console.info(title, { most, loads: counts.loads, perSubjob: counts.units.writes / width });
    expect(most.item).toBeLessThanOrEqual(100);
    // The row of a number is written once for each job that gets the number.
    expect(most.worker).toBeLessThanOrEqual(width / context.settings.workersPerUser + 50);
    expect(counts.loads).toBeLessThanOrEqual(500);
    // Two for the row in the queue for a number.
    expect(counts.units.writes / width).toBeLessThanOrEqual(13.5);
  });

  test('that is terminated writes a waiting job twice and a running one three times', { timeout }, async () => {
    const context = createMemoryContext();
    await putProjectOfAlice(context);
    await givenJob(context, 'other', { at: { state: 'running', dueAt: context.now() + 1e12 } });
    const program: Program = async ({ row }) => {
      if (row.name === 'ended') await createSubjobs(context, row, [...names.keys()]);
      return undefined;
    };
    const platform = createMemoryPlatform(context, program);
    context.workers.stopAtOnce = false;
    await createJob(context, planJob('ended'));
    await platform.run();
    const all = [...names, 'gather', 'ended'].map(jobId);
    const before = new Map(all.map((job) => [job, peekJob(context, job).state]));
    const { writes } = countWrites(context);
    await terminateTree(context, jobId('ended'), 'user-alice');
    await platform.run();
    for (const job of all) {
      const task = taskOf(`${job}-t0-l0`);
      if (!context.workers.stopping.has(task)) continue;
      context.workers.states.set(task, ended('stopped'));
      await sweepForWorker(context, job);
      await platform.run();
    }
    expect(all.filter((job) => peekJob(context, job).state !== 'terminated')).toEqual([]);
    expect(all.filter((job) => !isSettled(peekJob(context, job)))).toEqual([]);
    const most: { [state in JobState]?: number } = {};
    for (const [job, state] of before) {
      most[state] = Math.max(most[state] ?? 0, writes.get(`executions ${job}/A`) ?? 0);
    }
    console.info('terminated', most);
    expect(most).toEqual({ waiting_on_input: 2, runnable: 2, running: 3 });
  });
});
