// Lives many random lives, and compares every job with the oracle (test/simulation/life.ts). `npm run test:lives` lives
// 10,000; an argument gives another number. SIMULATION_SEED repeats a run, and each problem names the seed of its life.

import { kindsOfEvents, problemsOfLife } from '../simulation/life.ts';
import type { Tally } from '../simulation/random.ts';

const shownProblems = 20;
const lives = Number(process.argv[2] ?? 10_000);
const first = Number(process.env.SIMULATION_SEED ?? Date.now() % 1_000_000_000);
console.log(`SIMULATION_SEED=${first}, ${lives} lives`);
const begun = Date.now();
const tally: Tally = new Map();
let failed = 0;
for (let seed = first; seed < first + lives; seed++) {
  const problems = await problemsOfLife(seed, tally);
  if (problems.length > 0) failed += 1;
  if (problems.length > 0 && failed <= shownProblems) console.log([`FAIL seed ${seed}`, ...problems].join('\n  '));
}
const missing = kindsOfEvents.filter((kind) => !tally.has(kind));
if (missing.length > 0) console.log(`FAIL never happened: ${missing.join(', ')}`);
console.log(Object.fromEntries(tally));
console.log(`${lives} lives, ${failed} failed, ${Math.round((Date.now() - begun) / 1000)} s`);
process.exitCode = failed === 0 && missing.length === 0 ? 0 : 1;
