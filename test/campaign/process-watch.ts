// Watches the processes of this machine while a campaign runs: those that work for a data folder, and two workers that
// hold the same job at once. It reads /proc, so it runs on Linux only.

import { readdirSync, readFileSync } from 'node:fs';

const lookMs = 50;
/** The bundle that the platform starts for each job (emulation/synthesize.ts). */
const workerFile = 'worker.mjs';
/** The program of the workers that the embedded runtime keeps. */
const keptWorkerFile = 'kept-worker';

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
  const seen = pids.flatMap((name) => lookAt(name, data) ?? []);
  const kept = new Map(seen.filter(({ command }) => command.includes(keptWorkerFile)).map((one) => [one.pid, one]));
  const parents = new Map(seen.map(({ pid, parent }) => [pid, parent]));
  // A kept worker has the job whose processes are below it.
  const holders = new Map<number, string>();
  for (const { pid, job } of seen) {
    for (let above = parents.get(pid); job !== undefined && above !== undefined; above = parents.get(above))
      if (kept.has(above)) holders.set(above, job);
  }
  return seen.map(({ pid, job, task, command, startedFor }) => ({
    ...{ pid, job, task },
    workerOf: command.includes(workerFile) ? startedFor : holders.get(pid),
  }));
}

/** Undefined when the process does not work for the data folder, or ended while we read. */
function lookAt(name: string, data: string) {
  try {
    const environment = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0');
    const command = readFileSync(`/proc/${name}/cmdline`, 'latin1');
    if (!command.includes(data) && !environment.some((one) => one.includes(data))) return undefined;
    const value = (key: string): string | undefined =>
      environment.find((one) => one.startsWith(`${key}=`))?.slice(key.length + 1);
    const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    const [job, task, startedFor] = [value('DX_JOB_ID'), value('ESPALIER_FOLDER'), value('ESPALIER_JOB')];
    return { pid: Number(name), parent, command, job, task, startedFor };
  } catch {
    return undefined;
  }
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
