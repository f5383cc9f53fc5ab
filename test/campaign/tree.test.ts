// The worlds of test/simulation/tree.test.ts with each message doubled: complete, and too long for every run of the tests.

import { describe, expect, test } from 'vitest';
import { budgets, explore } from '../simulation/explore.ts';
import { birthAndDoom, birthAndFinish, restart } from '../simulation/tree-world.ts';

const doubled = budgets.filter(([, { doubles }]) => doubles > 0);

describe('a master that starts again while the child that it makes is claimed', () => {
  test.each(budgets)(
    'when %s',
    async (_what, budget) => {
      const found = await explore(() => restart(undefined, true), budget, { schedules: 2_000_000 });
      console.info(found);
      expect(found.problem).toBeUndefined();
    },
    1_800_000,
  );
});

describe.each([
  ['a job that finishes while it makes another', birthAndFinish],
  ['a tree that is terminated while a job of it makes another', birthAndDoom],
  ['a master that starts again while it makes another', restart],
])('%s', (_title, world) => {
  test.each(doubled)(
    'when %s',
    async (_what, budget) => {
      const found = await explore(() => world(), budget, { schedules: 2_000_000 });
      console.info(found);
      expect(found.problem).toBeUndefined();
    },
    1_800_000,
  );
});
