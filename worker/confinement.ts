// Keeps a job's processes together in a container, and finds those that it leaves behind. Where the kernel allows it, they
// get a PID namespace of their own, so that none outlives the job. Elsewhere leftovers are found by the job's id in their
// environment. On one machine the starter gives the namespaces (worker/starter/starter.ts).

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Asks the kernel whether it gives new PID and mount namespaces. */
export function canUnshare(): boolean {
  return process.getuid?.() === 0 && spawnSync('unshare', [...unshareFlags, 'true']).status === 0;
}

/** The command line that runs a command in namespaces of its own. It exits after everything that it started. */
export function confinedCommand(command: readonly string[]): string[] {
  return ['unshare', ...unshareFlags, 'bash', '-c', firstProcess, 'bash', ...command];
}

/** Ends every process whose environment names the job, until a pass finds none. Returns how many were found. */
export async function endLeftovers(jobId: string): Promise<number> {
  const found = new Set<number>();
  for (let pass = 0; pass < passLimit; pass += 1) {
    const alive = processesOf(jobId);
    if (alive.length === 0) return found.size;
    for (const pid of alive) {
      found.add(pid);
      tryKill(pid, 'SIGKILL');
    }
    await pause(passPauseMs);
  }
  throw new Error(`processes of ${jobId} could not be ended: ${processesOf(jobId).join(', ')}`);
}

function processesOf(jobId: string): number[] {
  const mark = `DX_JOB_ID=${jobId}`;
  let entries: string[];
  try {
    entries = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  } catch {
    return []; // Without /proc (macOS) only the process group can be ended.
  }
  return entries.map(Number).filter((pid) => {
    try {
      const isZombie = /^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
      return !isZombie && readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark);
    } catch {
      return false; // It ended after the listing, or belongs to another user: it is not ours.
    }
  });
}

/** Sends a signal to a process (negative: a group). A process that has already ended is fine. */
export function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const passLimit = 20;
const passPauseMs = 50;
const unshareFlags = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
// The first process of a PID namespace ignores signals that other processes obey, so the job's own is the second.
const firstProcess = '"$@"; exit $?';
