// Watches the processes of this machine while a campaign runs: those that work for a data folder, and two workers that
// hold the same job at once. It reads /proc, so it runs on Linux only.

import { readdirSync, readFileSync } from 'node:fs';

const lookMs = 50;
/** The bundle that the platform starts for each job (emulation/synthesize.ts). */
const workerFile = 'worker.mjs';

export type WorkerProcess = {
  readonly pid: number;
  readonly job: string | undefined;
  readonly task: string | undefined;
  /** The job that this process was started for, if it is a worker and not a process of a job. */
  readonly workerOf: string | undefined;
};

/** Processes whose environment or command line names the data folder, except this process. */
export function processesOf(data: string): WorkerProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.flatMap((name) => {
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0');
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1');
      if (!command.includes(data) && !environment.some((one) => one.includes(data))) return [];
      const value = (key: string): string | undefined =>
        environment.find((one) => one.startsWith(`${key}=`))?.slice(key.length + 1);
      const workerOf = command.includes(workerFile) ? value('ESPALIER_JOB') : undefined;
      return [{ pid: Number(name), job: value('DX_JOB_ID'), task: value('ESPALIER_ROOT'), workerOf }];
    } catch {
      return []; // The process ended while we read.
    }
  });
}

/** Every lookMs notes which roots run which job. `overlaps` are jobs that two roots ran at the same look. */
export function watchOverlaps(data: string): { overlaps: Set<string>; stop(): void } {
  const overlaps = new Set<string>();
  const timer = setInterval(() => {
    const tasks = new Map<string, Set<string>>();
    for (const one of processesOf(data)) {
      if (one.job && one.task) tasks.set(one.job, (tasks.get(one.job) ?? new Set()).add(one.task));
    }
    for (const [job, roots] of tasks) if (roots.size > 1) overlaps.add(`${job}: ${[...roots].join(', ')}`);
  }, lookMs);
  return { overlaps, stop: () => clearInterval(timer) };
}
