// Tests the one write by which a job changes: its conditions, what it writes, and when the row is due.

import { describe, expect, test } from 'vitest';
import type { Change, Expected } from '../../core/context.ts';
import { openShard } from '../../core/job/due.ts';
import type { JobEvent } from '../../core/job/event.ts';
import type { JobRow } from '../../core/job/row.ts';
import { insertJob, saveJob } from '../../engine/store/save-job.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { peekJob } from '../memory/platform.ts';
import { givenJob } from '../simulation/world.ts';

const job = jobId('j');
const failure = { reason: 'AppError', message: 'x'.repeat(3_000) } as const;

async function givenRow(at: Partial<JobRow>) {
  const context = createMemoryContext();
  const row = await givenJob(context, 'j', { at });
  return { context, row, peek: () => peekJob(context, job) };
}

describe('a change is refused', () => {
  test.each<[what: string, change: Partial<JobRow>]>([
    ['state', { state: 'running' }],
    ['try', { try: 1 }],
    ['launch', { launch: 1 }],
  ])('when the %s is another one than was read', async (_, change) => {
    const { context, row } = await givenRow({ state: 'runnable' });
    await context.rows.update('executions', { pk: job, sk: 'A' }, { set: change as never });
    const before = context.rows.digest();
    expect(await saveJob(context, row, { kind: 'fail', failure })).toEqual({ kind: 'changed' });
    expect(context.rows.digest()).toBe(before);
    expect(context.bodies.peek(job, 'output')).toBeUndefined();
  });

  test('when the state machine does not allow it: nothing is written, and the reason is named', async () => {
    const { context, row } = await givenRow({ state: 'done' });
    const saved = await saveJob(context, row, { kind: 'ready' });
    expect(saved).toEqual({ kind: 'refused', why: expect.stringContaining(`${job} is done`) });
  });

  test('when another value does not hold that the caller expects', async () => {
    const { context, row } = await givenRow({ state: 'running', tokenHash: 'one' });
    const expected: Expected = { tokenHash: 'other' };
    expect(await saveJob(context, row, { kind: 'finish' }, expected)).toEqual({ kind: 'changed' });
  });
});

test.each<[state: JobRow['state'], event: JobEvent, more: readonly string[]]>([
  ['idle', { kind: 'ready' }, []],
  ['running', { kind: 'beat', leaseUntil: 1 }, []],
  ['done', { kind: 'settle' }, ['dueAt']],
  ['terminating', { kind: 'stopped' }, ['failureReason']],
])('the write of a job that is %s is conditional on state, try and launch: %j adds %j', async (state, event, more) => {
  const { context, row } = await givenRow({ state, failureReason: 'AppError' });
  const { update } = context.rows;
  const conditions: Expected[] = [];
  context.rows.update = async (table, key, change, expected) => {
    conditions.push(expected ?? {});
    return update(table, key, change, expected);
  };
  expect(await saveJob(context, row, event)).toMatchObject({ kind: 'saved' });
  expect(conditions.map((one) => Object.keys(one))).toEqual([['state', 'try', 'launch', ...more]]);
});

describe('a job that is being stopped ends as its last failure says:', () => {
  const spread = { reason: 'JobTreeFailure', message: 'another job failed' } as const;
  const termination = { reason: 'Terminated', message: 'The job was terminated by user-alice' } as const;
  const at: Partial<JobRow> = { state: 'terminating', failureReason: spread.reason, failureMessage: spread.message };

  test('a termination that comes after the row was read is not lost when its worker has stopped', async () => {
    const { context, row, peek } = await givenRow(at);
    await saveJob(context, row, { kind: 'end', failure: termination });
    expect(await saveJob(context, row, { kind: 'stopped' })).toEqual({ kind: 'changed' });
    expect(await saveJob(context, peek(), { kind: 'stopped' })).toMatchObject({ row: { state: 'terminated' } });
  });

  test('a failure of another scope does not replace a termination that came after the row was read', async () => {
    const { context, row, peek } = await givenRow(at);
    await saveJob(context, row, { kind: 'end', failure: termination });
    const other = { reason: 'JobTreeFailure', message: 'a third job failed' } as const;
    expect(await saveJob(context, row, { kind: 'end', failure: other })).toEqual({ kind: 'changed' });
    expect(peek()).toMatchObject({ failureReason: 'Terminated' });
  });
});

test('a change that does not concern the due time holds although a sweep has moved that', async () => {
  const { context, row, peek } = await givenRow({ state: 'runnable' });
  await saveJob(context, row, { kind: 'look', dueAt: row.created + 5_000_000 });
  expect(await saveJob(context, row, { kind: 'relaunch', counted: true })).toMatchObject({ kind: 'saved' });
  expect(peek()).toMatchObject({ launch: 1, failedLaunchCount: 1 });
});

test.each<[what: string, now: object]>([
  ['whose due time was moved', { dueAt: 5 }],
  ['that has left the index of the sweep', { dueAt: undefined }],
  ['that is in another state', { state: 'running' }],
])('a look moves no due time of a row %s meanwhile', async (_, now) => {
  const { context, row, peek } = await givenRow({ state: 'done' });
  await context.rows.put('executions', { ...context.rows.peek('executions', { pk: job, sk: 'A' }), ...now } as never);
  const before = peek();
  expect(await saveJob(context, row, { kind: 'look', dueAt: 123 })).toEqual({ kind: 'changed' });
  expect(await saveJob(context, row, { kind: 'settle' })).toEqual({ kind: 'changed' });
  expect(peek()).toEqual(before);
});

test('a change writes only what is new, and answers with the row as it is then', async () => {
  const { context, row } = await givenRow({ state: 'waiting_on_input', cursor: 3, lineage: ['m:a:0'] });
  const writes: Change[] = [];
  const { update } = context.rows;
  // Another call adds a field that this one did not read.
  await update('executions', { pk: job, sk: 'A' }, { set: { name: 'seen' } });
  context.rows.update = async (table, key, change, expected) => {
    writes.push(change);
    return update(table, key, change, expected);
  };
  const saved = await saveJob(context, row, { kind: 'ready' });
  expect(writes).toMatchObject([{ set: { state: 'runnable' }, remove: ['cursor'] }]);
  for (const name of ['lineage', 'created', 'try', 'name', 'cursor']) expect(writes[0]?.set).not.toHaveProperty(name);
  expect(saved).toMatchObject({ kind: 'saved', row: { state: 'runnable', name: 'seen' } });
});

describe('the due time', () => {
  test('is that of the new state, in the shard of the job', async () => {
    const { context, row, peek } = await givenRow({ state: 'idle', dueAt: 1, openShard: 77 });
    await saveJob(context, row, { kind: 'ready' });
    expect(peek()).toMatchObject({ dueAt: context.now() + 120_000, openShard: openShard(job, 4) });
  });

  test.each([
    ['look', { kind: 'look', dueAt: 123 } as const, 123],
    ['beat', { kind: 'beat', leaseUntil: 5 } as const, 1],
  ])('of a row that is only noted by a "%s" is the one that was asked for, or stays', async (_, event, dueAt) => {
    const { context, row, peek } = await givenRow({ state: 'running', dueAt: 1, openShard: 2 });
    await saveJob(context, row, event);
    expect(peek()).toMatchObject({ dueAt, openShard: 2 });
  });

  test('of a claimed job is the end of its lease', async () => {
    const { context, row, peek } = await givenRow({ state: 'runnable' });
    const leaseUntil = context.now() + 90_000;
    await saveJob(context, row, { kind: 'claim', task: 't', tokenHash: 'h', leaseUntil });
    expect(peek().dueAt).toBe(leaseUntil);
  });

  test('of a job that finished is one lease later: its worker may take that long', async () => {
    const { context, row, peek } = await givenRow({ state: 'running' });
    await saveJob(context, row, { kind: 'complete' });
    expect(peek().dueAt).toBe(context.now() + context.settings.leaseSeconds * 1000);
  });
});

describe('a failure message that does not fit into the row', () => {
  test('is kept whole beside it', async () => {
    const { context, row, peek } = await givenRow({ state: 'running' });
    await saveJob(context, row, { kind: 'fail', failure });
    expect(peek().failureMessage?.length).toBeLessThan(failure.message.length);
    expect(context.bodies.peek(job, 'output')).toMatchObject({ failure });
  });

  test('is not kept for a try that is given up, and a short one needs no body', async () => {
    const given = await givenRow({ state: 'running' });
    await saveJob(given.context, given.row, { kind: 'giveUp', failure });
    expect(given.context.bodies.peek(job, 'output')).toBeUndefined();
    const short = await givenRow({ state: 'running' });
    await saveJob(short.context, short.row, { kind: 'fail', failure: { reason: 'AppError', message: 'no reads' } });
    expect(short.context.bodies.peek(job, 'output')).toBeUndefined();
  });
});

describe('the row of a new job', () => {
  const { row } = planJob('j');

  test('waits for its first look, or is runnable if there is nothing to wait for', async () => {
    for (const [ready, state] of [
      [undefined, 'idle'],
      [true, 'runnable'],
    ] as const) {
      const context = createMemoryContext();
      expect(await insertJob(context, row, ready)).toBe(true);
      expect(peekJob(context, job)).toMatchObject({ state, openShard: openShard(job, 4), dueAt: expect.anything() });
    }
  });

  test('that is a tombstone is never due', async () => {
    const context = createMemoryContext();
    await insertJob(context, { ...row, state: 'terminated', tombstone: true });
    expect(peekJob(context, job)).not.toHaveProperty('dueAt');
    expect(peekJob(context, job)).not.toHaveProperty('openShard');
  });

  test('does not replace another one', async () => {
    const context = createMemoryContext();
    await insertJob(context, row);
    expect(await insertJob(context, { ...row, name: 'other' })).toBe(false);
    expect(peekJob(context, job).name).toBe('j');
  });
});
