// Says in the log of a job that its machine is smaller than its instance type promises.

import { availableParallelism, totalmem } from 'node:os';
import type { Claim } from './platform.ts';

type Machine = { readonly cores: number; readonly memoryGib: number };

/** @param machine this machine, by default */
export function machineNotes(
  { limits, jobDescribe }: Pick<Claim, 'limits' | 'jobDescribe'>,
  machine: Machine = { cores: availableParallelism(), memoryGib: totalmem() / 1024 ** 3 },
): string[] {
  // Part of the memory of a machine is not counted, because its kernel lies there.
  const isEnough = machine.cores >= limits.cores && machine.memoryGib >= limits.memoryGib * countedMemory;
  if (isEnough) return [];
  const wanted = sizeOf(limits);
  return [`${jobDescribe.instanceType} means ${wanted}. The job runs on what this machine has: ${sizeOf(machine)}`];
}

function sizeOf({ cores, memoryGib }: Machine): string {
  return `${cores} ${cores === 1 ? 'core' : 'cores'} and ${Math.round(memoryGib * 10) / 10} GiB`;
}

const countedMemory = 0.9;
