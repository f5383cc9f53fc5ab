// The size of worker for an instance type: the smallest pair of processors and memory of Fargate that holds it, or the
// nearest (docs/reference/aws.md, "Fargate sizes"). The describe of a job names every shortfall. Its log names those of
// processors and memory once.

import { given } from '../given.ts';
import { instanceNames } from './instance-types.ts';
import { type NamedType, readInstanceType } from './other-types.ts';

/** A job's real size, as its describe shows it. */
export type WorkerSize = {
  readonly cores: number;
  readonly memoryGib: number;
  /** 21 to 200. */
  readonly diskGb: number;
  /** The difference to the requested size. */
  readonly shortfall?: string;
};

/** Why a job cannot have this type, as a sentence. Undefined when it can have it, or a smaller one in its place. */
export function checkRunnable(name: string): string | undefined {
  const type = readInstanceType(name);
  if (type?.accelerator === undefined) return checkKnown(name);
  return `instance type ${name} has a ${type.accelerator}, which no worker of this platform has`;
}

/**
 * The reason, as a sentence, if this is not the name of an instance type. Types that are retired or of other clouds pass,
 * whether or not a worker can be that large.
 */
export function checkKnown(name: string): string | undefined {
  if (readInstanceType(name) !== undefined) return undefined;
  const family = name.slice(0, name.lastIndexOf('_x'));
  const near = instanceNames.filter((known) => known.startsWith(`${family}_x`));
  const offered = near.length > 0 ? near : ['mem1_ssd1_v2_x2', 'mem2_ssd1_v2_x4', 'mem3_ssd1_v2_x8'];
  return `there is no instance type "${name.slice(0, 60)}"; there are, for example, ${offered.join(', ')}`;
}

/** True when a worker can have all processors and the memory of the type. */
export function fitsWorker(name: string): boolean {
  const type = readInstanceType(name);
  return type !== undefined && type.accelerator === undefined && !isTooLarge(type);
}

/**
 * The size of a type that `checkRunnable` accepts.
 *
 * @throws RangeError for any other: jobs are checked when they are made
 */
export function workerSize(name: string): WorkerSize {
  const type = readInstanceType(name);
  if (type === undefined || type.accelerator !== undefined) throw new RangeError(checkRunnable(name));
  const pair = nearestPair(type);
  const diskGb = Math.ceil(Math.min(Math.max(type.diskGb, minimumDiskGb), maximumDiskGb));
  const short = [
    ...(pair.cores < type.cores ? [`${pair.cores} cores instead of ${type.cores}`] : []),
    ...(pair.memoryGib < type.memoryGib ? [`${pair.memoryGib} GiB of memory instead of ${type.memoryGib} GiB`] : []),
    ...(diskGb < type.diskGb ? [`${diskGb} GB of disk instead of ${type.diskGb} GB`] : []),
  ];
  return { ...pair, diskGb, ...given({ shortfall: short.join(', ') || undefined }) };
}

/**
 * A sentence for the log of a job whose type is larger than any worker, or is known by its name alone. A smaller disk is
 * usual, and is not said there.
 */
export function workerSizeNote(name: string): string | undefined {
  const type = readInstanceType(name);
  if (type === undefined || (type.estimated !== true && !isTooLarge(type))) return undefined;
  const { cores, memoryGib } = nearestPair(type);
  const why =
    type.estimated === true
      ? `is not known here, and its name promises ${type.cores} cores and ${type.memoryGib} GiB`
      : `(${type.cores} cores, ${type.memoryGib} GiB) is larger than any worker`;
  return `The instance type ${name} ${why}: the job has a worker of at most ${cores} cores and ${memoryGib} GiB`;
}

function isTooLarge({ cores, memoryGib }: NamedType): boolean {
  return cores > largest.cores || memoryGib > largest.memoryGib;
}

/** The smallest pair that holds the type, or what a worker can have of it. */
function nearestPair(type: NamedType): { cores: number; memoryGib: number } {
  const cores = Math.min(type.cores, largest.cores);
  const memoryGib = Math.min(type.memoryGib, largest.memoryGib);
  const pair = pairs.find((each) => each.cores >= cores && each.memoryGib[1] >= memoryGib) ?? largestPair;
  const [from, , step] = pair.memoryGib;
  return { cores: pair.cores, memoryGib: from + Math.ceil(Math.max(memoryGib - from, 0) / step) * step };
}

type Pair = { readonly cores: number; readonly memoryGib: readonly [from: number, to: number, step: number] };
/** Fargate's processors and, for each, memory in GiB (docs/reference/aws.md, "Fargate sizes"). */
const largestPair: Pair = { cores: 16, memoryGib: [32, 120, 8] };
const pairs: readonly Pair[] = [
  { cores: 1, memoryGib: [2, 8, 1] },
  { cores: 2, memoryGib: [4, 16, 1] },
  { cores: 4, memoryGib: [8, 30, 1] },
  { cores: 8, memoryGib: [16, 60, 4] },
  largestPair,
];
const largest = { cores: largestPair.cores, memoryGib: largestPair.memoryGib[1] };
const minimumDiskGb = 21;
const maximumDiskGb = 200;
