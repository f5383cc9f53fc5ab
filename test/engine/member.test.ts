// Tests that a master job waits for every job below it before its workspace is destroyed, in trees of every shape, and
// counts the reads in a wide tree.

import { describe, expect, test } from 'vitest';
import { isInside, masterScope, readLineageEntry } from '../../core/execution/scope.ts';
import type { JobRow } from '../../core/job/row.ts';
import { doomRow, treeKey } from '../../core/row/execution/tree.ts';
import { memberWait, scopeWait } from '../../engine/job/member.ts';
import { sweepShards } from '../../engine/sweep.ts';
import { waitFor } from '../../engine/wait/wait.ts';
import { createMemoryContext, type MemoryContext, seededRandom } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { peekJob } from '../memory/platform.ts';
import { givenJob } from '../simulation/world.ts';

/** The jobs that a wait pages through, from its start or from a cursor on. */
async function namesOf(context: MemoryContext, waiter: JobRow, attempt: number, from?: string): Promise<string[]> {
  const wait = scopeWait(context, waiter, masterScope(waiter.pk, attempt));
  const found: string[] = [];
  let after = from;
  for (;;) {
    const { items, end } = await wait.page(after);
    found.push(...items.flatMap(({ dependency }) => (dependency.kind === 'execution' ? [dependency.execution] : [])));
    if (end) return found;
    after = items.at(-1)?.cursor ?? after;
    if (items.length === 0) throw new Error('a page without an end');
  }
}

async function givenTree(context: MemoryContext, size: number, random: () => number): Promise<JobRow[]> {
  const jobs = [await givenJob(context, 'origin', { at: { state: 'failed' } })];
  for (let index = 1; index < size; index++) {
    const parent = jobs[Math.floor(random() ** 2 * jobs.length)] ?? jobs[0];
    if (parent === undefined) throw new Error('there is an origin');
    // The parent was in its first try or in its second.
    const born = { ...parent, try: parent.master === parent.pk && random() < 0.3 ? 1 : 0 };
    jobs.push(await givenJob(context, `j${index}`, { parent: born, master: random() < 0.4, at: { state: 'failed' } }));
  }
  return jobs;
}

test('a master job waits for exactly the jobs inside its try, few or many', async () => {
  const seed = Number(process.env.SIMULATION_SEED ?? Date.now() % 1_000_000);
  console.info(`SIMULATION_SEED=${seed}`);
  const random = seededRandom(seed);
  const sizes = { none: 0, few: 0, many: 0 };
  for (let round = 0; round < 30; round++) {
    const context = createMemoryContext();
    const jobs = await givenTree(context, round % 3 === 0 ? 90 : 12, random);
    if (round % 3 === 0) {
      const wide = jobs.filter((job) => job.master === job.pk)[1 + (round % 2)] ?? jobs[0];
      for (let index = 0; index < 120; index++) {
        jobs.push(await givenJob(context, `wide${index}`, { ...(wide && { parent: wide }), at: { state: 'failed' } }));
      }
    }
    for (const job of jobs.filter((one) => one.master === one.pk)) {
      for (const attempt of [0, 1]) {
        const inside = jobs.filter(({ lineage }) => isInside(lineage, masterScope(job.pk, attempt)));
        const found = await namesOf(context, job, attempt);
        expect([...found].sort(), `round ${round} of seed ${seed}`).toEqual(inside.map(({ pk }) => pk).sort());
        sizes[inside.length === 0 ? 'none' : inside.length <= 100 ? 'few' : 'many']++;
      }
    }
  }
  expect(Math.min(sizes.none, sizes.few, sizes.many)).toBeGreaterThan(5);
});

test('a wait continues after its cursor', async () => {
  const context = createMemoryContext();
  const jobs = await givenTree(context, 40, seededRandom(5));
  const master = jobs.find((job, index) => index > 0 && job.master === job.pk);
  if (master === undefined) throw new Error('there is a master');
  for (let index = 0; index < 5; index++)
    await givenJob(context, `c${index}`, { parent: master, at: { state: 'failed' } });
  const all = await namesOf(context, master, 0);
  const { items } = await scopeWait(context, master, masterScope(master.pk, 0)).page(undefined);
  for (const [index, { cursor }] of items.entries()) {
    expect(await namesOf(context, master, 0, cursor)).toEqual(all.slice(index + 1));
  }
  expect(all.length).toBeGreaterThan(4);
});

test('the end of a wide tree costs two queries for each master job', { timeout: 60_000 }, async () => {
  const width = 400;
  const context = createMemoryContext({ settings: { openShardCount: 1 } });
  const origin = await givenJob(context, 'origin', { at: { state: 'failed', dueAt: context.now() + 1_000_000_000 } });
  const cause = { kind: 'termination', execution: origin.pk, try: 0, by: 'user-alice' } as const;
  await context.rows.put('executions', doomRow(origin.pk, masterScope(origin.pk, 0), cause, context.now()));
  const ended = { state: 'terminated', dueAt: context.now() - 1 } as const;
  for (let index = 0; index < width; index++) {
    const master = await givenJob(context, `m${index}`, { parent: origin, master: true, at: ended });
    expect(readLineageEntry(master.lineage[0] ?? '').execution).toBe(origin.pk);
    await givenJob(context, `s${index}`, { parent: master, at: { state: 'terminated' } });
  }
  let queries = 0;
  context.setHook({
    before: ({ name, detail }) => {
      if (name === 'query' && detail.includes(`${treeKey(origin.pk)}/`)) queries++;
    },
  });
  const { lookedAt, failed } = await sweepShards(context, { jobCount: 10_000, until: Number.POSITIVE_INFINITY });
  expect({ lookedAt, failed }).toEqual({ lookedAt: width, failed: [] });
  expect(queries).toBe(2 * width);
});

/** The ranges of members that are read from now on: `<parent>#`, or nothing for all of a tree. */
function watchMembers(context: MemoryContext): string[] {
  const ranges: string[] = [];
  context.setHook({
    before: ({ name, detail }) => {
      const range = /\/(job-[^*]*|)\* after/.exec(detail)?.[1];
      if (name === 'query' && range !== undefined) ranges.push(range);
    },
  });
  return ranges;
}

describe('the reads of a master job that waits for everything below it', () => {
  const at = { state: 'done' } as const;

  /** A master job below an origin job. Below it are 50 subjobs, and so many have a subjob of their own. */
  async function givenNested(leafCount: number) {
    const context = createMemoryContext();
    const origin = await givenJob(context, 'origin', { at: { state: 'failed' } });
    const nested = await givenJob(context, 'nested', { parent: origin, master: true, at });
    const leaves: JobRow[] = [];
    for (let index = 0; index < Math.max(50, leafCount); index++) {
      const parent = index < 50 ? await givenJob(context, `s${index}`, { parent: nested, at }) : leaves[0];
      if (index < leafCount && parent !== undefined) leaves.push(await givenJob(context, `l${index}`, { parent, at }));
    }
    return { context, nested, leaves };
  }

  test.each([
    [50, true],
    [51, false],
  ])(
    'go down from it while at most a hundred are below: %i more than 50, and to their ends: %s',
    async (more, goesOn) => {
      const { context, nested, leaves } = await givenNested(more);
      const ranges = watchMembers(context);
      const wait = scopeWait(context, nested, masterScope(nested.pk, 0));
      expect((await wait.page(undefined)).items).toHaveLength(goesOn ? 100 : 99);
      const last = leaves.at(-1)?.pk ?? '';
      expect({ isFollowed: ranges.some((range) => range.includes(last)), isWhole: ranges.includes('') }).toEqual({
        isFollowed: goesOn,
        isWhole: !goesOn,
      });
    },
  );

  test('are pages of the whole tree for its root', async () => {
    const { context } = await givenNested(1);
    const ranges = watchMembers(context);
    const origin = peekJob(context, jobId('origin'));
    await scopeWait(context, origin, masterScope(origin.pk, 0)).page(undefined);
    expect(ranges).toEqual(['']);
  });

  test('are not repeated when a job ends while the edge on it is written, and reach no further than the next', async () => {
    const { context, nested } = await givenNested(0);
    const running = ['s1', 's2', 's3'].map((name) => jobId(name)).sort();
    for (const job of running) {
      await context.rows.update('executions', { pk: job, sk: 'A' }, { set: { state: 'running' } });
    }
    const ranges = watchMembers(context);
    const { before } = context.rows.hook;
    const edges: string[] = [];
    context.setHook({
      ...(before && { before }),
      after: async ({ name, detail }) => {
        const edge = /executions (job-\w+)\/W#/.exec(detail)?.[1];
        if (name !== 'put' || edge === undefined) return;
        edges.push(edge);
        if (edges.length === 1) await context.rows.update('executions', { pk: edge, sk: 'A' }, { set: at });
      },
    });
    expect((await waitFor(context, scopeWait(context, nested, masterScope(nested.pk, 0)))).kind).toBe('waiting');
    expect(edges).toEqual(running.slice(0, 2));
    expect(new Set(ranges).size).toBe(ranges.length);
  });

  test('end with the page on which the last children are', async () => {
    const { context, nested } = await givenNested(0);
    const ranges = watchMembers(context);
    expect(await waitFor(context, memberWait(context, nested, undefined))).toEqual({ kind: 'ready' });
    expect(ranges).toHaveLength(1);
  });
});
