// The goals that figures are compared with, as data.

import type { Counts } from './counting.ts';
import type { Times } from './timing.ts';

export type Figures = { readonly times?: Times; readonly counts?: Counts };
export type Verdict = { readonly goal: string; readonly found: number; readonly limit: number; readonly met: boolean };

type Goal = { readonly goal: string; readonly limit: number; found(figures: Figures): number | undefined };

/** A verdict on each goal whose figures were measured. */
export function judge(figures: Figures): Verdict[] {
  return goals.flatMap(({ goal, limit, found }) => {
    const value = found(figures);
    return value === undefined ? [] : [{ goal, found: value, limit, met: value <= limit }];
  });
}

function jobs(times: Times | undefined, n: number) {
  return times?.jobs?.find((one) => one.n === n);
}

const manyJobs = 1000;
const someJobs = 100;

const goals: readonly Goal[] = [
  { goal: `wall ms per job, N = ${manyJobs}`, limit: 120, found: ({ times }) => jobs(times, manyJobs)?.wallMsPerJob },
  {
    goal: `CPU per job, N = ${manyJobs} to N = ${someJobs}`,
    limit: 1.15,
    found({ times }) {
      const many = jobs(times, manyJobs);
      const some = jobs(times, someJobs);
      return many && some && many.cpuMsPerJob / some.cpuMsPerJob;
    },
  },
  { goal: 'write units per run', limit: 17, found: ({ counts }) => counts?.perRun.writeUnits },
  { goal: 'write units per subjob', limit: 14, found: ({ counts }) => counts?.perSubjob.writeUnits },
  { goal: 'write units per wait', limit: 4, found: ({ counts }) => counts?.perWait.writeUnits },
];
