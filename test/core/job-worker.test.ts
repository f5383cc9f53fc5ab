// Tests which worker holds a job, when it is stopped, and in which states a job may act.

import { describe, expect, it } from 'vitest';
import { isPaged, stepsFor } from '../../core/job/agenda.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';
import { isJobState, type JobState, jobStates, mayAct } from '../../core/job/state.ts';
import { graceEnd, holdsJob, wasLaunched } from '../../core/job/worker.ts';
import { planJob } from '../memory/plan.ts';

const { row } = planJob('worked');
const states = Object.keys(jobStates) as JobState[];

describe('a worker holds its job', () => {
  it('exactly while its machine is needed or being stopped', () => {
    const held = states.filter((state) => holdsJob(jobWorker(row), { ...row, state }));
    expect(held.sort()).toEqual(['debug_hold', 'restartable', 'runnable', 'running', 'terminating']);
  });

  it.each<[title: string, found: JobRow | undefined]>([
    ['is gone', undefined],
    ['is only marked as removed', { ...row, state: 'running', tombstone: true } as JobRow],
    ['has another launch', { ...row, state: 'running', launch: 1 }],
    ['has another try', { ...row, state: 'running', try: 1 }],
    ['is another one', { ...planJob('other').row, state: 'running' }],
  ])('not when the job %s', (_title, found) => {
    expect(holdsJob(jobWorker(row), found)).toBe(false);
  });
});

it('a job was launched when a task claimed it, or when it was runnable', () => {
  const claimed = { ...row, task: 'task-1' };
  const queued: JobRow = {
    ...row,
    transitions: [
      ['waiting_on_input', 1],
      ['runnable', 2],
    ],
  };
  const waiting: JobRow = { ...row, transitions: [['waiting_on_input', 1]] };
  expect([claimed, queued, waiting, row].map(wasLaunched)).toEqual([true, true, false, false]);
});

it('a worker that has reported has the time of a lease for its end', () => {
  expect(graceEnd({ ...row, stoppedRunning: 500, modified: 800 }, 1_000)).toBe(1_500);
  expect(graceEnd({ ...row, modified: 800 }, 1_000)).toBe(1_800);
});

it('a running job and a held one may act, and no other', () => {
  expect(states.filter(mayAct).sort()).toEqual(['debug_hold', 'running']);
});

it('a state is known by its name alone', () => {
  expect(states.every(isJobState)).toBe(true);
  expect(['', 'Running', 'toString', 5, undefined, null, ['done']].filter(isJobState)).toEqual([]);
});

describe('the agenda', () => {
  it('knows the steps that may take many messages by their names', () => {
    const paged = ['endTree', 'endDescendants', 'wakeWaiters', 'destroyWorkspace', 'lastPass'];
    expect(paged.every(isPaged)).toBe(true);
    expect(['settle', 'launch', 'toString', '', 5, undefined, 'x', ['endTree']].filter(isPaged)).toEqual([]);
  });

  it('of a job that is still to be born has steps', () => {
    expect(stepsFor(row, 'entered')).toContain('advanceInput');
  });

  it('of a root alone ends a tree that is too old', () => {
    const waiting: JobRow = { ...row, state: 'waiting_on_input', dueAt: 1 };
    expect(stepsFor(waiting, 'swept')).toContain('endOldTree');
    expect(stepsFor({ ...waiting, root: planJob('root').id }, 'swept')).not.toContain('endOldTree');
  });

  it('of a subjob takes no output back, because that stays in the workspace', () => {
    const master: JobRow = { ...row, state: 'failed', dueAt: 1, task: 'task-1' };
    expect(stepsFor(master, 'entered')).toContain('takeBack');
    expect(stepsFor({ ...row, state: 'failed', dueAt: 1 }, 'entered')).not.toContain('takeBack');
    expect(stepsFor({ ...master, master: planJob('master').id }, 'entered')).not.toContain('takeBack');
  });

  it.each<[title: string, changes: Partial<JobRow>, stops: boolean]>([
    ['that was never launched has no launch to stop', {}, false],
    ['that was launched has one', { transitions: [['runnable', 1]] }, true],
    ['that was claimed has a worker instead', { transitions: [['runnable', 1]], task: 'task-1' }, false],
  ])('of a failed job %s', (_title, changes, stops) => {
    const steps = stepsFor({ ...row, state: 'failed', dueAt: 1, ...changes }, 'entered');
    expect(steps.includes('stopLaunch')).toBe(stops);
  });
});
