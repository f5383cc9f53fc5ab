// What a mutation run works on: the mutated files, the test files, and the task that a host process gets.

import { globSync, readFileSync } from 'node:fs';
import { type Instrumented, instrument } from './instrument.ts';

export type TestCoverage = {
  readonly title: string;
  readonly passes: boolean;
  readonly ms: number;
  /** How often the test asks for any mutant. */
  readonly asked: number;
  readonly reached: readonly number[];
};
export type FileCoverage = {
  readonly path: string;
  /** The mutants that the file reaches while it loads. */
  readonly loaded: readonly number[];
  readonly tests: readonly TestCoverage[];
};

/** The work of one host process. It reads the task from the file that the environment names. */
export type Task = {
  readonly selected: readonly string[];
  readonly testFiles: readonly string[];
  /** A line of JSON for each step is appended here. */
  readonly log: string;
  /** Absent: measure which tests reach which mutants. */
  readonly run?: { readonly mutants: readonly number[]; readonly coverage: string };
};
/** A mutant is begun, and later it is over: with the test that found it, or without. No test may fail without one. */
export type LogLine =
  | { readonly kind: 'covered'; readonly file: FileCoverage }
  | { readonly kind: 'failed'; readonly test: string; readonly why: string }
  | { readonly kind: 'begun'; readonly mutant: number }
  | { readonly kind: 'over'; readonly mutant: number; readonly killedBy?: string | undefined };

/** The mutated files below the selected folders, or of these names. */
export function mutatedFiles(selected: readonly string[]): string[] {
  const files = globSync([...mutatedRooms]).sort();
  return select(files, selected);
}

/** The test files below the selected folders, or of these names. */
export function testFiles(selected: readonly string[]): string[] {
  const files = globSync(testedBy).filter((file) => !untested.has(file));
  return select(files.sort(), selected);
}

function select(files: readonly string[], selected: readonly string[]): string[] {
  return files.filter(
    (file) =>
      selected.length === 0 || selected.some((one) => file === one || file.startsWith(`${one.replace(/\/$/, '')}/`)),
  );
}

/** Path → its text with all mutants, numbered through all files. */
export function instrumentAll(paths: readonly string[]): Map<string, Instrumented> {
  let count = 0;
  return new Map(
    paths.map((path) => {
      const instrumented = instrument(path, readFileSync(path, 'utf8'), count);
      count += instrumented.mutants.length;
      return [path, instrumented];
    }),
  );
}

export function readTask(): Task {
  const path = process.env[taskVariable];
  if (path === undefined) throw new Error('npm run test:mutants starts this with a task');
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Names the file of a host's task. */
export const taskVariable = 'MUTATION_TASK';
const mutatedRooms = [
  'core/{job,run,reference,execution}/*.ts',
  'engine/{job,launch,wait,run}/*.ts',
  'engine/store/{load-job,save-job,send-work,map-limited,retry-while-changed}.ts',
  'engine/{sweep,work,finalise}.ts',
];
/** The other searches of test/simulation take too long to be repeated for each mutant. */
const testedBy = ['test/{core,engine,api}/*.test.ts', 'test/simulation/{random,settle,wait}.test.ts'];
/** Random requests find a mutant only now and then. */
const untested = new Set([
  'test/api/execution-random.test.ts',
  'test/api/hostile-inputs.test.ts',
  'test/api/random-requests.test.ts',
]);
