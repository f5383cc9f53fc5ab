// Runs inside vitest: loads the test files, and runs their tests for one mutant after the other until one fails.

import { appendFileSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test, vi } from 'vitest';
import { type FileCoverage, type LogLine, readTask, type TestCoverage } from './plan.ts';
import { beginFile, type Registered, registered } from './registered.ts';
import { installSwitch } from './switch.ts';

type Candidate = TestCoverage & Registered & { readonly path: string };

const task = readTask();
const mutants = installSwitch();

test('the mutants', async () => {
  if (task.run === undefined) {
    for (const path of task.testFiles) log({ kind: 'covered', file: await measure(path) });
    return;
  }
  const coverage: FileCoverage[] = JSON.parse(readFileSync(task.run.coverage, 'utf8'));
  const loaded = new Set(coverage.flatMap((file) => file.loaded));
  const candidates: Candidate[] = [];
  for (const file of coverage) candidates.push(...withBodies(file, await load(file.path)));
  for (const mutant of task.run.mutants) {
    log({ kind: 'begun', mutant });
    const reaching = candidates.filter((one) => one.reached.includes(mutant));
    const killedBy = await findKiller(mutant, reaching);
    const again = killedBy === undefined && loaded.has(mutant);
    log({ kind: 'over', mutant, killedBy: again ? await killWhileLoading(mutant, coverage) : killedBy });
  }
});

/** Loads a test file, and returns its tests. */
async function load(path: string): Promise<readonly Registered[]> {
  beginFile();
  await import(resolve(path));
  return registered().tests;
}

/** Runs the tests of a file without any mutant, and notes what each reaches. A test that fails is not used. */
async function measure(path: string): Promise<FileCoverage> {
  vi.resetModules();
  mutants.listen();
  const found = await load(path);
  const loaded = mutants.heard();
  const tests: TestCoverage[] = [];
  for (const { title, run } of found) {
    mutants.turn(undefined);
    mutants.listen();
    const begun = performance.now();
    const passes = await run().then(
      () => true,
      (error) => {
        log({ kind: 'failed', test: `${path}: ${title}`, why: String(error) });
        return false;
      },
    );
    const ms = performance.now() - begun;
    tests.push({ title, passes, ms, asked: mutants.asked(), reached: mutants.heard() });
  }
  return { path, loaded, tests };
}

/** The first test, from the fastest on, that fails while the mutant is on. */
async function findKiller(mutant: number, candidates: readonly Candidate[]): Promise<string | undefined> {
  let spentMs = 0;
  for (const one of candidates.toSorted((first, second) => first.ms - second.ms)) {
    spentMs += one.ms;
    if (spentMs > longestSearchMs && one.ms > quickMs) return undefined;
    if (await fails(mutant, one)) return `${one.path}: ${one.title}`;
  }
  return undefined;
}

/**
 * Loads the program again with the mutant on, for constants that are made while a file loads. Files with short tests
 * come first.
 */
async function killWhileLoading(mutant: number, coverage: readonly FileCoverage[]): Promise<string | undefined> {
  const files = coverage.filter((file) => file.loaded.includes(mutant));
  for (const file of files.toSorted((one, other) => durationMs(one) - durationMs(other))) {
    vi.resetModules();
    mutants.turn(mutant, mostAskedWhileLoading);
    let found: readonly Registered[];
    try {
      found = await load(file.path);
    } catch {
      return `${file.path} while it loads`;
    }
    if (found.length !== file.tests.length) return `${file.path}: another number of tests`;
    const killer = await findKiller(mutant, withBodies(file, found));
    if (killer !== undefined) return killer;
  }
  return undefined;
}

/** Runs a test with the mutant on. A test that does not end leaves calls behind, so this process must not go on. */
async function fails(mutant: number, { run, ms, asked, path, title }: Candidate): Promise<boolean> {
  mutants.turn(mutant, asked * timesAsked + mostAskedWhileLoading);
  const limit = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => limit.resolve('late'), leastMs + ms * timesAsked);
  try {
    if ((await Promise.race([run(), limit.promise])) !== 'late') return false;
  } catch {
    return true;
  } finally {
    clearTimeout(timer);
    mutants.turn(undefined);
  }
  log({ kind: 'over', mutant, killedBy: `${path}: ${title} (it did not end)` });
  throw new Error('the next mutants need a new process');
}

function withBodies({ path, tests }: FileCoverage, found: readonly Registered[]): Candidate[] {
  return tests.flatMap((one, index) => {
    const body = found[index];
    return body === undefined || !one.passes || one.ms > slowestMs ? [] : [{ ...one, ...body, path }];
  });
}

function durationMs({ tests }: FileCoverage): number {
  return tests.reduce((sum, { ms }) => sum + ms, 0);
}

function log(line: LogLine): void {
  appendFileSync(task.log, `${JSON.stringify(line)}\n`);
}

/** A test that takes longer is not used. */
const slowestMs = 3_000;
/** After this time only quick tests are tried. */
const longestSearchMs = 10_000;
const quickMs = 100;
const leastMs = 3_000;
const timesAsked = 10;
const mostAskedWhileLoading = 1_000_000;
