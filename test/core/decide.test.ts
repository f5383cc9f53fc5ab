// Tests what an event does to each field of a job row, and under which conditions it may happen.

import { describe, expect, it } from 'vitest';
import { decide } from '../../core/job/decide.ts';
import type { JobEvent } from '../../core/job/event.ts';
import { type JobRow, jobRowByteLimit } from '../../core/job/row.ts';
import { rowBytes } from '../../core/job/size.ts';
import { jobId, planJob } from '../memory/plan.ts';

const now = 5_000;
const { row: born } = planJob('decided', { now: 1_000 });
const running: JobRow = {
  ...born,
  ...({
    state: 'running',
    task: 'task-1',
    tokenHash: 'hash',
    leaseUntil: 9_000,
    cursor: '',
    startedRunning: 2_000,
  } as const),
  ...{ dueAt: 9_000, openShard: 1, transitions: [['running', 2_000]] },
};
const message = 'no reads';
const crash = { reason: 'AppInternalError', message } as const;
const treeFailure = { reason: 'JobTreeFailure', message, from: jobId('other') } as const;
const byUser = { reason: 'Terminated', message: 'by user-alice' } as const;

function changed(row: JobRow, event: JobEvent): JobRow {
  const decision = decide(row, event, now);
  if (decision.kind === 'refusal') throw new Error(decision.why);
  return decision.row;
}

describe('an event changes the modification time', () => {
  const queued: JobRow = { ...born, state: 'runnable', dueAt: 1 };
  const ending: JobRow = { ...running, state: 'terminating', failureReason: 'JobTreeFailure', failureMessage: message };
  it.each<[title: string, row: JobRow, event: JobEvent, modified: number]>([
    ['when the state changes', born, { kind: 'wait' }, now],
    ['when a worker claims again', running, { kind: 'claim', task: 'task-1', tokenHash: 'h', leaseUntil: 1 }, now],
    ['when the next worker is started', queued, { kind: 'relaunch', counted: false }, now],
    ['when an end gets another reason', ending, { kind: 'end', failure: byUser }, now],
    ['but not when a lease is extended', running, { kind: 'beat', leaseUntil: 9 }, 1_000],
    ['but not when the sweep has looked', queued, { kind: 'look', dueAt: 9 }, 1_000],
  ])('%s', (_title, row, event, modified) => {
    expect(changed(row, event).modified).toBe(modified);
  });
});

describe('the end of a job', () => {
  it('takes what its worker had, but the token when it is done', () => {
    expect(changed(running, { kind: 'fail', failure: crash })).toEqual({
      ...born,
      ...{ state: 'failed', task: 'task-1', startedRunning: 2_000, stoppedRunning: now, modified: now },
      ...{ dueAt: 9_000, openShard: 1, failureReason: 'AppInternalError', failureMessage: message },
      transitions: [...running.transitions, ['failed', now]],
    });
    expect(changed(running, { kind: 'complete' })).toEqual({
      ...born,
      ...{ state: 'done', task: 'task-1', tokenHash: 'hash', startedRunning: 2_000, stoppedRunning: now },
      ...{ dueAt: 9_000, openShard: 1, modified: now, transitions: [...running.transitions, ['done', now]] },
    });
  });

  it('leaves the lease and the token to a job whose worker must stop', () => {
    const held = changed(running, { kind: 'end', failure: byUser });
    expect(held).toMatchObject({ state: 'terminating', leaseUntil: 9_000, tokenHash: 'hash' });
  });

  it.each<[title: string, row: JobRow, event: JobEvent, state: string]>([
    ['terminated, when it waits', born, { kind: 'end', failure: byUser }, 'terminated'],
    ['failed, when it waits', born, { kind: 'end', failure: treeFailure }, 'failed'],
    [
      'terminated, when its worker has stopped',
      { ...running, state: 'terminating', failureReason: 'Terminated', failureMessage: message },
      { kind: 'stopped' },
      'terminated',
    ],
    [
      'failed, when its worker has stopped',
      { ...running, state: 'terminating', failureReason: 'AppError', failureMessage: message },
      { kind: 'stopped' },
      'failed',
    ],
  ])('is %s', (_title, row, event, state) => {
    expect(changed(row, event).state).toBe(state);
  });

  it('names the job that failed first, unless that is the job itself', () => {
    const from = (failure: typeof crash | typeof treeFailure, row: JobRow = born) =>
      changed(row, { kind: 'end', failure }).failureFrom;
    expect(from(treeFailure)).toBe(jobId('other'));
    const own = changed(born, { kind: 'end', failure: { ...crash, from: born.pk } });
    const unknown = changed({ ...born, failureFrom: jobId('before') }, { kind: 'end', failure: crash });
    for (const row of [own, unknown]) expect(row).not.toHaveProperty('failureFrom');
  });
});

it('the next try has nothing of the last one but its place in the tree', () => {
  const lost: JobRow = {
    ...running,
    ...{ state: 'restartable', stoppedRunning: 3_000, failedLaunchCount: 2, launch: 3, try: 1 },
    ...{ failureReason: 'JMInternalError', failureMessage: message, failureFrom: jobId('other') },
    transitions: [...running.transitions, ['restartable', 4_000]],
  };
  expect(changed(lost, { kind: 'retry', priority: 'high' })).toEqual({
    ...born,
    ...{ try: 2, launch: 0, priority: 'high', tryCreated: now, modified: now, dueAt: 9_000, openShard: 1 },
    transitions: [],
  });
});

it('a launch that failed by itself is counted, and another is not', () => {
  const queued: JobRow = { ...born, state: 'runnable' };
  const [once, twice] = [
    changed(queued, { kind: 'relaunch', counted: true }),
    changed({ ...queued, failedLaunchCount: 1, launch: 4 }, { kind: 'relaunch', counted: true }),
  ];
  expect([once?.failedLaunchCount, twice?.failedLaunchCount, twice?.launch]).toEqual([1, 2, 5]);
  expect(changed(queued, { kind: 'relaunch', counted: false })).not.toHaveProperty('failedLaunchCount');
});

it('the due time must be as it was read when something is still to come, and only then', () => {
  const ended: JobRow = { ...born, state: 'done', dueAt: 7 };
  const found = [
    decide(ended, { kind: 'settle' }, now),
    decide(ended, { kind: 'reach', cursor: 'wakeWaiters' }, now),
    decide(born, { kind: 'wait' }, now),
    decide(running, { kind: 'beat', leaseUntil: 9 }, now),
  ];
  expect(found.map((one) => one.kind === 'change' && one.unchanged)).toEqual(['dueAt', 'dueAt', undefined, undefined]);
});

it('the failure must be as it was read when a worker that had to stop has stopped, or when another doom comes', () => {
  const ending: JobRow = { ...running, state: 'terminating', failureReason: 'AppError', failureMessage: message };
  const held: JobRow = { ...ending, state: 'debug_hold' };
  const found = [
    decide(ending, { kind: 'stopped' }, now),
    decide(held, { kind: 'stopped' }, now),
    decide(ending, { kind: 'end', failure: byUser }, now),
    decide(born, { kind: 'end', failure: byUser }, now),
    decide(running, { kind: 'end', failure: byUser }, now),
  ];
  expect(found.map((one) => one.kind === 'change' && one.unchanged)).toEqual([
    ...['failureReason', 'failureReason', 'failureReason'],
    ...[undefined, undefined],
  ]);
});

describe('an event is refused', () => {
  const settled: JobRow = { ...born, state: 'done' };
  it.each<[title: string, row: JobRow, event: JobEvent, why: string]>([
    ['in another state', born, { kind: 'finish' }, 'is idle: "finish" cannot happen to it'],
    [
      'from another task',
      running,
      { kind: 'claim', task: 'task-2', tokenHash: 'h', leaseUntil: 1 },
      'is claimed by another task',
    ],
    [
      'after the last try',
      { ...running, try: 9 },
      { kind: 'giveUp', failure: crash },
      'cannot start again: it has been tried too often',
    ],
    [
      'when it ends by itself and its tree fails',
      { ...running, state: 'terminating', failureReason: 'AppError', failureMessage: message },
      { kind: 'end', failure: treeFailure },
      'is ending by itself, or for that reason',
    ],
    ['when nothing is to come', settled, { kind: 'settle' }, 'has nothing left to come'],
  ])('%s', (_title, row, event, why) => {
    expect(decide(row, event, now)).toEqual({ kind: 'refusal', why: `${row.pk} ${why}` });
  });
});

describe('a job that is ending', () => {
  const ending = (failureReason: NonNullable<JobRow['failureReason']>, failureMessage: string): JobRow => ({
    ...running,
    ...{ state: 'terminating' as const, failureReason, failureMessage },
  });
  const long = 'm'.repeat(400);
  const cut = changed(ending('AppError', ''), { kind: 'stopped' });
  const full = { ...ending('Terminated', ''), instance: 'x'.repeat(jobRowByteLimit - 150 - rowBytes(cut)) };
  const filled = changed({ ...full, state: 'running' }, { kind: 'end', failure: { ...byUser, message: long } });
  it.each<[title: string, row: JobRow, failure: Extract<JobEvent, { kind: 'end' }>['failure'], takes: boolean]>([
    ['with its tree takes a termination', ending('JobTreeFailure', message), byUser, true],
    ['by a termination takes the failure of its tree', ending('Terminated', message), treeFailure, true],
    ['by itself keeps its own failure when its tree fails', ending('AppError', message), treeFailure, false],
    ['by itself takes a termination', ending('AppError', message), byUser, true],
    ['keeps the same failure', ending('Terminated', message), { ...byUser, message }, false],
    ['with its tree takes another failure of it', ending('JobTreeFailure', 'the first'), treeFailure, true],
    ['takes another message', ending('Terminated', 'by user-bob'), byUser, true],
    ['takes another reason with the same message', ending('Terminated', message), treeFailure, true],
    ['keeps a message that was cut', filled, { ...byUser, message: long }, false],
  ])('%s', (_title, row, failure, takes) => {
    expect(decide(row, { kind: 'end', failure }, now).kind).toBe(takes ? 'change' : 'refusal');
  });

  it('has a message that was cut for the rest of its row', () => {
    expect(filled.failureMessage?.length).toBeLessThan(299);
  });
});
