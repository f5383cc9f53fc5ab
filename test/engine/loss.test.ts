// Drops messages between the parts of the platform, on a clock that the test moves, and measures what each loss costs.

import { expect, test } from 'vitest';
import type { JobId } from '../../core/id/identifier.ts';
import { isTerminal } from '../../core/job/state.ts';
import { isExecutionKey } from '../../core/row/execution/execution.ts';
import { readJob } from '../../core/row/execution/job.ts';
import { createJob } from '../../engine/job/birth.ts';
import { createMemoryContext, type MemoryContext, seededRandom } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, type MemoryPlatform, type Program, peekJob } from '../memory/platform.ts';
import { putProjectOfAlice } from '../memory/project.ts';

const minute = 60_000;
/** Ten minutes, or as long as the job has been there. A sweep comes each minute, and puts a job off for two at least. */
const boundOf = (elapsed: number) => Math.max(2 * minute, Math.min(elapsed, 10 * minute)) + minute;

/** `main` makes a scatter, a gather over it, and a master job with a child. `other` waits for `main`. */
function programOf(context: MemoryContext): Program {
  return async ({ row }) => {
    const make = (name: string, more: object) =>
      createJob(context, planJob(name, { parent: row, now: context.now(), ...more }));
    if (row.name === 'main') {
      const parts = Array.from({ length: 30 }, (_, index) => `part${index}`);
      for (const name of parts) await make(name, {});
      await make('gather', { input: { parts: parts.map((name) => output(name)) } });
      await make('nested', { master: true, input: { of: output('gather') } });
    } else if (row.name === 'nested') await make('leaf', {});
    return { output: { n: 1 } };
  };
}

function output(name: string) {
  return { $dnanexus_link: { job: jobId(name), field: 'n' } };
}

/** Loses each record and message with this probability, and counts the losses. */
function loseSome(context: MemoryContext, platform: MemoryPlatform, share: number, random: () => number): () => number {
  let lost = 0;
  const isKept = () => {
    if (random() >= share) return true;
    lost++;
    return false;
  };
  const { onChange } = context.rows;
  context.rows.onChange = (change) => {
    if (isKept()) onChange?.(change);
  };
  const { sendWork, sendRunnable } = context.queues;
  Object.assign(context.queues, {
    sendWork: (messages: Parameters<typeof sendWork>[0], delay?: number) => sendWork(messages.filter(isKept), delay),
    // If every request for a worker were lost, no job would ever start.
    sendRunnable: (messages: Parameters<typeof sendRunnable>[0], delay?: number) =>
      sendRunnable(share < 1 ? messages.filter(isKept) : messages, delay),
  });
  expect(platform.records).toEqual([]);
  return () => lost;
}

test.each([0.3, 1])(
  'with %d of all messages lost, each loss costs at most ten minutes',
  { timeout: 120_000 },
  async (share) => {
    const seed = Date.now() % 1_000_000;
    console.info(`seed ${seed}`);
    const context = createMemoryContext({ seed });
    await putProjectOfAlice(context);
    const platform = createMemoryPlatform(context, programOf(context));
    const lost = loseSome(context, platform, share, seededRandom(seed));
    const began = context.now();
    await createJob(context, planJob('main', { now: began }));
    await createJob(context, planJob('other', { input: { of: output('main') }, now: began }));
    for (let minutes = 0; minutes < 24 * 60 && !isOver(context); minutes++) {
      await platform.run();
      await platform.sweep();
      await platform.run();
      checkBounds(context);
      context.clock.now += minute;
    }
    const names = [
      'main',
      'other',
      'gather',
      'nested',
      'leaf',
      ...Array.from({ length: 30 }, (_, index) => `part${index}`),
    ];
    expect(names.map((name) => byName(context, name).state)).toEqual(names.map(() => 'done'));
    console.info({ share, lost: lost(), minutes: (context.now() - began) / minute });
    expect(lost()).toBeGreaterThan(20);
    // Along the longest chain, each of the seven jobs changes its state five times at most.
    expect(context.now() - began).toBeLessThan(35 * boundOf(10 * minute));
  },
);

/** No open job is left alone for longer than a loss may cost. */
function checkBounds(context: MemoryContext): void {
  for (const row of context.rows.all('executions')) {
    const job = isExecutionKey(row) ? readJob(row) : undefined;
    if (job?.dueAt === undefined || job.state === 'running') continue;
    expect(job.dueAt - context.now(), `${job.name} ${job.state}`).toBeLessThanOrEqual(
      boundOf(context.now() - job.tryCreated),
    );
  }
}

function isOver(context: MemoryContext): boolean {
  const roots: JobId[] = [jobId('main'), jobId('other')];
  return roots.every((job) => isTerminal(peekJob(context, job).state) && peekJob(context, job).dueAt === undefined);
}
