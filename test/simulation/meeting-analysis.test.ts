// Searches what may meet in an analysis completely, under the same faults as the meetings of jobs (meeting.test.ts).
// test/campaign/tree.ts has what takes minutes.

import { describe, expect, test } from 'vitest';
import { type Budget, budgets, lostAnswer } from './budget.ts';
import { explore } from './explore.ts';
import {
  bornAnalysis,
  failedForAll,
  repeatedBirth,
  terminatedAnalysis,
  terminatedBirth,
  terminatedStageRestart,
  twoFailedForAll,
  twoFailedStages,
} from './meeting-analysis-world.ts';
import { bearOnlyInTheCall, blame, endBlindly, putBlindly, seeAsDone, terminateAsFailure } from './meeting-error.ts';
import type { World } from './replay.ts';

const calm: Budget = { crashes: 0, losses: 0, doubles: 0 };
const every = [...budgets.filter(([, { losses, crashes, doubles }]) => losses + crashes + doubles > 0), lostAnswer];
const single = every.filter(([, { doubles }]) => doubles === 0);
const quick = single.filter(([, { answers = 0 }]) => answers === 0);
const worlds: [string, () => Promise<World>, [string, Budget][]][] = [
  ['an analysis that is born, whose records bring looks meanwhile', bornAnalysis, every],
  ['an analysis whose call is repeated', repeatedBirth, quick],
  ['an analysis whose call is repeated, and no record is heard', () => repeatedBirth(undefined, []), every],
  ['an analysis that is terminated while its stages are made', terminatedBirth, every],
  ['two stages that fail at once', twoFailedStages, single],
  ['two stages that fail at once, and one record is heard', () => twoFailedStages(undefined, ['a']), every],
  ['a stage that reports while another one ends all stages', failedForAll, quick],
  [
    'a stage that reports while another one ends all, and one record is heard',
    () => failedForAll(undefined, ['a']),
    every,
  ],
  ['two stages that fail at once and end all stages', twoFailedForAll, quick],
  ['two stages that fail and end all, and one record is heard', () => twoFailedForAll(undefined, ['a']), every],
  ['an analysis that is terminated while its stage starts again', terminatedStageRestart, every],
  ['an analysis that is terminated while its stage reports', terminatedAnalysis, every],
];

describe.each(worlds)('%s: every stage and the analysis end as they must', (_title, world, faults) => {
  test.each(faults)('when %s', { timeout: 300_000 }, async (_what, budget) => {
    const found = await explore(() => world(), budget);
    expect(found.problem).toBeUndefined();
    expect(found.states).toBeGreaterThan(10);
  });
});

describe('the search finds a planted error:', () => {
  test.each([
    ['a stage that ends as failed', () => terminatedBirth(terminateAsFailure), /ends otherwise/],
    ['a second birth over a stage that has ended', () => repeatedBirth(putBlindly), /[aw] was done and is/],
    [
      'failed stages that count as done',
      () => twoFailedStages((context) => ['a', 'b'].map((name) => seeAsDone(name)(context))),
      /ends otherwise/,
    ],
    ['an end that replaces a report', () => failedForAll(endBlindly), /b was done and is/],
    ['a flag that names another job', () => twoFailedForAll(blame('c')), /ends otherwise/],
    ['a termination that is written as a failure', () => terminatedStageRestart(terminateAsFailure), /ends otherwise/],
    ['a termination that replaces a report', () => terminatedAnalysis(endBlindly), /a was done and is/],
  ])('%s', { timeout: 120_000 }, async (_title, world, problem) => {
    const found = await explore(world, calm);
    expect(found.problem?.what).toMatch(problem);
  });

  test('a look that does not make the stages, when the call dies', { timeout: 120_000 }, async () => {
    const found = await explore(() => bornAnalysis(bearOnlyInTheCall), { ...calm, crashes: 1 });
    expect(found.problem?.what).toMatch(/ends otherwise: .*unborn/);
  });
});
