// Sends SIGKILL to processes that a campaign started: a platform with its workers, or one worker.

import type { Platform } from '../wire/session.ts';
import { processesOf } from './process-watch.ts';

/** Kills the platform first, then every process that works for its data folder. */
export function killEverything(on: Platform): void {
  on.process.kill('SIGKILL');
  for (const { pid } of processesOf(on.data)) kill(pid);
}

/** Kills one worker of the platform. Returns the job that it was started for; undefined when no worker runs. */
export function killWorker(on: Platform, random: () => number): string | undefined {
  const workers = processesOf(on.data).filter(({ workerOf }) => workerOf !== undefined);
  const chosen = workers[Math.floor(random() * workers.length)];
  if (chosen === undefined) return undefined;
  kill(chosen.pid);
  return chosen.workerOf;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
