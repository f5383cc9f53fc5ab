// The size of worker for an instance type: the smallest pair of processors and memory of Fargate that holds it
// (docs/reference/aws.md, "Fargate sizes"). A larger disk is cut, and the job's describe says so. Processors and memory
// are never cut: such types are refused.

import { given } from '../given.ts';
import { findInstanceType, type InstanceType, instanceNames } from './instance-types.ts';

/** A job's real size, as its describe shows it. */
export type WorkerSize = {
  readonly cores: number;
  readonly memoryGib: number;
  /** 21 to 200. */
  readonly diskGb: number;
  /** The difference to the requested size. */
  readonly shortfall?: string;
};

/** Why a job cannot have this type, as a sentence. Undefined when it can. */
export function checkRunnable(name: string): string | undefined {
  const type = findInstanceType(name);
  if (type === undefined) return checkKnown(name);
  if (type.accelerator !== undefined) {
    return `instance type ${name} has a ${type.accelerator}, which no worker of this platform has`;
  }
  if (smallestPair(type) !== undefined) return undefined;
  return `instance type ${name} (${type.cores} cores, ${type.memoryGib} GiB) is larger than the largest worker (16 cores, 120 GiB)`;
}

/**
 * The reason, as a sentence, if there is no such type. Undefined when there is, whether or not a worker can be that
 * large.
 */
export function checkKnown(name: string): string | undefined {
  if (findInstanceType(name) !== undefined) return undefined;
  const family = name.slice(0, name.lastIndexOf('_x'));
  const near = instanceNames.filter((known) => known.startsWith(`${family}_x`));
  const offered = near.length > 0 ? near : ['mem1_ssd1_v2_x2', 'mem2_ssd1_v2_x4', 'mem3_ssd1_v2_x8'];
  return `there is no instance type "${name.slice(0, 60)}" in this region; there are, for example, ${offered.join(', ')}`;
}

/**
 * The size of a type that `checkRunnable` accepts.
 *
 * @throws RangeError for any other: jobs are checked when they are made
 */
export function workerSize(name: string): WorkerSize {
  const type = findInstanceType(name);
  const pair = type === undefined || type.accelerator !== undefined ? undefined : smallestPair(type);
  if (type === undefined || pair === undefined) throw new RangeError(checkRunnable(name));
  const diskGb = Math.ceil(Math.min(Math.max(type.diskGb, minimumDiskGb), maximumDiskGb));
  const shortfall = type.diskGb > diskGb ? `${diskGb} GB of disk instead of ${type.diskGb} GB` : undefined;
  return { ...pair, diskGb, ...given({ shortfall }) };
}

function smallestPair({ cores, memoryGib }: InstanceType): { cores: number; memoryGib: number } | undefined {
  for (const pair of pairs) {
    const [from, to, step] = pair.memoryGib;
    if (pair.cores < cores || to < memoryGib) continue;
    return { cores: pair.cores, memoryGib: from + Math.ceil(Math.max(memoryGib - from, 0) / step) * step };
  }
  return undefined;
}

/**
 * Fargate's processors and, for each, memory in GiB: from, to, in steps of (docs/reference/aws.md, "Fargate sizes").
 */
const pairs: readonly { readonly cores: number; readonly memoryGib: readonly [number, number, number] }[] = [
  { cores: 1, memoryGib: [2, 8, 1] },
  { cores: 2, memoryGib: [4, 16, 1] },
  { cores: 4, memoryGib: [8, 30, 1] },
  { cores: 8, memoryGib: [16, 60, 4] },
  { cores: 16, memoryGib: [32, 120, 8] },
];
const minimumDiskGb = 21;
const maximumDiskGb = 200;
