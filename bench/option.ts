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
      runtime: { type: 'string', default: 'embedded' },
    },
  });
  const chosen = values.only?.split(',') ?? parts;
  const unknown = chosen.filter((name) => !parts.some((part) => part === name));
  if (unknown.length > 0) throw new Error(`there is no part "${unknown.join(', ')}"\n${usage}`);
  const { json, check, profile, runtime } = values;
  if (!isRuntime(runtime)) throw new Error(`there is no runtime "${runtime}"\n${usage}`);
  return { ...(values.quick ? quick : full), json, check, profile, runtime, only: new Set(chosen as Part[]) };
}

function isRuntime(text: string): text is Runtime {
  return runtimes.some((one) => one === text);
}

const runtimes: readonly Runtime[] = ['embedded', 'kernel', 'deployed'];
const parts = ['jobs', 'chain', 'scatter', 'counts'] as const;
const full = { jobCounts: [1, 100, 1000], hops: 50, width: 200, countedJobs: 20 };
const quick = { jobCounts: [1, 20], hops: 10, width: 20, countedJobs: 10 };
const usage = `npm run bench -- [--json] [--check] [--quick] [--profile] [--runtime ${runtimes.join('|')}] [--only ${parts.join(',')}]`;
