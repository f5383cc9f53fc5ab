// Tests the state machine of a job. The lives are tables with one line for each event and the expected row at the end;
// the other tests check the whole table of transitions.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { printAllStates } from '../../core/analysis/print-states.ts';
import { agenda, asksWorker, type Occasion, statesWithAgenda, stepsFor } from '../../core/job/agenda.ts';
import { decide } from '../../core/job/decide.ts';
import { dueTime, launchDelaySeconds, openShard } from '../../core/job/due.ts';
import type { JobEvent } from '../../core/job/event.ts';
import { eventKinds } from '../../core/job/print-states.ts';
import { beforeMembers, type JobRow, jobRowByteLimit } from '../../core/job/row.ts';
import { rowBytes } from '../../core/job/size.ts';
import { isTerminal, type JobState, jobStates } from '../../core/job/state.ts';
import { transitions } from '../../core/job/transition.ts';
import { jobId, planJob } from '../memory/plan.ts';

type Line = readonly [event: JobEvent, expected: JobState | 'refused'];

const wait: JobEvent = { kind: 'wait' };
const ready: JobEvent = { kind: 'ready' };
const claim: JobEvent = { kind: 'claim', task: 'task-1', tokenHash: 'hash', leaseUntil: 1000 };
const otherClaim: JobEvent = { kind: 'claim', task: 'task-2', tokenHash: 'other', leaseUntil: 1000 };
const beat: JobEvent = { kind: 'beat', leaseUntil: 2000 };
const finish: JobEvent = { kind: 'finish' };
const complete: JobEvent = { kind: 'complete' };
const bear: JobEvent = { kind: 'bear', cursor: beforeMembers };
const fail: JobEvent = { kind: 'fail', failure: { reason: 'AppError', message: 'no reads' } };
const treeFailed: JobEvent = {
  kind: 'end',
  failure: { reason: 'JobTreeFailure', message: 'another failed', from: jobId('other') },
};
const terminated: JobEvent = { kind: 'end', failure: { reason: 'Terminated', message: 'by user-alice' } };
const stopped: JobEvent = { kind: 'stopped' };
const hold: JobEvent = { kind: 'hold', failure: { reason: 'AppError', message: 'no reads' } };
const release: JobEvent = { kind: 'release' };
const relaunch: JobEvent = { kind: 'relaunch', counted: true };
const relaunchForCapacity: JobEvent = { kind: 'relaunch', counted: false };
const giveUp: JobEvent = { kind: 'giveUp', failure: { reason: 'JMInternalError', message: 'host lost' } };
const retry: JobEvent = { kind: 'retry' };
const settle: JobEvent = { kind: 'settle' };
const look: JobEvent = { kind: 'look', dueAt: 9 };
const reach: JobEvent = { kind: 'reach', cursor: 'destroyWorkspace' };
const empty: JobEvent = { kind: 'empty', lastPassAt: 99 };

const lives: { readonly [title: string]: { lines: readonly Line[]; last: Partial<JobRow>; gone?: (keyof JobRow)[] } } =
  {
    'a job that succeeds': {
      lines: [
        [claim, 'refused'],
        [wait, 'waiting_on_input'],
        [{ kind: 'progress', cursor: 25 }, 'waiting_on_input'],
        [finish, 'refused'],
        [ready, 'runnable'],
        [claim, 'running'],
        [beat, 'running'],
        [finish, 'waiting_on_output'],
        [beat, 'refused'],
        [complete, 'done'],
        [fail, 'refused'],
        [settle, 'done'],
        [settle, 'refused'],
      ],
      last: {
        state: 'done',
        task: 'task-1',
        startedRunning: 6,
        stoppedRunning: 8,
        transitions: [
          ['waiting_on_input', 2],
          ['runnable', 5],
          ['running', 6],
          ['waiting_on_output', 8],
          ['done', 10],
        ],
      },
      gone: ['cursor', 'leaseUntil', 'dueAt', 'openShard', 'failureReason'],
    },
    'a job whose launch has two tasks': {
      lines: [
        [ready, 'runnable'],
        [claim, 'running'],
        [otherClaim, 'refused'],
        [{ ...claim, tokenHash: 'fresh' }, 'running'],
      ],
      last: { task: 'task-1', tokenHash: 'fresh', startedRunning: 2 },
    },
    'a job whose first launches are not claimed': {
      lines: [
        [ready, 'runnable'],
        [relaunch, 'runnable'],
        [relaunchForCapacity, 'runnable'],
        [relaunch, 'runnable'],
        [claim, 'running'],
        [relaunch, 'refused'],
      ],
      last: {
        launch: 3,
        failedLaunchCount: 2,
        transitions: [
          ['runnable', 1],
          ['running', 5],
        ],
      },
    },
    'a job that fails by itself': {
      lines: [
        [ready, 'runnable'],
        [claim, 'running'],
        [fail, 'failed'],
        [terminated, 'refused'],
        [look, 'failed'],
      ],
      last: { failureReason: 'AppError', failureMessage: 'no reads', stoppedRunning: 3, dueAt: 9 },
      gone: ['failureFrom'],
    },
    'a waiting job whose tree fails': {
      lines: [
        [wait, 'waiting_on_input'],
        [treeFailed, 'failed'],
      ],
      last: { failureReason: 'JobTreeFailure', failureFrom: jobId('other') },
      gone: ['startedRunning', 'stoppedRunning'],
    },
    'a running job that is terminated': {
      lines: [
        [ready, 'runnable'],
        [claim, 'running'],
        [terminated, 'terminating'],
        [terminated, 'refused'],
        [finish, 'refused'],
        [stopped, 'terminated'],
      ],
      last: { failureReason: 'Terminated', stoppedRunning: 6 },
    },
    'a job that ends with others, first for one reason and then for another': {
      lines: [
        [ready, 'runnable'],
        [claim, 'running'],
        [treeFailed, 'terminating'],
        [treeFailed, 'refused'],
        [terminated, 'terminating'],
        [stopped, 'terminated'],
      ],
      last: { failureReason: 'Terminated', failureMessage: 'by user-alice', modified: 6 },
      gone: ['failureFrom'],
    },
    'a job that is over its time when its tree is terminated': {
      lines: [
        [ready, 'runnable'],
        [claim, 'running'],
        [{ kind: 'end', failure: { reason: 'JobTimeoutExceeded', message: 'too long' } }, 'terminating'],
        [treeFailed, 'refused'],
        [terminated, 'terminating'],
        [stopped, 'terminated'],
      ],
      last: { failureReason: 'Terminated', failureMessage: 'by user-alice' },
    },
    'a running job whose tree fails': {
      lines: [
        [ready, 'runnable'],
        [claim, 'running'],
        [treeFailed, 'terminating'],
        [stopped, 'failed'],
      ],
      last: { failureReason: 'JobTreeFailure', failureFrom: jobId('other') },
    },
    'a held job that is released': {
      lines: [
        [hold, 'refused'],
        [ready, 'runnable'],
        [claim, 'running'],
        [release, 'refused'],
        [hold, 'debug_hold'],
        [hold, 'refused'],
        [beat, 'debug_hold'],
        [claim, 'refused'],
        [finish, 'refused'],
        [fail, 'refused'],
        [look, 'debug_hold'],
        [release, 'terminating'],
        [release, 'refused'],
        [stopped, 'failed'],
      ],
      last: { failureReason: 'AppError', failureMessage: 'no reads', startedRunning: 3, stoppedRunning: 14 },
      gone: ['leaseUntil', 'tokenHash', 'failureFrom'],
    },
    'a held job whose worker is gone': {
      lines: [
        [ready, 'runnable'],
        [claim, 'running'],
        [hold, 'debug_hold'],
        [stopped, 'failed'],
      ],
      last: { failureReason: 'AppError', failureMessage: 'no reads', stoppedRunning: 4 },
    },
    'a held job that is terminated': {
      lines: [
        [ready, 'runnable'],
        [claim, 'running'],
        [hold, 'debug_hold'],
        [terminated, 'terminating'],
        [stopped, 'terminated'],
      ],
      last: { failureReason: 'Terminated', failureMessage: 'by user-alice', stoppedRunning: 5 },
    },
    'a held job whose tree fails for another reason': {
      lines: [
        [ready, 'runnable'],
        [claim, 'running'],
        [hold, 'debug_hold'],
        [treeFailed, 'terminating'],
        [stopped, 'failed'],
      ],
      last: { failureReason: 'JobTreeFailure', failureFrom: jobId('other') },
    },
    'a held master job whose try is to be given up at the same time': {
      lines: [
        [ready, 'runnable'],
        [claim, 'running'],
        [hold, 'debug_hold'],
        [giveUp, 'refused'],
        [retry, 'refused'],
        [release, 'terminating'],
        [giveUp, 'refused'],
        [stopped, 'failed'],
      ],
      last: { try: 0, failureReason: 'AppError', failureMessage: 'no reads' },
    },
    'a released job whose tree is terminated before its worker has stopped': {
      lines: [
        [ready, 'runnable'],
        [claim, 'running'],
        [hold, 'debug_hold'],
        [release, 'terminating'],
        [treeFailed, 'refused'],
        [terminated, 'terminating'],
        [terminated, 'refused'],
        [stopped, 'terminated'],
      ],
      last: { failureReason: 'Terminated', failureMessage: 'by user-alice' },
    },
    'a master job that restarts': {
      lines: [
        [ready, 'runnable'],
        [relaunch, 'runnable'],
        [claim, 'running'],
        [finish, 'waiting_on_output'],
        [giveUp, 'restartable'],
        [claim, 'refused'],
        [retry, 'idle'],
        [ready, 'runnable'],
      ],
      last: { try: 1, launch: 0, tryCreated: 7, created: 0, transitions: [['runnable', 8]], dueAt: 0 },
      gone: ['task', 'tokenHash', 'failureReason', 'failureMessage', 'startedRunning', 'stoppedRunning', 'leaseUntil'],
    },
    'a job that is terminated between two tries': {
      lines: [
        [ready, 'runnable'],
        [claim, 'running'],
        [giveUp, 'restartable'],
        [terminated, 'terminating'],
        [retry, 'refused'],
        [stopped, 'terminated'],
      ],
      last: { try: 0, failureReason: 'Terminated' },
    },
  };

function givenRow(changes: Partial<JobRow> = {}): JobRow {
  return { ...planJob('a', { now: 0 }).row, openShard: 1, dueAt: 0, ...changes };
}

/** Applies each event at a time equal to its line number. Every row must survive JSON. */
function live(lines: readonly Line[]): JobRow {
  return lines.reduce((row, [event, expected], index) => {
    const decision = decide(row, event, index + 1);
    const found = decision.kind === 'change' ? decision.row.state : 'refused';
    expect(found, `${event.kind} in ${row.state}`).toBe(expected);
    return decision.kind === 'change' ? (JSON.parse(JSON.stringify(decision.row)) as JobRow) : row;
  }, givenRow());
}

describe.each(Object.entries(lives))('%s', (_title, { lines, last, gone = [] }) => {
  test('passes through the expected states and ends with the expected row', () => {
    const row = live(lines);
    expect(row).toMatchObject(last);
    for (const name of gone) expect(row, name).not.toHaveProperty(name);
  });
});

test('a job does not restart more often than any policy allows', () => {
  const row = givenRow({ state: 'running' });
  expect(decide({ ...row, try: 8 }, giveUp, 1)).toMatchObject({ kind: 'change' });
  expect(decide({ ...row, try: 9 }, giveUp, 1)).toMatchObject({ kind: 'refusal' });
});

describe('the table of transitions', () => {
  const states = Object.keys(jobStates) as JobState[];

  test('a terminal state allows only a look, the notes of a step reached and of the last pass, and settling', () => {
    const left = transitions.filter(({ from }) => from.some(isTerminal)).map(({ event, to }) => `${event} ${to}`);
    expect(new Set(left)).toEqual(new Set(['reach same', 'look same', 'empty same', 'settle same']));
  });

  test('exactly the states that are in use can be reached from idle', () => {
    const reached = new Set<JobState>(['idle']);
    for (let size = 0; size !== reached.size; ) {
      size = reached.size;
      for (const { from, to } of transitions) {
        if (!from.some((state) => reached.has(state)) || to === 'same') continue;
        for (const state of to === 'ended' ? (['failed', 'terminated'] as const) : [to]) reached.add(state);
      }
    }
    const driven = states.filter((state) => jobStates[state].driven === 'now');
    expect([...reached].sort()).toEqual(driven.sort());
  });

  test('every state that is not terminal has an event that ends the job', () => {
    for (const state of states) {
      if (isTerminal(state) || jobStates[state].driven !== 'now') continue;
      const out = transitions.filter(
        ({ from, event }) => from.includes(state) && ['fail', 'end', 'stopped'].includes(event),
      );
      expect(out, state).not.toEqual([]);
    }
  });

  test('an event has at most one row for each state', () => {
    const pairs = transitions.flatMap(({ from, event }) => from.map((state) => `${state} ${event}`));
    expect(pairs.filter((pair, index) => pairs.indexOf(pair) !== index)).toEqual([]);
  });

  test('a decision does not change the given row, and refuses every event that the table does not list', () => {
    const events = [
      wait,
      ready,
      claim,
      beat,
      finish,
      complete,
      bear,
      fail,
      terminated,
      stopped,
      hold,
      release,
      relaunch,
      giveUp,
      retry,
      look,
      reach,
      empty,
    ];
    const tried = new Set([...events, settle, { kind: 'progress' }].map(({ kind }) => kind));
    expect(tried, 'add a new event to the list above').toEqual(new Set(eventKinds));
    for (const state of states) {
      for (const event of events) {
        const row = Object.freeze(givenRow({ state, task: 'task-1', failureReason: 'JobTreeFailure' }));
        const known = transitions.some(({ from, event: kind }) => from.includes(state) && kind === event.kind);
        expect(decide(row, event, 5).kind, `${event.kind} in ${state}`).toBe(known ? 'change' : 'refusal');
      }
    }
  });

  test('every state in use has an agenda for the sweep', () => {
    for (const state of states) {
      if (jobStates[state].driven !== 'now') continue;
      expect(stepsFor(givenRow({ state, task: 'task-1' }), 'swept'), state).not.toEqual([]);
    }
  });
});

describe('the agenda', () => {
  const master = { task: 'task-1', transitions: [['runnable', 1]] } satisfies Partial<JobRow>;
  const launched = { transitions: [['runnable', 1]] } satisfies Partial<JobRow>;
  test.each<[title: string, changes: Partial<JobRow>, occasion: Occasion, expected: string]>([
    ['a new job is advanced', { state: 'idle' }, 'entered', 'obeyDoom advanceInput'],
    ['a job that begins to wait has nothing to do', { state: 'waiting_on_input' }, 'entered', ''],
    ['a waiting job that is woken is advanced', { state: 'waiting_on_input' }, 'woken', 'obeyDoom advanceInput'],
    ['a job that becomes runnable is launched', { state: 'runnable' }, 'entered', 'launch'],
    ['a message does not launch a runnable job again', { state: 'runnable' }, 'woken', ''],
    [
      'the sweep checks the launch of a runnable job',
      { state: 'runnable' },
      'swept',
      'obeyDoom endOldTree checkLaunch',
    ],
    ['a job that begins to run is left to its worker', { ...master, state: 'running' }, 'entered', ''],
    [
      'the sweep checks the worker of a running job',
      { ...master, state: 'running' },
      'swept',
      'obeyDoom endOldTree checkWorker',
    ],
    [
      'the output of a job whose worker has finished is advanced',
      { ...master, state: 'waiting_on_output' },
      'entered',
      'passNumberOn obeyDoom advanceOutput',
    ],
    [
      'the sweep ends a worker that outlives its report',
      { ...master, state: 'waiting_on_output' },
      'swept',
      'obeyDoom endOldTree endWorker advanceOutput',
    ],
    [
      'a job that begins to be held obeys a doom that came first',
      { ...master, state: 'debug_hold' },
      'entered',
      'obeyDoom',
    ],
    [
      'the sweep checks the worker of a held job',
      { ...master, state: 'debug_hold' },
      'swept',
      'obeyDoom endOldTree checkWorker',
    ],
    ['a terminating job waits for its worker', { ...master, state: 'terminating' }, 'woken', 'awaitStop'],
    [
      'a claimed try is cleaned up before the next one, and its worker is stopped',
      { ...master, state: 'restartable' },
      'entered',
      'obeyDoom stopWorker takeBack endDescendants destroyWorkspace passNumberOn retry',
    ],
    [
      'an unclaimed try is cleaned up before the next one, and its launch is stopped',
      { ...launched, state: 'restartable' },
      'swept',
      'obeyDoom endOldTree stopLaunch endDescendants destroyWorkspace passNumberOn retry',
    ],
    [
      'a master job that is done destroys its workspace',
      { ...master, state: 'done' },
      'entered',
      'wakeWaiters passNumberOn destroyWorkspace releaseWorker lastPass settle',
    ],
    [
      'a claimed master job that failed ends its tree',
      { ...master, state: 'failed' },
      'woken',
      'endTree takeBack wakeWaiters passNumberOn destroyWorkspace releaseWorker lastPass settle',
    ],
    [
      'an unclaimed master job that was terminated stops its launch first',
      { ...launched, state: 'terminated' },
      'swept',
      'stopLaunch endTree wakeWaiters passNumberOn destroyWorkspace lastPass settle',
    ],
    [
      'a job with an empty workspace waits for the last pass',
      { ...master, state: 'failed', lastPassAt: 9 },
      'swept',
      'lastPass settle',
    ],
    ['a subjob does not destroy a workspace', { state: 'done', master: jobId('m') }, 'entered', 'wakeWaiters settle'],
  ])('%s', (_title, changes, occasion, expected) => {
    expect(stepsFor(givenRow(changes), occasion).join(' ')).toBe(expected);
  });

  test('a settled job has nothing to do', () => {
    const { dueAt: _, ...settled } = givenRow({ state: 'failed' });
    expect(stepsFor(settled, 'swept')).toEqual([]);
  });

  test('the stream passes on exactly the states that have something to do on entry', () => {
    const passedOn = [
      'debug_hold',
      'idle',
      'runnable',
      'waiting_on_output',
      'terminating',
      'restartable',
      'done',
      'failed',
      'terminated',
    ];
    expect(statesWithAgenda('entered').sort()).toEqual(passedOn.sort());
  });

  test('an event of a worker is used in exactly the states in which a worker may run', () => {
    const states = (Object.keys(agenda) as JobState[]).filter(asksWorker);
    expect(states.sort()).toEqual(['debug_hold', 'restartable', 'runnable', 'running', 'terminating']);
  });

  test('a job that ended wakes its waiters before it settles', () => {
    for (const state of ['done', 'failed', 'terminated'] as const) {
      const steps = stepsFor(givenRow({ state }), 'swept');
      expect(steps.at(-1)).toBe('settle');
      expect(steps).toContain('wakeWaiters');
    }
  });
});

test.each<[how: string, end: (failure: string) => JobEvent[]]>([
  [
    'finished',
    (message) => [finish, { kind: 'end', failure: { reason: 'JobTreeFailure', message, from: jobId('f') } }],
  ],
  [
    'was stopped',
    (message) => [{ kind: 'end', failure: { reason: 'JobTreeFailure', message, from: jobId('f') } }, stopped],
  ],
  [
    'was held',
    (message) => [
      { kind: 'hold', failure: { reason: 'AppInsufficientResourceError', message } },
      { kind: 'end', failure: { reason: 'JobTreeFailure', message, from: jobId('f') } },
      stopped,
    ],
  ],
])('the row of a nested subjob that %s stays with all its attributes within one write unit', (_how, end) => {
  const parent = givenRow({
    lineage: [`m:${jobId('o')}:0`, `m:${jobId('m')}:1`],
    origin: jobId('o'),
    root: jobId('o'),
  });
  const plan = planJob('sample-0123456789:process', { parent, function: 'process' });
  const born = {
    ...plan.row,
    state: 'idle' as const,
    transitions: [],
    timeoutMs: 2_592_000_000,
    debug: true as const,
    instance: 'mem3_ssd1_v2_x32',
  };
  const now = 1_700_000_000_000;
  const task = `arn:aws:ecs:us-east-1:000000000000:task/espalier-prod-workers/${'0'.repeat(32)}`;
  const message = 'The reference genome in the input does not match the one of the index: '.repeat(20);
  const events: JobEvent[] = [
    wait,
    ready,
    { kind: 'claim', task, tokenHash: 'x'.repeat(24), leaseUntil: now },
    bear,
    ...end(message),
  ];
  let row: JobRow = { ...born, openShard: 3, dueAt: now };
  const sizes: number[] = [];
  for (const event of events) {
    const decision = decide(row, event, now);
    if (decision.kind === 'refusal') throw new Error(decision.why);
    row = decision.row;
    sizes.push(rowBytes(row));
  }
  expect(Math.max(...sizes)).toBeLessThanOrEqual(jobRowByteLimit);
  expect(row.failureMessage?.length).toBeGreaterThanOrEqual(16);
  expect(message.startsWith(row.failureMessage?.slice(0, -1) ?? '-')).toBe(true);
});

describe('the sweep looks again', () => {
  test.each([
    ['at a running job when its lease ends', { state: 'running', leaseUntil: 5_000 }, 5_000],
    ['at a held job when its lease ends', { state: 'debug_hold', leaseUntil: 5_000 }, 5_000],
    [
      'at a waiting job after as long as it has waited already',
      { state: 'waiting_on_input', tryCreated: -7_000 },
      9_000,
    ],
    ['at a new waiting job after one lease', { state: 'waiting_on_input', tryCreated: 900 }, 2_000],
    ['at a job that a message should move on after one lease', { state: 'runnable', tryCreated: 900 }, 2_000],
    ['after ten minutes at the latest', { state: 'waiting_on_output', tryCreated: -9_000_000 }, 601_000],
    [
      'at an earlier time that was set before and has not passed',
      { state: 'running', leaseUntil: 5_000, dueAt: 3_000 },
      3_000,
    ],
    ['before a later time that was set earlier', { state: 'failed', dueAt: 50_000 }, 2_000],
  ] as const)('%s', (_title, changes, expected) => {
    expect(dueTime(givenRow(changes), 1_000, 1_000)).toBe(expected);
  });

  test('in all shards, over which the jobs are spread', () => {
    const shards = new Set(Array.from({ length: 200 }, (_, index) => openShard(jobId(`j${index}`), 8)));
    expect(shards.size).toBe(8);
  });
});

test('the delay before a launch grows with each launch that failed, up to 15 minutes', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 7].map(launchDelaySeconds)).toEqual([0, 5, 15, 45, 135, 405, 900, 900]);
});

test('docs/states.md agrees with the tables', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/states.md', import.meta.url)), 'utf8');
  expect(page, 'docs/states.md is stale: print it again with npm run docs').toBe(printAllStates());
});
