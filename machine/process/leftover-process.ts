// Finds and ends processes by the task id in their environment, and by their handle.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { signalIfThere } from './process-signal.ts';

/** Marks every process of a task. Ids are 128 random bits, so tasks of other data folders are never found. */
export const taskIdVariable = 'ESPALIER_TASK_ID';

/** Kills every process whose environment has one of the ids, until none is left. Rejects if one stays. */
export async function endProcessesOf(taskIds: ReadonlySet<string>): Promise<void> {
  if (taskIds.size === 0) return;
  for (const deadline = Date.now() + limitMs; ; ) {
    const found = findProcessesOf(taskIds);
    if (found.length === 0) return;
    if (Date.now() > deadline) throw new Error(`Processes of a lost task do not end: ${found.join(', ')}`);
    for (const pid of found) signalIfThere(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, roundMs));
  }
}

/** Works only where there is a /proc. Elsewhere only process groups are ended. */
function findProcessesOf(taskIds: ReadonlySet<string>): number[] {
  const marker = `${taskIdVariable}=`;
  return listPids().filter((pid) => {
    const environment = readProc(pid, 'environ');
    const entry = environment?.split('\0').find((variable) => variable.startsWith(marker));
    return entry !== undefined && pid !== process.pid && taskIds.has(entry.slice(marker.length));
  });
}

function listPids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/**
 * Whether the system shows when a process began. Without that, a worker of an earlier platform looks like any other
 * process.
 */
export function showsProcesses(proc = '/proc'): boolean {
  return startTimeOf(process.pid, proc) !== undefined;
}

/** The boot, process id and start time. A process id alone may be another's by now. */
export function handleOf(pid: number, proc = '/proc'): string {
  return `${bootId()}:${pid}:${startTimeOf(pid, proc) ?? ''}`;
}

/** Kills the process group that the handle names, if its leader is still the same process. */
export function endGroupOf(handle: string, proc = '/proc'): void {
  const [boot, pid, ...rest] = handle.split(':');
  const startTime = rest.join(':');
  if (boot !== bootId() || startTime === '' || startTimeOf(Number(pid), proc) !== startTime) return;
  signalIfThere(-Number(pid), 'SIGKILL');
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** Field 22 of /proc/<pid>/stat. The second, the program's name in brackets, may hold spaces and brackets. */
function startTimeOf(pid: number, proc: string): string | undefined {
  if (!existsSync(`${proc}/self/stat`)) return startTimeByPs(pid);
  const stat = readProc(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** The start time to the second, in words that must not depend on the caller's locale. */
function startTimeByPs(pid: number): string | undefined {
  try {
    const text = execFileSync(psProgram, ['-o', 'lstart=', '-p', String(pid)], {
      env: { LC_ALL: 'C', TZ: 'UTC0' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.trim() || undefined;
  } catch {
    // ps says that there is no such process, or there is no ps.
    return undefined;
  }
}

/** Undefined if the process is gone or belongs to another user. */
function readProc(pid: number, file: 'environ' | 'stat'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return undefined;
  }
}

const roundMs = 20;
/** The program that shows start times on systems without /proc. */
const psProgram = '/bin/ps';
/** Longest time in which killed processes must disappear. */
const limitMs = 10_000;
