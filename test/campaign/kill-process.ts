// Sends signals to processes that a campaign started: a platform with its workers, or one process.

import type { Platform } from '../wire/session.ts';
import { processesOf } from './process-watch.ts';

/** Kills the platform first, then every process that works for its data folder. */
export function killEverything(on: Platform): void {
  on.process.kill('SIGKILL');
  for (const { pid } of processesOf(on.data)) signalProcess(pid, 'SIGKILL');
}

/** Returns false when the process has ended before. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}
