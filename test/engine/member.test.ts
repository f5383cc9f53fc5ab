// Tests that a master job waits for every job below it before its workspace is destroyed, in trees of every shape, and
// counts the reads in a wide tree.

import { expect, test } from 'vitest';
import { isInside, masterScope, readLineageEntry } from '../../core/execution/scope.ts';
import type { JobRow } from '../../core/job/row.ts';
import { doomRow, treeKey } from '../../core/row/execution/tree.ts';
import { scopeWait } from '../../engine/job/member.ts';
import { sweep } from '../../engine/sweep.ts';
import { createMemoryContext, type MemoryContext, seededRandom } from '../memory/context.ts';
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
  const seed = Date.now() % 1_000_000;
  console.info(`seed ${seed}`);
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
  const { lookedAt, failed } = await sweep(context, 0, { jobCount: 10_000, until: Number.POSITIVE_INFINITY });
  expect({ lookedAt, failed }).toEqual({ lookedAt: width, failed: [] });
  expect(queries).toBe(2 * width);
});
