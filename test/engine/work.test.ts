// Tests the messages of the work queue: when they are delivered, and what becomes of one that nobody knows. And the
// bodies that are read for them: one that is missing, or of a job that failed.

import { describe, expect, test } from 'vitest';
import { findReferences } from '../../core/reference/find.ts';
import { loadFromSpecs, loadOutput, loadOutputs, loadSpec } from '../../engine/store/load-job.ts';
import { mapLimited } from '../../engine/store/map-limited.ts';
import { sendWork } from '../../engine/store/send-work.ts';
import { doWork } from '../../engine/work.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { peekJob } from '../memory/platform.ts';
import { givenJob } from '../simulation/world.ts';

const main = jobId('main');

describe('a message of the work queue', () => {
  test('is not sent when there is none', async () => {
    const context = createMemoryContext();
    const calls: string[] = [];
    context.setHook({ before: ({ name }) => void calls.push(name) });
    await sendWork(context, [], context.now() + 5);
    expect(calls).toEqual([]);
  });

  test.each([
    ['at once', undefined, 0],
    ['at once', -5_000, 0],
    ['not before its time, in whole seconds', 1_500, 2_000],
    ['after at most the longest delay of a queue', 3_600_000, 900_000],
  ])('is delivered %s', async (_, laterMs, delayMs) => {
    const context = createMemoryContext();
    const notBefore = laterMs === undefined ? undefined : context.now() + laterMs;
    await sendWork(context, [{ kind: 'advance', execution: main }], notBefore);
    expect(context.queues.work.map(({ visibleAt }) => visibleAt - context.now())).toEqual([delayMs]);
  });

  test('goes round until its time has come, and is then carried out once', async () => {
    const context = createMemoryContext();
    await givenJob(context, 'main', { at: { state: 'idle' } });
    await sendWork(context, [{ kind: 'advance', execution: main }], context.now() + 1_000_000);
    const deliver = async () => {
      const [sent] = context.queues.work.splice(0);
      context.clock.now = sent?.visibleAt ?? 0;
      await doWork(context, sent?.message);
    };
    await deliver();
    expect(peekJob(context, main).state).toBe('idle');
    expect(context.queues.work).toHaveLength(1);
    await deliver();
    expect(peekJob(context, main).state).toBe('runnable');
    expect(context.queues.work).toEqual([]);
  });

  test.each([
    ['another version', { v: 9, kind: 'advance', execution: main }, '"v":9'],
    ['nothing', undefined, 'undefined'],
  ])('of %s is an error, so that it is kept for the operator', async (_, body, shown) => {
    await expect(doWork(createMemoryContext(), body)).rejects.toThrow('not a work message: ');
    await expect(doWork(createMemoryContext(), body)).rejects.toThrow(shown);
  });

  test('about a document has it collected', async () => {
    const context = createMemoryContext();
    const collected: string[] = [];
    context.bodies.collect = async (key) => void collected.push(key);
    await sendWork(context, [{ kind: 'document', key: 'd/1' }]);
    await doWork(context, context.queues.work[0]?.message);
    expect(collected).toEqual(['d/1']);
  });
});

describe('the bodies of a job', () => {
  test('are a specification, which must be there', async () => {
    await expect(loadSpec(createMemoryContext(), main)).rejects.toThrow('has a row but no specification');
  });

  test('of many jobs leave those out that have none', async () => {
    const context = createMemoryContext();
    await givenJob(context, 'main', { at: {} });
    const names = await loadFromSpecs(context, [jobId('none'), main, main], ({ name }) => name);
    expect(names).toEqual(new Map([[main, 'main']]));
  });

  test('are an output, which is empty for a job that failed or has not reported', async () => {
    const context = createMemoryContext();
    const row = await givenJob(context, 'main', { at: { state: 'failed' } });
    expect(await loadOutput(context, row)).toEqual({});
    await context.bodies.save(main, 'output', { failure: { reason: 'AppError', message: 'no reads' } });
    expect(await loadOutput(context, row)).toEqual({});
  });

  test('are read of jobs that are done, and of no others', async () => {
    const context = createMemoryContext();
    const rows = [
      await givenJob(context, 'main', { at: { state: 'done' } }),
      await givenJob(context, 'other', { at: { state: 'waiting_on_output' } }),
      undefined,
    ];
    for (const { pk } of rows.filter((row) => row !== undefined))
      await context.bodies.save(pk, 'output', { output: { n: 1 } });
    const input = [main, jobId('other')].map((job) => ({ $dnanexus_link: { job, field: 'n' } }));
    expect([...(await loadOutputs(context, rows, findReferences(input))).keys()]).toEqual([main]);
  });
});

test('no further item is begun after one has failed', async () => {
  const begun: number[] = [];
  const act = async (item: number) => {
    begun.push(item);
    await Promise.resolve();
    if (item === 1) throw new Error('broken');
  };
  await expect(mapLimited([0, 1, 2, 3, 4, 5], act, 2)).rejects.toThrow('broken');
  expect(begun.length).toBeLessThan(5);
});
