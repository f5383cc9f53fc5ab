// Searches meetings of two actors completely, each under one loss, one death, one doubled message and one lost answer.
// test/campaign/tree.ts has what takes minutes. A search under a fault contains every schedule without one.

import { describe, expect, test } from 'vitest';
import { type Budget, budgets, lostAnswer } from './budget.ts';
import { explore } from './explore.ts';
import { recordId } from './meeting.ts';
import {
  beatBlindly,
  blame,
  emptyWorkspace,
  endBlindly,
  forgetLease,
  forgetTimeLimit,
  keepWorkspaces,
  seeAsDone,
  seeAsRunning,
  seeOpenAsClosed,
  terminateAsFailure,
} from './meeting-error.ts';
import { deadWorker, filledWorkspace, lateMessage, secondPage } from './meeting-late-world.ts';
import {
  childMaster,
  clonedOutput,
  closedObject,
  heartbeats,
  interleavedSweep,
  lostMachine,
  outsideDependent,
  referredOutput,
  reportedFailure,
  silentWorker,
  terminatedRestart,
  terminatedTree,
  timeLimit,
  twoRestarts,
} from './meeting-world.ts';
import type { World } from './replay.ts';

const calm: Budget = { crashes: 0, losses: 0, doubles: 0 };
const every = [...budgets.filter(([, { losses, crashes, doubles }]) => losses + crashes + doubles > 0), lostAnswer];
const worlds: [string, () => Promise<World>][] = [
  ['a data object that is closed while a job that needs it is looked at', closedObject],
  ['a heartbeat while the tree is terminated', heartbeats],
  ['an output that refers to a job which ends meanwhile', referredOutput],
  ['a failure that is reported while another job reports an output', reportedFailure],
  ['a tree that is terminated while a child reports', terminatedTree],
  ['a child master that finishes while its parent finishes', childMaster],
  ['a job of another tree that needs a job which fails meanwhile', outsideDependent],
  ['a machine that is lost while its worker reports', lostMachine],
  ['a silent worker that beats again while it is stopped', silentWorker],
  ['a job whose time is over while its worker learns of that', timeLimit],
  ['a tree that is terminated while its origin gives up its try', terminatedRestart],
  ['two children whose hosts are lost at once', twoRestarts],
  ['a sweep that comes between the steps of a report', interleavedSweep],
  ['a report from the second page of a tree that is terminated', secondPage],
  ['a late message of a restart whose tree is terminated', lateMessage],
  ['a worker that may die between its claim and its report', deadWorker],
  ['a subjob that restarts in a workspace that it has filled', filledWorkspace],
];

describe.each(worlds)('%s: every job ends as it must', (_title, world) => {
  test.each(every)('when %s', { timeout: 300_000 }, async (_what, budget) => {
    const found = await explore(() => world(), budget);
    expect(found.problem).toBeUndefined();
    expect(found.states).toBeGreaterThan(10);
    expect(found.ends.size).toBeGreaterThan(1);
  });
});

test('when nothing else goes wrong, an output is cloned while the tree is terminated and workspaces are emptied', {
  timeout: 120_000,
}, async () => {
  const found = await explore(() => clonedOutput(), calm);
  expect(found.problem).toBeUndefined();
  expect(found.states).toBeGreaterThan(1_000);
  expect(found.ends.size).toBeGreaterThan(1);
});

describe('the search finds a planted error:', () => {
  test.each([
    ['an open object that counts as closed', () => closedObject(seeOpenAsClosed), /before the record is closed/],
    ['a heartbeat that does not read the flags', () => heartbeats(beatBlindly), /may go on/],
    ['an output that is resolved too early', () => referredOutput(seeAsDone('k')), /ends otherwise: .*OutputError/],
    ['a flag that names another job', () => reportedFailure(blame('b')), /ends otherwise/],
    ['a termination that is written as a failure', () => terminatedTree(terminateAsFailure), /ends otherwise/],
    ['a time limit that nobody reads', () => timeLimit(forgetTimeLimit), /ends otherwise/],
    ['a child master that is not waited for', () => childMaster(seeAsDone('m')), /o is done before m/],
    ['a failed job that counts as done', () => outsideDependent(seeAsDone('f')), /ends otherwise/],
    ['a workspace that is not emptied', () => clonedOutput(keepWorkspaces), /left over: .*container-/],
    ['an end that replaces the end of a silent job', () => silentWorker(endBlindly), /j was \w+ and is/],
    ['an end that replaces a report from the second page', () => secondPage(endBlindly), /c\d+ was done and is/],
    ['a failure that replaces a report', () => lostMachine(endBlindly), /j was done and is/],
    ['a member of a restart that ends as failed', () => twoRestarts(terminateAsFailure), /ends otherwise/],
    ['a member of a terminated restart that ends as failed', () => terminatedRestart(terminateAsFailure), /otherwise/],
    [
      'a sweep that takes a job that is done for running',
      () => interleavedSweep(seeAsRunning('j')),
      /o done#1, j done/,
    ],
    ['a workspace that a late message leaves', () => lateMessage(keepWorkspaces), /left over: .*container-/],
    [
      'a restart that empties a workspace which others use',
      () => filledWorkspace(emptyWorkspace('j', recordId('r'))),
      /r is gone before o is done/,
    ],
  ])('%s', { timeout: 120_000 }, async (_title, world, problem) => {
    const found = await explore(world, calm);
    expect(found.problem?.what).toMatch(problem);
  });

  test('a lease that nobody reads, when the worker dies', { timeout: 120_000 }, async () => {
    const found = await explore(() => deadWorker(forgetLease), { ...calm, crashes: 1 });
    expect(found.problem?.what).toMatch(/ends otherwise: .*j running/);
  });
});
