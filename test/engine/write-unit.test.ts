// Tests how many units a run, a subjob, a wait, and a job that waits for the number of a worker use, counted on the
// memory platform by DynamoDB's rules, with the leases of AWS and of one machine (docs/reference/protocols.md, "Rows").
// A run of the benchmark writes four more, for its applet in its workspace.

import { describe, expect, test } from 'vitest';
import type { JobId } from '../../core/id/identifier.ts';
import { jobKey } from '../../core/row/execution/job.ts';
import { everythingEndsMs } from '../../core/work/message.ts';
import { advance } from '../../engine/advance.ts';
import { createJob } from '../../engine/job/birth.ts';
import { sweepExecution } from '../../engine/sweep.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, type Program, peekJob, taskOf } from '../memory/platform.ts';
import { putProjectOfAlice } from '../memory/project.ts';
import { isIndexEntry, type Step } from '../memory/rows.ts';
import { countUnits } from '../memory/units.ts';
import { ended } from '../memory/workers.ts';
import { givenJob } from '../simulation/world.ts';

type TreeOptions = { readonly chained?: boolean; readonly workersPerUser?: number; readonly leaseSeconds: number };

/**
 * The units that a tree with `subjobCount` subjobs uses. Each subjob waits for the one before when `chained`. By
 * default there is a number for every worker. Time passes between a birth and a claim.
 */
async function unitsOfTree(
  subjobCount: number,
  { chained = false, workersPerUser = 200, leaseSeconds }: TreeOptions,
): Promise<{ writes: number; reads: number; byKey: object }> {
  const context = createMemoryContext({ settings: { workersPerUser, leaseSeconds } });
  const program: Program = async ({ row }) => {
    context.clock.now += passingMs;
    if (row.name !== 'main') return { output: { n: 1 } };
    for (let index = 0; index < subjobCount; index++) {
      const before = { $dnanexus_link: { job: jobId(`sub${index - 1}`), field: 'n' } };
      const input = chained && index > 0 ? { before } : {};
      await createJob(context, planJob(`sub${index}`, { parent: row, input, now: context.now() }));
    }
    context.clock.now += passingMs;
    return { output: {} };
  };
  const platform = createMemoryPlatform(context, program);
  const units = countUnits(context);
  await createJob(context, planJob('main'));
  await platform.run();
  context.clock.now += everythingEndsMs;
  await platform.sweep();
  expect(byName(context, 'main').state).toBe('done');
  expect(byName(context, 'main')).not.toHaveProperty('dueAt');
  return { writes: units.writes, reads: units.reads, byKey: Object.fromEntries(units.byKey) };
}

test.each([
  ['on AWS', 600],
  ['on one machine', 20],
])('a run, a subjob and a wait stay within their limits %s', async (title, leaseSeconds) => {
  const run = await unitsOfTree(0, { leaseSeconds });
  const scatter = await unitsOfTree(100, { leaseSeconds });
  const chain = await unitsOfTree(100, { chained: true, leaseSeconds });
  const narrow = await unitsOfTree(100, { workersPerUser: 11, leaseSeconds });
  const perSubjob = (scatter.writes - run.writes) / 100;
  const readsPerSubjob = (scatter.reads - run.reads) / 100;
  const perWait = (chain.writes - scatter.writes) / 99;
  const perQueued = (narrow.writes - scatter.writes) / 90;
  console.info(title, { run: run.writes, perSubjob, readsPerSubjob, perWait, perQueued });
  // Three of them are the time of the last pass over its workspace.
  expect(run.writes, JSON.stringify(run.byKey)).toBeLessThanOrEqual(14);
  expect(perSubjob, JSON.stringify(scatter.byKey)).toBeLessThanOrEqual(11.2);
  expect(readsPerSubjob).toBeLessThanOrEqual(28.5);
  // The subjobs of the scatter are born runnable. Against a run that does not wait, a wait writes one less.
  expect(perWait, JSON.stringify(chain.byKey)).toBeLessThanOrEqual(4);
  // Two for the row in the queue. The subjobs then end one after another, so that the wait of their parent moves on.
  expect(perQueued, JSON.stringify(narrow.byKey)).toBeLessThanOrEqual(4);
});

/** Before the first step that is meant, another look begins and ends. Returns the writes of both, by name. */
async function countTwoLooks(context: MemoryContext, look: () => Promise<void>, isMeant: (step: Step) => boolean) {
  const writes: string[] = [];
  let isFirst = true;
  context.setHook({
    before: async (step) => {
      const items = step.keys?.filter((key) => !isIndexEntry(key)) ?? [step.detail];
      if (step.writes) writes.push(`${step.name} ${items.join(' ')}`);
      if (!isFirst || !isMeant(step)) return;
      isFirst = false;
      await look();
    },
  });
  await look();
  expect(isFirst).toBe(false);
  return writes;
}

describe('two looks at the same time write once', () => {
  test('when an ended job settles', async () => {
    const context = createMemoryContext();
    const task = taskOf('job');
    const { pk } = await givenJob(context, 'j', { parent: planJob('main').row, at: { state: 'done', task } });
    context.workers.states.set(task, ended('exited'));
    const writes = await countTwoLooks(
      context,
      () => sweepExecution(context, pk),
      ({ port }) => port === 'workers',
    );
    expect(writes).toEqual([`update executions ${pk}/A`]);
    expect(peekJob(context, pk)).not.toHaveProperty('dueAt');
  });

  test('when the last dependency of a job is ready', async () => {
    const { context, pk } = await givenReady();
    const writes = await countTwoLooks(context, () => advance(context, pk), isOutput);
    expect(writes).toEqual([`save bodies ${pk}/input`, `update executions ${pk}/A`]);
    expect(await inputOf(context, pk)).toEqual({ n: 1 });
    expect(peekJob(context, pk).state).toBe('runnable');
  });

  test('when the next try of a waiter begins meanwhile, which alone stores its input', async () => {
    const { context, pk } = await givenReady();
    const saved: string[] = [];
    const tries: number[] = [];
    context.setHook({
      before: async (step) => {
        if (step.name === 'save') saved.push(step.detail);
        if (!isOutput(step)) return;
        tries.push(peekJob(context, pk).try);
        if (tries.length === 1) await context.rows.update('executions', jobKey(pk), { set: { try: 1 } });
      },
    });
    await advance(context, pk);
    expect(tries).toEqual([0, 1]);
    expect(saved).toEqual([`${pk}/input`]);
    expect(peekJob(context, pk)).toMatchObject({ state: 'runnable', try: 1 });
  });
});

/** A subjob that waits for a job which has just ended. */
async function givenReady() {
  const context = createMemoryContext();
  await putProjectOfAlice(context);
  const main = await givenJob(context, 'main', { at: { state: 'running' } });
  const before = await givenJob(context, 'before', { parent: main, at: { state: 'done' } });
  await context.bodies.save(before.pk, 'output', { output: { n: 1 } });
  const input = { n: { $dnanexus_link: { job: before.pk, field: 'n' } } };
  const { pk } = await givenJob(context, 'j', { parent: main, input, at: { state: 'waiting_on_input' } });
  return { context, pk };
}

const isOutput = ({ port, detail }: Step) => port === 'bodies' && detail.includes('/output');
const inputOf = (context: MemoryContext, job: JobId) => context.bodies.load(job, 'input');

/** All subjobs of a tree end within a lease. A job that lives longer than its due time moves it, for two units. */
const passingMs = 50;
