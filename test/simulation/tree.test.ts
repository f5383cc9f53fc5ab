// Searches birth against finish, birth against doom, and restart on the product's own functions
// (docs/reference/protocols.md, "Birth" to "Restart").

import { describe, expect, test } from 'vitest';
import { type Budget, budgets } from './budget.ts';
import { explore } from './explore.ts';
import {
  claimBlindly,
  forgetMembers,
  hideBirths,
  ignoreTheMark,
  markBlindly,
  putFlagsLate,
  readMembersEarly,
  trustTheParent,
} from './tree-error.ts';
import { birthAndDoom, birthAndFinish, laterBirthAndFinish, restart } from './tree-world.ts';

/** Doubled messages take minutes: test/campaign/tree.ts. */
const quickBudgets = budgets.filter(([, { doubles }]) => doubles === 0);
const calm: Budget = { crashes: 0, losses: 0, doubles: 0 };

describe.each([
  ['a job that finishes while it makes its first child ends with the child', birthAndFinish],
  ['a job that finishes while it makes a later child ends with the child', laterBirthAndFinish],
  ['a tree that is terminated while one of its jobs makes a child ends with the child', birthAndDoom],
  ['a master that restarts while it makes a child does not leave a child of the old try', restart],
])('%s', (_title, world) => {
  test.each(quickBudgets)(
    'when %s',
    async (_what, budget) => {
      const found = await explore(() => world(), budget);
      expect(found.problem).toBeUndefined();
      expect(found.states).toBeGreaterThan(20);
      expect(found.ends.size).toBeGreaterThan(1);
    },
    120_000,
  );
});

describe('the search finds a planted error', () => {
  test('members that are read before the state is written', async () => {
    const found = await explore(() => laterBirthAndFinish(readMembersEarly), calm);
    expect(found.problem?.what).toMatch('p is done and c is');
  });

  test('a birth that does not read its parent again', async () => {
    const found = await explore(() => laterBirthAndFinish(trustTheParent), calm);
    expect(found.problem?.what).toMatch('p is done and c is');
  });

  test('a first birth that does not mark its parent', async () => {
    const found = await explore(() => birthAndFinish(hideBirths), calm);
    expect(found.problem?.what).toMatch('p is done and c is');
  });

  test('a mark that is written before its parent is read, and without a condition', async () => {
    const found = await explore(() => birthAndFinish(markBlindly), calm);
    expect(found.problem?.what).toMatch('p is done and c is');
  });

  test('a job without a mark whose end is not conditional on that', async () => {
    const found = await explore(() => birthAndFinish(ignoreTheMark), calm);
    expect(found.problem?.what).toMatch('p is done and c is');
  });

  test('a flag that is put after the members were read', async () => {
    const found = await explore(() => birthAndDoom(putFlagsLate), calm);
    expect(found.problem?.what).toMatch(/c is|c was started after|left alive/);
  });

  test('a claim that does not read the flag', async () => {
    const found = await explore(() => birthAndDoom(claimBlindly), calm);
    expect(found.problem?.what).toMatch('c was started after');
  });

  test('a next try that does not wait for the descendants of the last one', async () => {
    const found = await explore(() => restart(forgetMembers), calm);
    expect(found.problem?.what).toMatch('of try 0 is left');
  });
});
