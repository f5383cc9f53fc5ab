// Tests that the oracle of the mixed trees reports what it must: each planted error in a made-up answer is found.

import { describe, expect, test } from 'vitest';
import type { MixedJob } from './mixed-applet.ts';
import { type Events, type Found, problemsOfTree } from './mixed-oracle.ts';
import type { TreeKind, TreePlan } from './mixed-tree.ts';

const calm: Events = { kills: 0, wasHeld: false, stateAtTermination: undefined, user: 'user-alice' };
const byUser = 'The job was terminated by user-alice';
const job = (name: string, more: Partial<MixedJob> = {}): MixedJob => ({
  ...{ name, master: false, children: [], needs: [], weight: 1, pauseMs: 0, makesFile: false, badTries: 0 },
  ...more,
});

/** A root with a subjob, which may end badly, and a master job below it. */
function planOf(kind: TreeKind, bad: Partial<MixedJob> = {}): TreePlan {
  const children = [job('r.0', bad), job('r.1', { master: true })];
  return { kind, root: job('r', { master: true, children }), options: {} };
}

function row(name: string, more: Partial<Found> = {}): Found {
  const id = `job-${name.replaceAll(/[ .]/g, '')}`;
  const place = name === 'r' ? { parentJob: null, parentJobTry: null } : { parentJob: 'job-r', parentJobTry: 0 };
  return { id, name, state: 'done', try: 0, ...place, ...more };
}

const names = ['r', 'r.0', 'r.1', 'r sum'];
const done = names.map((name) => row(name));
const failure = { state: 'failed', failureReason: 'AppError', failureMessage: 'as planned' };
const treeFailure = {
  ...{ state: 'failed', failureReason: 'JobTreeFailure' },
  failureFrom: { id: 'job-r0', name: 'r.0', failureReason: 'AppError' },
};
const failed = names.map((name) => row(name, name === 'r.0' ? failure : treeFailure));
const termination = { state: 'terminated', failureReason: 'Terminated', failureMessage: byUser };
const terminated = names.map((name) => row(name, name === 'r.0' ? {} : termination));
/** The root was given up once, after a worker was lost or by plan. Its first subjob belonged to that try. */
const restartedFor = (failureReason: string): Found[] => [
  row('r', { state: 'restarted', failureReason }),
  ...names.map((name) => row(name, name === 'r' ? { try: 1 } : { parentJobTry: 1 })),
  row('r.0', {
    ...{ id: 'job-old', state: 'terminated', failureReason: 'Terminated' },
    failureMessage: 'Try 0 of job-r was given up and starts again; this job belonged to it',
  }),
];
const broken = planOf('broken', { ending: 'AppError', badTries: 1000 });
const restarted = planOf('restarted', { ending: 'AppInternalError', badTries: 1 });
const ended: Events = { ...calm, stateAtTermination: 'terminating' };
const killed: Events = { ...calm, kills: 1 };

type Case = readonly [plan: TreePlan, events: Events, found: readonly Found[]];
const right: Record<string, Case> = {
  'a tree that is done': [planOf('good'), calm, done],
  'a tree that failed': [broken, calm, failed],
  'a tree that was terminated': [planOf('terminated'), ended, terminated],
  'a tree that lost a worker': [planOf('good'), killed, restartedFor('UnresponsiveWorker')],
  'a tree that restarted as planned': [restarted, calm, restartedFor('AppInternalError')],
};

test.each(Object.entries(right))('the oracle accepts %s', (_title, [plan, events, found]) => {
  expect(problemsOfTree(plan, events, found, 'job-r')).toEqual([]);
});

/** The answer with the jobs of that name changed. */
const but = (found: readonly Found[], name: string, change: Partial<Found>): Found[] =>
  found.map((one) => (one.name === name ? { ...one, ...change } : one));
const without = (found: readonly Found[], name: string): Found[] => found.filter((one) => one.name !== name);
const lost = restartedFor('UnresponsiveWorker');

const wrong: Record<string, Case> = {
  'a job that is done twice': [planOf('good'), calm, [...done, row('r.0', { id: 'job-again' })]],
  'a job that is there twice in a tree that failed': [broken, calm, [...failed, row('r.1', { id: 'job-again' })]],
  'a job that nobody planned': [planOf('terminated'), ended, [...terminated, row('r.2')]],
  'a missing member': [planOf('good'), calm, without(done, 'r.1')],
  'a missing root': [planOf('good'), calm, without(done, 'r')],
  'a job that has not ended': [planOf('terminated'), ended, but(terminated, 'r.1', { state: 'terminating' })],
  'a waiting job in a tree that failed': [broken, calm, but(failed, 'r sum', { state: 'waiting_on_input' })],
  'a failed job in a tree that is done': [planOf('good'), killed, but(done, 'r.1', failure)],
  'a terminated job in a tree that is done': [planOf('good'), calm, but(done, 'r.1', termination)],
  'a done job with a failure': [planOf('good'), calm, but(done, 'r.1', { failureReason: 'AppError' })],
  'a tree that is done and should have failed': [broken, calm, done],
  'a tree that failed and should be done': [planOf('good'), calm, failed],
  'a tree that is done although it was terminated before': [planOf('terminated'), ended, done],
  'a failureFrom that names another job': [
    broken,
    calm,
    but(failed, 'r', { failureFrom: { id: 'job-r1', failureReason: 'AppError' } }),
  ],
  'a failureFrom with another reason': [
    broken,
    calm,
    but(failed, 'r.1', { failureFrom: { id: 'job-r0', failureReason: 'OutputError' } }),
  ],
  'a failed root that names no job': [broken, calm, but(failed, 'r', { ...failure, failureFrom: undefined } as never)],
  'a bad job with another reason': [broken, calm, but(failed, 'r.0', { failureReason: 'OutputError' })],
  'a second job that failed by itself': [broken, calm, [...without(failed, 'r.1'), row('r.1', failure)]],
  'a lost worker that nobody killed': [broken, calm, but(failed, 'r.0', { failureReason: 'UnresponsiveWorker' })],
  'a termination by another user': [
    planOf('terminated'),
    ended,
    but(terminated, 'r.1', { failureMessage: 'The job was terminated by user-bob' }),
  ],
  'a termination that names a job': [
    planOf('terminated'),
    ended,
    but(terminated, 'r.1', { failureFrom: { id: 'job-r0' } }),
  ],
  'a job of a try that never was': [
    planOf('terminated'),
    ended,
    but(terminated, 'r.1', { failureMessage: lost.at(-1)?.failureMessage?.replace('Try 0', 'Try 3') as string }),
  ],
  'more lost workers than kills': [planOf('good'), calm, lost],
  'a restart that no policy allows': [planOf('good'), killed, restartedFor('AppError')],
  'more planned restarts than planned': [planOf('good'), calm, restartedFor('AppInternalError')],
  'an earlier try that is not kept': [planOf('good'), killed, lost.filter(({ state }) => state !== 'restarted')],
  'an earlier try that is kept twice': [planOf('good'), killed, [...lost, ...lost.slice(0, 1)]],
  'a bad job that is done too early': [restarted, calm, done],
  'a failure before the last allowed restart': [
    planOf('exhausted', { ending: 'AppInternalError', badTries: 1000 }),
    calm,
    names.map((name) =>
      row(
        name,
        name === 'r.0'
          ? { ...failure, failureReason: 'AppInternalError' }
          : { ...treeFailure, failureFrom: { id: 'job-r0', failureReason: 'AppInternalError' } },
      ),
    ),
  ],
  'a job that was never held': [planOf('released', { ending: 'AppError', badTries: 1000 }), calm, failed],
};

describe('the oracle reports', () => {
  test.each(Object.entries(wrong))('%s', (_title, [plan, events, found]) => {
    expect(problemsOfTree(plan, events, found, 'job-r')).not.toEqual([]);
  });
});
