// Tests what a record of the stream, a message and an edge make of a row, and the chains of messages by which long steps
// go on. Every look costs reads and writes, so a look that has nothing to do makes none.

import { describe, expect, test } from 'vitest';
import { type JobRow, ownScope } from '../../core/job/row.ts';
import { edgeKey, edgeRow } from '../../core/row/execution/edge.ts';
import { toRow } from '../../core/row/execution/job.ts';
import { advance, look, onExecutionChange, onObjectClosed, resume } from '../../engine/advance.ts';
import { putDoom } from '../../engine/job/doom.ts';
import { saveJob } from '../../engine/store/save-job.ts';
import { sweepExecution } from '../../engine/sweep.ts';
import { doWork } from '../../engine/work.ts';
import { samples } from '../core/row-samples.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { byName, createMemoryPlatform, isSettled, peekJob, taskOf } from '../memory/platform.ts';
import type { WorkRecord } from '../memory/workers.ts';
import { givenJob } from '../simulation/world.ts';

/** The calls of the ports from now on, as `name detail`. */
function watch(context: MemoryContext): string[] {
  const calls: string[] = [];
  context.setHook({ before: ({ name, detail }) => void calls.push(`${name} ${detail}`) });
  return calls;
}

describe('a record of the stream', () => {
  const rows = samples.filter(({ kind }) => kind.table === 'executions' && !['job', 'analysis'].includes(kind.name));
  test.each(rows.map(({ kind, row }) => [kind.name, row] as const))(
    'of a row of kind "%s" calls for nothing',
    async (_, row) => {
      const context = createMemoryContext();
      const calls = watch(context);
      await onExecutionChange(context, row);
      expect(calls).toEqual([]);
    },
  );

  test.each<[what: string, change: Partial<JobRow>]>([
    ['a new due time', { dueAt: 5 }],
    ['a longer lease', { leaseUntil: 7 }],
  ])('that holds only %s calls for nothing', async (_, change) => {
    const context = createMemoryContext();
    const before = await givenJob(context, 'j', { at: { state: 'runnable' } });
    const calls = watch(context);
    await onExecutionChange(context, toRow({ ...before, ...change }), toRow(before));
    expect(calls).toEqual([]);
  });

  test('of a job that runs calls for nothing, because its worker reports', async () => {
    const context = createMemoryContext();
    const row = await givenJob(context, 'j', { at: { state: 'running' } });
    const calls = watch(context);
    await onExecutionChange(context, toRow(row));
    expect(calls).toEqual([]);
  });

  test.each<[what: string, before: Partial<JobRow>]>([
    ['state', { state: 'waiting_on_input' }],
    ['launch', { launch: 0 }],
    ['try', { try: 0 }],
  ])('of a runnable job with a new %s asks for a worker', async (_, change) => {
    const context = createMemoryContext();
    const row = await givenJob(context, 'j', { at: { state: 'runnable', launch: 1, try: 1 } });
    const calls = watch(context);
    await onExecutionChange(context, toRow(row), toRow({ ...row, ...change }));
    // The row is not read, because the message leads to a read of it.
    expect(calls.filter((call) => call.startsWith('get'))).toEqual([]);
    expect(context.queues.runnable.map(({ message }) => message.worker)).toEqual([`${row.pk}-t1-l1`]);
  });

  test('that comes late changes nothing: the row is looked at as it is now', async () => {
    const context = createMemoryContext();
    const old = await givenJob(context, 'j', { at: { state: 'idle' } });
    await saveJob(context, old, { kind: 'ready' });
    const calls = watch(context);
    await onExecutionChange(context, toRow(old));
    expect(calls.filter((call) => !/^(get|getMany|query) /.test(call))).toEqual([]);
  });
});

describe('a message about a job', () => {
  test('that does not exist changes nothing', async () => {
    const context = createMemoryContext();
    const position = { step: 'endTree', after: '' } as const;
    await advance(context, jobId('none'));
    await resume(context, { kind: 'resume', execution: jobId('none'), try: 0, state: 'failed', ...position });
    expect(context.rows.all('executions')).toEqual([]);
    expect(context.queues.work).toEqual([]);
  });

  test('in an earlier try changes nothing in the present one', async () => {
    const context = createMemoryContext();
    const row = await givenJob(context, 'j', { at: { state: 'failed', try: 1 } });
    const message = { v: 1, kind: 'resume', execution: row.pk, state: 'failed', step: 'wakeWaiters', after: '' };
    await doWork(context, { ...message, try: 0 });
    expect(peekJob(context, row.pk).dueAt).toBe(row.dueAt);
    await doWork(context, { ...message, try: 1 });
    expect(isSettled(peekJob(context, row.pk))).toBe(true);
  });
});

/** An ended origin job with this many waiting subjobs, and with this many jobs of another user that wait for it. */
async function givenEnded(context: MemoryContext, memberCount: number, waiterCount: number): Promise<JobRow> {
  const main = await givenJob(context, 'main', {
    at: { state: 'failed', failureReason: 'AppError', failureMessage: 'no reads' },
  });
  for (let index = 0; index < memberCount; index++) {
    await givenJob(context, `m${index}`, { parent: main, dependsOn: [main.pk], at: { state: 'waiting_on_input' } });
  }
  for (let index = 0; index < waiterCount; index++) {
    const options = { dependsOn: [main.pk], row: { launchedBy: 'user-bob' } } as const;
    const { pk } = await givenJob(context, `w${index}`, { ...options, at: { state: 'waiting_on_input' } });
    const key = edgeKey({ kind: 'execution', execution: main.pk }, { execution: pk, try: 0, phase: 'input' });
    await context.rows.put('executions', edgeRow(key, context.now()));
  }
  return main;
}

function takeDue({ queues, clock }: MemoryContext): WorkRecord | undefined {
  const index = queues.work.findIndex(({ visibleAt }) => visibleAt <= clock.now);
  return index < 0 ? undefined : queues.work.splice(index, 1)[0]?.message;
}

/** Delivers the messages that are due until there are none, and returns the steps at which those of one job went on. */
async function resumedSteps(context: MemoryContext, { pk }: JobRow): Promise<unknown[]> {
  const steps: unknown[] = [];
  for (let count = 0; count < 200; count++) {
    const message = takeDue(context);
    if (message === undefined) return steps;
    if (message.kind === 'resume' && message.execution === pk) steps.push(message.step);
    await doWork(context, message);
  }
  throw new Error('the messages have no end');
}

describe('an end with pages of members and of waiters', () => {
  test('takes one message for each further page of each step, and no page twice', async () => {
    const context = createMemoryContext();
    const main = await givenEnded(context, 60, 60);
    const wakes: string[] = [];
    const writes: string[] = [];
    context.setHook({
      before: ({ name, detail }) => {
        if (name === 'query') wakes.push(detail);
        if (name === 'update' && detail.startsWith(`executions ${main.pk}/A`)) writes.push(detail);
      },
    });
    await advance(context, main.pk);
    expect(await resumedSteps(context, main)).toEqual(['endTree', 'endTree', 'wakeWaiters', 'wakeWaiters']);
    expect(wakes.filter((detail) => detail.startsWith(`executions ${main.pk}/W#`))).toHaveLength(3);
    // The time of the last pass is set, and no position beside it.
    expect(writes).toHaveLength(1);
    for (let index = 0; index < 60; index++) {
      expect(byName(context, `m${index}`)).toMatchObject({ failureReason: 'JobTreeFailure' });
      expect(byName(context, `w${index}`)).toMatchObject({ failureReason: 'DependencyUnsatisfiable' });
    }
    expect(isSettled(peekJob(context, main.pk))).toBe(true);
  });

  test('goes on where it holds: the next look does not begin with the pages that are done', async () => {
    const context = createMemoryContext();
    context.workers.stopAtOnce = false;
    const main = await givenEnded(context, 30, 0);
    const task = taskOf('last');
    const last = await givenJob(context, 'last', {
      parent: main,
      at: { state: 'running', task, leaseUntil: context.now() + 600_000 },
    });
    context.workers.states.set(task, { kind: 'running' });
    await advance(context, main.pk);
    await resumedSteps(context, main);
    expect(peekJob(context, last.pk).state).toBe('terminating');
    expect(peekJob(context, main.pk)).toMatchObject({ state: 'failed', cursor: 'destroyWorkspace' });
    const calls = watch(context);
    expect(await look(context, peekJob(context, main.pk), 'woken')).toBeUndefined();
    expect(context.queues.work).toEqual([]);
    expect(calls.filter((call) => call.startsWith('update'))).toEqual([]);
    expect(calls.filter((call) => call.includes('W#') && call.startsWith('query'))).toEqual([]);
  });

  test('saves no position when the steps before took no message', async () => {
    const context = createMemoryContext();
    context.workers.stopAtOnce = false;
    const main = await givenEnded(context, 1, 0);
    const task = taskOf('last');
    const leaseUntil = context.now() + 600_000;
    await givenJob(context, 'last', { parent: main, at: { state: 'running', task, leaseUntil } });
    context.workers.states.set(task, { kind: 'running' });
    await advance(context, main.pk);
    expect(peekJob(context, main.pk)).toMatchObject({ state: 'failed' });
    expect(peekJob(context, main.pk)).not.toHaveProperty('cursor');
  });
});

describe('a sweep of an end with pages of waiters', () => {
  /** The reads of pages of waiters from now on, and the changes of the job's row. */
  function watchPages(context: MemoryContext, { pk }: JobRow): { pages: string[]; writes: string[] } {
    const seen = { pages: [] as string[], writes: [] as string[] };
    context.setHook({
      before: ({ name, detail }) => {
        if (name === 'query' && detail.startsWith(`executions ${pk}/W#`)) seen.pages.push(detail);
        if (name === 'update' && detail.startsWith(`executions ${pk}/A`)) seen.writes.push(detail);
      },
    });
    return seen;
  }

  /** An ended subjob on which so many edges are. The jobs that waited are over. */
  async function givenEdges(context: MemoryContext, count: number): Promise<JobRow> {
    const main = await givenJob(context, 'main', { at: { state: 'running' } });
    const row = await givenJob(context, 'sub', { parent: main, at: { state: 'done' } });
    for (let index = 0; index < count; index++) {
      const waiter = { execution: jobId(`w${index}`), try: 0, phase: 'input' } as const;
      const key = edgeKey({ kind: 'execution', execution: row.pk }, waiter);
      await context.rows.put('executions', edgeRow(key, context.now()));
    }
    return row;
  }

  test('goes on from page to page by itself', async () => {
    const context = createMemoryContext();
    const row = await givenEdges(context, 60);
    const { pages, writes } = watchPages(context, row);
    await sweepExecution(context, row.pk);
    expect(context.queues.work).toEqual([]);
    expect(pages).toHaveLength(3);
    expect(writes).toHaveLength(1);
    expect(isSettled(peekJob(context, row.pk))).toBe(true);
  });

  test('saves its position after 40 pages, where a message or the next sweep goes on', async () => {
    const context = createMemoryContext();
    const row = await givenEdges(context, 41 * 25 + 1);
    const { pages } = watchPages(context, row);
    await sweepExecution(context, row.pk);
    expect(pages).toHaveLength(40);
    const [sent] = context.queues.work.splice(0);
    const after = sent?.message.after;
    expect(sent?.message).toMatchObject({ kind: 'resume', step: 'wakeWaiters', after: expect.any(String) });
    expect(peekJob(context, row.pk).cursor).toBe(`wakeWaiters ${after}`);
    // The message is lost.
    context.clock.now += 3_600_000;
    await sweepExecution(context, row.pk);
    expect(pages).toHaveLength(42);
    expect(new Set(pages).size).toBe(42);
    expect(context.queues.work).toEqual([]);
    expect(isSettled(peekJob(context, row.pk))).toBe(true);
  });
});

test('of two looks that settle a job, the later one does not write', async () => {
  const context = createMemoryContext();
  const main = await givenJob(context, 'main', { at: { state: 'running' } });
  const row = await givenJob(context, 'sub', { parent: main, at: { state: 'done' } });
  expect(await look(context, row, 'woken')).toMatchObject({ kind: 'saved' });
  const calls = watch(context);
  expect(await look(context, row, 'woken')).toEqual({ kind: 'changed' });
  expect(calls.filter((call) => call.startsWith('update'))).toEqual([]);
});

test('an ended job whose worker is still there saves no position while it waits for that', async () => {
  const context = createMemoryContext();
  const task = taskOf('main');
  const main = await givenEnded(context, 60, 0);
  const worked = { ...main, task, stoppedRunning: context.now() };
  await context.rows.put('executions', toRow(worked));
  context.workers.states.set(task, { kind: 'running' });
  await advance(context, main.pk);
  expect(await resumedSteps(context, main)).toEqual(['endTree', 'endTree']);
  expect(peekJob(context, main.pk)).toHaveProperty('dueAt');
  expect(peekJob(context, main.pk)).not.toHaveProperty('cursor');
});

test('a job between two tries obeys a termination, also after long steps have gone on, and does nothing more', async () => {
  const context = createMemoryContext();
  const at = { state: 'restartable', cursor: 'destroyWorkspace', task: taskOf('main') } as const;
  const main = await givenJob(context, 'main', { at });
  const cause = { kind: 'termination', execution: main.pk, try: 0, by: 'user-alice' } as const;
  await putDoom(context, main.root, ownScope(main), cause);
  const calls = watch(context);
  expect(await look(context, main, 'woken')).toMatchObject({ kind: 'saved', row: { state: 'terminating' } });
  expect(calls.at(-1)).toMatch(/^update executions/);
});

test('all jobs that wait for an object are looked at when it is closed, however many they are', async () => {
  const context = createMemoryContext();
  const object = `file-${'1'.repeat(24)}` as const;
  for (let index = 0; index < 60; index++) {
    const { pk } = await givenJob(context, `w${index}`, { at: { state: 'waiting_on_input' } });
    const key = edgeKey({ kind: 'object', object }, { execution: pk, try: 0, phase: 'input' });
    await context.rows.put('executions', edgeRow(key, context.now()));
  }
  await onObjectClosed(context, object);
  const sent: WorkRecord[] = [];
  for (let message = takeDue(context); message !== undefined; message = takeDue(context)) {
    sent.push(message);
    await doWork(context, message);
  }
  expect(sent.map(({ kind }) => kind)).toEqual(['wake', 'wake']);
  for (let index = 0; index < 60; index++) expect(byName(context, `w${index}`).state).toBe('runnable');
});

test('the worker of a try that was given up is stopped at once, also while its descendants are being ended', async () => {
  const context = createMemoryContext();
  context.workers.stopAtOnce = false;
  const platform = createMemoryPlatform(context, () => undefined);
  const task = taskOf(`${jobId('main')}-t0-l0`);
  const leaseUntil = context.now() + 600_000;
  const main = await givenJob(context, 'main', { at: { state: 'running', task, leaseUntil } });
  context.workers.states.set(task, { kind: 'running' });
  const other = taskOf(`${jobId('sub')}-t0-l0`);
  await givenJob(context, 'sub', { parent: main, at: { state: 'running', task: other, leaseUntil } });
  context.workers.states.set(other, { kind: 'running' });
  const failure = { reason: 'UnresponsiveWorker', message: 'its host was lost', from: jobId('sub') } as const;
  const cause = { kind: 'restart', execution: jobId('sub'), try: 0, ...failure } as const;
  await putDoom(context, main.root, ownScope(main), cause);
  await saveJob(context, main, { kind: 'giveUp', failure });
  await platform.run();
  expect(peekJob(context, main.pk).state).toBe('restartable');
  expect(context.workers.stopping).toEqual(new Set([task, other]));
});
