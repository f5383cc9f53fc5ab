// The result of a mutation run: the score of each file, the survivors, and whether the run passes.

import type { Mutant } from './instrument.ts';
import type { FileCoverage } from './plan.ts';
import { survivors } from './survivors.ts';

/** `killedBy` is absent for a survivor. */
export type Result = Mutant & { readonly killedBy: string | undefined };

/** Prints the result. Returns true if the score is high enough and every survivor is listed with its reason. */
export function printReport(
  files: readonly string[],
  results: readonly Result[],
  coverage: readonly FileCoverage[],
): boolean {
  const reached = new Set(coverage.flatMap(({ loaded, tests }) => [...loaded, ...tests.flatMap((one) => one.reached)]));
  const alive = results.filter(({ killedBy }) => killedBy === undefined);
  for (const path of files) {
    const own = results.filter((one) => one.path === path);
    const left = own.filter(({ killedBy }) => killedBy === undefined);
    if (own.length > 0) console.log(`${scoreOf(own)} ${path}: ${own.length - left.length} of ${own.length}`);
    for (const one of left) console.log(`         ${line(one, reached)}`);
  }
  const unlisted = alive.filter((one) => !isListed(one));
  const killed = survivors.flatMap(({ path, mutants }) =>
    mutants.filter((name) => files.includes(path) && !alive.some((one) => one.path === path && one.name === name)),
  );
  for (const name of killed) console.log(`is in survivors.ts, and does not survive: ${name}`);
  const score = results.length === 0 ? 100 : (100 * (results.length - alive.length)) / results.length;
  console.log(`${score.toFixed(1)} % of ${results.length} mutants are killed, and at least ${leastScore} % must be`);
  console.log(`${alive.length} survive; ${unlisted.length} of them are not in survivors.ts`);
  return score >= leastScore && unlisted.length === 0 && killed.length === 0;
}

function line(one: Result, reached: ReadonlySet<number>): string {
  const marks = [reached.has(one.id) ? '' : 'no test reaches it', isListed(one) ? '' : 'not listed'];
  return `${one.line}: ${one.name}${marks.map((mark) => (mark === '' ? '' : ` (${mark})`)).join('')}`;
}

function scoreOf(results: readonly Result[]): string {
  const killed = results.filter(({ killedBy }) => killedBy !== undefined).length;
  return `${((100 * killed) / results.length).toFixed(1)} %`.padStart(7);
}

function isListed({ path, name }: Result): boolean {
  return survivors.some((one) => one.path === path && one.mutants.includes(name));
}

const leastScore = 90;
