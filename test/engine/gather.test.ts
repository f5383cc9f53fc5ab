// Counts what one job costs that waits for thousands of others, in whatever order they end. GATHER_WIDTH makes it wider.

import { describe, expect, test } from 'vitest';
import type { JobId } from '../../core/id/identifier.ts';
import type { JobRow } from '../../core/job/row.ts';
import { advance } from '../../engine/advance.ts';
import { createJob } from '../../engine/job/birth.ts';
import { saveJob } from '../../engine/store/save-job.ts';
import { createMemoryContext, type MemoryContext, seededRandom } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { byName, peekJob } from '../memory/platform.ts';
import { putProjectOfAlice } from '../memory/project.ts';
import { givenJob } from '../simulation/world.ts';

const width = Number(process.env.GATHER_WIDTH ?? 2_000);
/** A look finds about 250 of 10,000 dependencies ready that end in order, and at last each of 25. */
const atMost = { edges: 100, loads: 100, writes: 50 };

const orders: readonly [string, (rows: JobRow[]) => JobRow[]][] = [
  ['in creation order', (rows) => rows],
  ['in reversed order', (rows) => rows.toReversed()],
  ['in random order', (rows) => shuffled(rows, seededRandom(7))],
  ['the last first, then in creation order', (rows) => [...rows.slice(-1), ...rows.slice(0, -1)]],
];

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((first, second) => first.at - second.at)
    .map(({ item }) => item);
}

/** Jobs that end one by one, and a gather that takes a field of each. Every end is delivered before the next. */
async function gather(count: number, order: (rows: JobRow[]) => JobRow[]) {
  const context = createMemoryContext();
  await putProjectOfAlice(context);
  const rows: JobRow[] = [];
  for (let index = 0; index < count; index++) {
    rows.push(await givenJob(context, `d${index}`, { at: { state: 'waiting_on_output' } }));
  }
  const input = { parts: rows.map(({ pk: job }) => ({ $dnanexus_link: { job, field: 'n' } })) };
  const { id } = planJob('gather');
  const counts = countGather(context, id);
  await createJob(context, planJob('gather', { input }));
  await advance(context, id);
  for (const row of order(rows)) {
    expect(peekJob(context, id).state).toBe('waiting_on_input');
    await context.bodies.save(row.pk, 'output', { output: { n: 1 } });
    await saveJob(context, peekJob(context, row.pk), { kind: 'complete' });
    await advance(context, row.pk);
  }
  return { context, id, counts };
}

function countGather(context: MemoryContext, gatherer: JobId) {
  const counts = { edges: 0, loads: 0, writes: 0, reads: 0 };
  context.setHook({
    before: ({ port, name, detail, writes }) => {
      if (port === 'bodies' && name === 'load' && detail === `${gatherer}/spec`) counts.loads++;
      else if (port === 'rows' && name === 'put' && detail.includes('/W#')) counts.edges++;
      else if (port === 'rows' && writes && detail.startsWith(`executions ${gatherer}/A`)) counts.writes++;
      else if (port === 'rows' && name === 'getMany') counts.reads += detail.split(' ').length / 2;
    },
  });
  return counts;
}

describe(`a job that waits for ${width} others`, () => {
  test.each(orders)(
    'that end %s looks rarely, and starts when the last has ended',
    async (title, order) => {
      const { context, id, counts } = await gather(width, order);
      console.info(title, counts);
      expect(peekJob(context, id).state).toBe('runnable');
      expect(counts.edges).toBeLessThan(atMost.edges);
      expect(counts.loads).toBeLessThan(atMost.loads);
      expect(counts.writes).toBeLessThan(atMost.writes);
    },
    120_000,
  );
});

describe('a job that waits for 60 others', () => {
  test('does not start before the first of them, which ends last', async () => {
    const context = createMemoryContext();
    const names = Array.from({ length: 60 }, (_, index) => `d${index}`);
    for (const name of names) await givenJob(context, name, { at: { state: 'waiting_on_output' } });
    const waiter = await givenJob(context, 'j', { dependsOn: names.map(jobId), at: { state: 'waiting_on_input' } });
    for (const name of names.slice(1)) await saveJob(context, byName(context, name), { kind: 'complete' });
    await advance(context, waiter.pk);
    await advance(context, waiter.pk);
    expect(peekJob(context, waiter.pk).state).toBe('waiting_on_input');
    await saveJob(context, byName(context, 'd0'), { kind: 'complete' });
    await advance(context, jobId('d0'));
    expect(peekJob(context, waiter.pk).state).toBe('runnable');
  });

  test('continues behind an edge whose job ends while it is written, and waits for the others', async () => {
    const context = createMemoryContext();
    const names = Array.from({ length: 60 }, (_, index) => `d${index}`);
    for (const name of names) await givenJob(context, name, { at: { state: 'waiting_on_output' } });
    const waiter = await givenJob(context, 'j', { dependsOn: names.map(jobId), at: { state: 'waiting_on_input' } });
    const ended: string[] = [];
    context.setHook({
      after: async ({ name, detail }) => {
        const job = names.map(jobId).find((one) => name === 'put' && detail.startsWith(`executions ${one}/W#`));
        if (job === undefined || ended.length >= 20) return;
        ended.push(job);
        await saveJob(context, peekJob(context, job), { kind: 'complete' });
      },
    });
    await advance(context, waiter.pk);
    context.setHook({});
    expect(ended).toHaveLength(20);
    expect(peekJob(context, waiter.pk).state).toBe('waiting_on_input');
    const left = names.map(jobId).filter((job) => peekJob(context, job).state !== 'done');
    for (const job of left) {
      expect(peekJob(context, waiter.pk).state).toBe('waiting_on_input');
      await saveJob(context, peekJob(context, job), { kind: 'complete' });
      await advance(context, job);
    }
    expect(peekJob(context, waiter.pk).state).toBe('runnable');
  });

  test('fails at once when one of the last 25 fails, and at its next look when one of many fails', async () => {
    const context = createMemoryContext();
    const names = Array.from({ length: 60 }, (_, index) => `d${index}`);
    for (const name of names) await givenJob(context, name, { at: { state: 'waiting_on_output' } });
    for (const [name, of] of [
      ['few', names.slice(0, 25)],
      ['many', names],
    ] as const) {
      await givenJob(context, name, { dependsOn: of.map(jobId), at: { state: 'waiting_on_input' } });
      await advance(context, jobId(name));
    }
    const failure = { reason: 'AppError', message: 'as told' } as const;
    await saveJob(context, byName(context, 'd3'), { kind: 'fail', failure });
    await advance(context, jobId('d3'));
    expect(byName(context, 'few')).toMatchObject({ state: 'failed', failureReason: 'DependencyUnsatisfiable' });
    await advance(context, jobId('many'));
    expect(byName(context, 'many')).toMatchObject({
      state: 'failed',
      failureReason: 'DependencyUnsatisfiable',
    });
  });
});
