// Runs every mutant against the tests, prints which survive, and fails if too many do or one is not in survivors.ts.
// `npm run test:mutants -- core/run` takes one folder or file; `--jobs 1` uses one process, and
// `--tests test/core` only the tests of that folder or file. `--details FILE` writes every result, and `--again FILE` runs
// only the mutants that survive there.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Mutant } from './instrument.ts';
import {
  type FileCoverage,
  instrumentAll,
  type LogLine,
  mutatedFiles,
  type Task,
  taskVariable,
  testFiles,
} from './plan.ts';
import { printReport, type Result } from './report.ts';

const pollMs = 500;
/** Longer than any file's tests take without a mutant, and than the search for a mutant's killer. */
const silenceMs = 120_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: 'string', default: '2' },
    details: { type: 'string' },
    tests: { type: 'string', multiple: true },
    again: { type: 'string' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'mutants-'));
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) end(child);
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const files = mutatedFiles(positionals);
const mutants = [...instrumentAll(files).values()].flatMap((one) => one.mutants).filter(survivesIn(values.again));
console.log(`${mutants.length} mutants in ${files.length} files`);
const coverage = await cover();
const tests = coverage.flatMap((file) => file.tests);
const passing = tests.filter(({ passes }) => passes);
console.log(`${passing.length} of ${tests.length} tests pass without any mutant`);
const results = await runAll(mutants, Number(values.jobs));
if (values.details !== undefined) writeFileSync(values.details, JSON.stringify(results, undefined, 1));
const isGood = printReport(files, results, coverage);
process.exitCode = isGood && passing.length === tests.length ? 0 : 1;

/** The mutants that survived in the run with these details. All, without any. */
function survivesIn(details: string | undefined): (one: Mutant) => boolean {
  if (details === undefined) return () => true;
  const results: Result[] = JSON.parse(readFileSync(details, 'utf8'));
  const alive = new Set(results.flatMap((one) => (one.killedBy === undefined ? [`${one.path}: ${one.name}`] : [])));
  return ({ path, name }) => alive.has(`${path}: ${name}`);
}

/** Which tests reach which mutants. A test that fails without any mutant is named and not used, and fails the run. */
async function cover(): Promise<readonly FileCoverage[]> {
  const task: Task = {
    selected: positionals,
    testFiles: testFiles(values.tests ?? []),
    log: join(folder, 'cover.log'),
  };
  const ended = await host('cover', task);
  const lines = readLog(task.log);
  const found = lines.flatMap((line) => (line.kind === 'covered' ? [line.file] : []));
  for (const line of lines)
    if (line.kind === 'failed') console.log(`fails without any mutant: ${line.test}: ${line.why}`);
  if (ended !== 0) throw new Error(`the tests could not be measured, after ${found.at(-1)?.path ?? 'none'}`);
  writeFileSync(join(folder, 'coverage.json'), JSON.stringify(found));
  return found;
}

/** Runs the mutants in several processes; each gets every n-th, so that all end at about the same time. */
async function runAll(all: readonly Mutant[], jobs: number): Promise<Result[]> {
  const shares = Array.from({ length: jobs }, (_, job) => all.filter((_mutant, index) => index % jobs === job));
  const killers = await Promise.all(shares.map((share, job) => runShare(share, `run${job}`)));
  const killedBy = new Map(killers.flat());
  return all.map((mutant) => ({ ...mutant, killedBy: killedBy.get(mutant.id) }));
}

/** A process ends early when a mutant makes it hang. The next one takes up the rest. */
async function runShare(share: readonly Mutant[], name: string): Promise<[number, string | undefined][]> {
  const over = new Map<number, string | undefined>();
  for (let round = 0; over.size < share.length; round++) {
    const left = share.map(({ id }) => id).filter((id) => !over.has(id));
    const log = join(folder, `${name}-${round}.log`);
    const run = { mutants: left, coverage: join(folder, 'coverage.json') };
    await host(`${name}-${round}`, { selected: positionals, testFiles: [], log, run });
    const lines = readLog(log);
    for (const line of lines) if (line.kind === 'over') over.set(line.mutant, line.killedBy);
    const last = lines.at(-1);
    if (last === undefined) throw new Error('the test files did not load');
    if (last.kind === 'begun') over.set(last.mutant, 'the process hung or died');
  }
  return [...over];
}

/** Runs one host process to its end, or ends it when it has logged nothing for a while. Returns its exit code. */
async function host(name: string, task: Task): Promise<number | null> {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(task));
  const child = spawn('vitest', ['run', '--config', 'test/mutation/vitest.config.ts', '--reporter=dot'], {
    env: { ...process.env, [taskVariable]: path, SIMULATION_SEED: '1' },
    stdio: 'ignore',
    detached: true,
  });
  children.add(child);
  const done = Promise.withResolvers<number | null>();
  child.on('exit', done.resolve);
  child.on('error', done.reject);
  const begun = Date.now();
  for (;;) {
    const first = await Promise.race([done.promise, sleep(pollMs, 'poll' as const)]);
    if (first !== 'poll') {
      children.delete(child);
      return first;
    }
    const lastMs = existsSync(task.log) ? statSync(task.log).mtimeMs : begun;
    if (Date.now() - Math.max(lastMs, begun) > silenceMs) end(child);
  }
}

/** Ends a host with its own process group. */
function end(child: ChildProcess): void {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
    process.kill(-child.pid, 'SIGKILL');
}

function readLog(path: string): LogLine[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}
