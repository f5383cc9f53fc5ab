// The goals that figures are compared with, as data.

import type { Counts } from './counting.ts';
import type { PeerTime } from './peer.ts';
import type { Runtime } from './platform-process.ts';
import type { Times } from './timing.ts';

export type Figures = {
  /** The runtime whose times were measured. */
  readonly runtime: Runtime;
  readonly times?: Times;
  readonly peers?: readonly PeerTime[];
  readonly counts?: Counts;
};
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

function on(
  runtimes: readonly Runtime[],
  goal: string,
  limit: number,
  found: (times: Times) => number | undefined,
): Goal {
  return {
    goal,
    limit,
    found: ({ runtime, times }) => (times && runtimes.includes(runtime) ? found(times) : undefined),
  };
}

const fast: readonly Runtime[] = ['embedded', 'kernel', 'rootless'];
const all: readonly Runtime[] = [...fast, 'deployed'];
const veryManyJobs = 10_000;
const manyJobs = 1000;
const someJobs = 100;

const goals: readonly Goal[] = [
  on(['embedded', 'kernel'], `wall ms per job, N = ${manyJobs}`, 5, (times) => jobs(times, manyJobs)?.wallMsPerJob),
  on(['embedded', 'kernel'], `CPU ms per job, N = ${manyJobs}`, 8, (times) => jobs(times, manyJobs)?.cpuMsPerJob),
  on(['rootless'], `wall ms per job, N = ${manyJobs}`, 3, (times) => jobs(times, manyJobs)?.wallMsPerJob),
  on(['rootless'], `CPU ms per job, N = ${manyJobs}`, 5, (times) => jobs(times, manyJobs)?.cpuMsPerJob),
  on(['deployed'], `wall ms per job, N = ${manyJobs}`, 120, (times) => jobs(times, manyJobs)?.wallMsPerJob),
  ...[manyJobs, veryManyJobs].map((n) =>
    on(all, `CPU per job, N = ${n} to N = ${someJobs}`, 1.15, (times) => {
      const many = jobs(times, n);
      const some = jobs(times, someJobs);
      return many && some && many.cpuMsPerJob / some.cpuMsPerJob;
    }),
  ),
  on(fast, 'wall ms per hop of a chain', 5, ({ chain }) => chain?.wallMsPerHop),
  on(fast, 'wall ms per job of a scatter', 5, ({ scatter }) => scatter?.wallMsPerJob),
  on(fast, 'MB of memory while many jobs wait', 200, ({ queue }) => queue?.memoryMb),
  on(fast, 'ms until ready on an existing data folder', 1000, ({ queue }) => queue?.readyMs),
  on(fast, 'time of an upload to that by bare HTTP', 1.25, ({ transfer: one }) => one && one.bareUpload / one.upload),
  on(
    fast,
    'time of a download to that by bare HTTP',
    1.25,
    ({ transfer: one }) => one && one.bareDownload / one.download,
  ),
  { goal: 'write units per run', limit: 17, found: ({ counts }) => counts?.perRun.writeUnits },
  { goal: 'write units per subjob', limit: 14, found: ({ counts }) => counts?.perSubjob.writeUnits },
  { goal: 'write units per wait', limit: 4, found: ({ counts }) => counts?.perWait.writeUnits },
];
