// Searches the worlds of test/simulation/tree.test.ts with each message doubled, a larger restart without doubled messages,
// which would be millions of schedules, and every world of meeting-world.ts, meeting-late-world.ts and
// meeting-analysis-world.ts under all single faults and pairs of faults. All of that takes too long for every run of the
// tests. `npm run test:trees` starts it; SCHEDULES overrides how many schedules one search may take.

import { type Budget, budgets, lostAnswer } from '../simulation/budget.ts';
import { explore } from '../simulation/explore.ts';
import * as analysisMeetings from '../simulation/meeting-analysis-world.ts';
import * as lateMeetings from '../simulation/meeting-late-world.ts';
import * as meetings from '../simulation/meeting-world.ts';
import { birthAndDoom, birthAndFinish, laterBirthAndFinish, restart } from '../simulation/tree-world.ts';

type Search = {
  readonly title: string;
  readonly world: Parameters<typeof explore>[0];
  readonly budgets: typeof budgets;
};

const schedules = Number(process.env.SCHEDULES ?? 2_000_000);
const doubled = budgets.filter(([, { doubles }]) => doubles > 0);
const others = budgets.filter(([, { doubles }]) => doubles === 0);
/** Two faults in one schedule. */
const pairs: typeof budgets = [
  ['two messages are lost', { crashes: 0, losses: 2, doubles: 0 }],
  ['a message is lost and an actor dies', { crashes: 1, losses: 1, doubles: 0 }],
  ['a message comes twice and another is lost', { crashes: 0, losses: 1, doubles: 1 }],
];
/** Meetings in which the records of a job are delivered too, which the other searches take for lost. */
const wide: readonly [string, Search['world']][] = [
  ['silentWorker, with the records of o', () => meetings.silentWorker(undefined, ['o'])],
  ['timeLimit, with the records of j', () => meetings.timeLimit(undefined, ['j'])],
  ['terminatedRestart, with the records of o', () => meetings.terminatedRestart(undefined, ['o'])],
  ['twoRestarts, with the records of m', () => meetings.twoRestarts(undefined, ['m'])],
  ['interleavedSweep, with the records of j', () => meetings.interleavedSweep(undefined, ['j'])],
  ['lateMessage, with the records of o', () => lateMeetings.lateMessage(undefined, ['o'])],
  [
    'terminatedStageRestart, with the records of a and a worker',
    () => analysisMeetings.terminatedStageRestart(undefined, ['a'], true),
  ],
  ['terminatedAnalysis, with the records of a', () => analysisMeetings.terminatedAnalysis(undefined, ['a', 'w'])],
  ['filledWorkspace, with the records of j', () => lateMeetings.filledWorkspace(undefined, ['j'])],
];
const searches: readonly Search[] = [
  {
    title: 'a job that finishes while it makes its first child ends with the child',
    world: () => birthAndFinish(),
    budgets: doubled,
  },
  {
    title: 'a job that finishes while it makes a later child ends with the child',
    world: () => laterBirthAndFinish(),
    budgets: doubled,
  },
  {
    title: 'a tree that is terminated while one of its jobs makes a child ends with the child',
    world: () => birthAndDoom(),
    budgets: doubled,
  },
  {
    title: 'a master that restarts while it makes a child does not leave a child of the old try',
    world: () => restart(),
    budgets: doubled,
  },
  {
    title: 'a master that restarts while its new child is claimed does not leave a child of the old try',
    world: () => restart(undefined, true),
    budgets: others,
  },
  ...Object.entries({ ...meetings, ...lateMeetings, ...analysisMeetings }).map(([name, world]) => ({
    title: name,
    world: () => world(),
    budgets: [...budgets, lostAnswer, ...pairs],
  })),
  ...wide.map(([title, world]) => ({ title, world, budgets: [...budgets, ...pairs] })),
];

let failed = 0;
for (const { title, world, budgets: tried } of searches) {
  for (const [what, budget] of tried) {
    if (!(await passes(`${title}, when ${what}`, world, budget))) failed += 1;
  }
}
console.log(failed === 0 ? 'nothing was found' : `${failed} searches failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Prints the result of a search. A search that is too large counts as failed, because its result is not known. */
async function passes(title: string, world: Search['world'], budget: Budget): Promise<boolean> {
  const begun = Date.now();
  try {
    const { problem, schedules: count, states, ends } = await explore(world, budget, { schedules });
    const seconds = Math.round((Date.now() - begun) / 1000);
    console.log(
      `${problem === undefined ? 'ok  ' : 'FAIL'} ${title}: ${count} schedules, ${states} states, ${ends.size} ends, ${seconds} s`,
    );
    if (problem !== undefined) console.log([problem.what, ...problem.schedule].join('\n  '));
    return problem === undefined;
  } catch (error) {
    console.log(`FAIL ${title}: ${(error as Error).message}`);
    return false;
  }
}
