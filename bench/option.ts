// Reads the command line of the benchmark.

import { parseArgs } from 'node:util';
import type { Runtime } from './platform-process.ts';

type Part = (typeof parts)[number];

export type Options = {
  /** Prints one JSON object on standard output instead of the tables. */
  readonly json: boolean;
  /** What the times are measured on. The counts are those of the deployed template. */
  readonly runtime: Runtime;
  /** Exits with status 1 when a goal is missed. */
  readonly check: boolean;
  readonly only: ReadonlySet<Part>;
  /** Numbers of independent jobs. */
  readonly jobCounts: readonly number[];
  readonly hops: number;
  readonly width: number;
  /** Jobs, hops and subjobs of the counting pass. */
  readonly countedJobs: number;
  /** Jobs that wait while memory is measured. */
  readonly queuedJobs: number;
  /** Calls of the API whose rate is measured. */
  readonly calls: number;
  /** The size of the file that is sent up and down. */
  readonly transferredBytes: number;
  /** Jobs that each peer runs. */
  readonly peerJobs: number;
  /** Shows what wrote rows and used the processors. */
  readonly profile: boolean;
};

/** @throws Error that says what is wrong with the command line. */
export function readOptions(parameters: readonly string[]): Options {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      json: flag,
      check: flag,
      quick: flag,
      profile: flag,
      only: { type: 'string' },
      jobs: { type: 'string' },
      runtime: { type: 'string', default: 'embedded' },
    },
  });
  const chosen = values.only?.split(',') ?? parts;
  const unknown = chosen.filter((name) => !parts.some((part) => part === name));
  if (unknown.length > 0) throw new Error(`there is no part "${unknown.join(', ')}"\n${usage}`);
  const { json, check, profile, runtime } = values;
  if (!isRuntime(runtime)) throw new Error(`there is no runtime "${runtime}"\n${usage}`);
  const jobCounts = values.jobs?.split(',').map(Number);
  if (jobCounts?.some((count) => !(Number.isInteger(count) && count > 0)))
    throw new Error(`--jobs must be numbers of jobs, such as 100,1000, not "${values.jobs}"\n${usage}`);
  const loads = { ...(values.quick ? quick : full), ...(jobCounts ? { jobCounts } : {}) };
  return { ...loads, json, check, profile, runtime, only: new Set(chosen as Part[]) };
}

function isRuntime(text: string): text is Runtime {
  return runtimes.some((one) => one === text);
}

const runtimes: readonly Runtime[] = ['embedded', 'kernel', 'rootless', 'deployed'];
const parts = ['jobs', 'chain', 'scatter', 'queue', 'transfer', 'peers', 'counts'] as const;
/** The parts that measure times. */
export const timedParts = ['jobs', 'chain', 'scatter', 'queue', 'transfer'] as const satisfies readonly Part[];
const full = {
  jobCounts: [1, 100, 1000, 10_000],
  ...{ hops: 50, width: 200, countedJobs: 20 },
  ...{ queuedJobs: 10_000, calls: 5_000, transferredBytes: 2 ** 30, peerJobs: 100 },
};
const quick = {
  jobCounts: [1, 20],
  ...{ hops: 10, width: 20, countedJobs: 10 },
  ...{ queuedJobs: 500, calls: 500, transferredBytes: 2 ** 26, peerJobs: 20 },
};
const usage = `npm run bench -- [--json] [--check] [--quick] [--profile] [--jobs 100,1000] [--runtime ${runtimes.join('|')}] [--only ${parts.join(',')}]`;
