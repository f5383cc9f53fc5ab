// Searches meetings of two actors completely, each under one loss and one death, and the smallest under one doubled
// message. test/campaign/tree.ts has what takes minutes. A search under a fault contains every schedule without one.

import { describe, expect, test } from 'vitest';
import { budgets } from './budget.ts';
import { explore } from './explore.ts';
import {
  beatBlindly,
  blame,
  forgetTimeLimit,
  keepWorkspaces,
  seeAsDone,
  seeOpenAsClosed,
  terminateAsFailure,
} from './meeting-error.ts';
import {
  childMaster,
  clonedOutput,
  closedObject,
  heartbeats,
  outsideDependent,
  referredOutput,
  reportedFailure,
  terminatedTree,
  timeLimit,
} from './meeting-world.ts';

const calm = { crashes: 0, losses: 0, doubles: 0 };
const single = budgets.filter(([, { losses, crashes }]) => losses + crashes > 0);
const doubled = budgets.filter(([, { doubles }]) => doubles > 0);

describe.each([
  ['a data object that is closed while a job that needs it is looked at', closedObject, [...single, ...doubled]],
  ['a heartbeat while the tree is terminated', heartbeats, [...single, ...doubled]],
  ['an output that refers to a job which ends meanwhile', referredOutput, single],
  ['a failure that is reported while another job reports an output', reportedFailure, single],
  ['a tree that is terminated while a child reports', terminatedTree, single],
])('%s: every job ends as it must', (_title, world, faults) => {
  test.each(faults)('when %s', { timeout: 120_000 }, async (_what, budget) => {
    const found = await explore(() => world(), budget);
    expect(found.problem).toBeUndefined();
    expect(found.states).toBeGreaterThan(10);
    expect(found.ends.size).toBeGreaterThan(1);
  });
});

describe('when nothing else goes wrong, every job ends as it must:', () => {
  test.each([
    ['a child master that finishes while its parent finishes', childMaster],
    ['a job of another tree that needs a job which fails meanwhile', outsideDependent],
    ['an output that is cloned while the tree is terminated and workspaces are emptied', clonedOutput],
  ])('%s', { timeout: 120_000 }, async (_title, world) => {
    const found = await explore(() => world(), calm);
    expect(found.problem).toBeUndefined();
    expect(found.states).toBeGreaterThan(100);
    expect(found.ends.size).toBeGreaterThan(1);
  });
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
  ])('%s', { timeout: 120_000 }, async (_title, world, problem) => {
    const found = await explore(world, calm);
    expect(found.problem?.what).toMatch(problem);
  });
});
