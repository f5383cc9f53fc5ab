// Keeps a job's processes together. Where the kernel allows it, they get a PID namespace of their own, so that none
// outlives the job, and a private mount namespace, which shows dxpy's log sockets at their fixed path. Elsewhere
// leftovers are found by the job's id in their environment. This is tidiness on one machine; the boundary between jobs
// is the Fargate task.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export type Confinement = {
  /**
   * Whether the kernel gives new PID and mount namespaces. A wrapped command then exits after everything that it
   * started.
   */
  readonly namespaces: boolean;
  /** The command line that runs `command` confined. `logFolder` appears in it at logSocketFolder. */
  wrap(command: readonly string[], logFolder: string | undefined): string[];
  /** Where to make the log sockets so that the job finds them. Undefined where the job cannot find them. */
  readonly logFolder: string | undefined;
};

/** Asks the kernel whether it gives new PID and mount namespaces. */
export function canUnshare(): boolean {
  return process.getuid?.() === 0 && spawnSync('unshare', [...unshareFlags, 'true']).status === 0;
}

/** @param known whether namespaces are available, if the kernel was asked before */
export function findConfinement(root: string, known?: boolean): Confinement {
  const namespaces = known ?? canUnshare();
  const inContainer = root === '/';
  return {
    namespaces,
    logFolder: inContainer ? logSocketFolder : namespaces ? join(root, 'log') : undefined,
    wrap: (command, logFolder) => {
      if (!namespaces) return [...command];
      if (!logFolder || inContainer)
        return ['unshare', ...unshareFlags, 'bash', '-c', firstProcess, 'bash', ...command];
      const aside = join(root, 'opt-of-host');
      mkdirSync(aside, { recursive: true });
      return ['unshare', ...unshareFlags, 'bash', '-c', mountProgram, 'bash', aside, logFolder, ...command];
    },
  };
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
/** Where dxpy sends log lines as datagrams (docs/reference/api.md, "Log sockets of a job"). */
const logSocketFolder = '/opt/dnanexus/log';
const unshareFlags = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
// The first process of a PID namespace ignores signals that other processes obey, so the job's own is the second.
const firstProcess = '"$@"; exit $?';

// /opt is rebuilt in the private namespace, because its log folder may not exist outside and nothing is made there. An
// entry that cannot be shown there is left out. If nothing can be mounted, the job runs without the folder, as dxpy
// allows.
const mountProgram = `
show_opt() {
  mount --rbind /opt "$1" && mount -t tmpfs -o size=1m,mode=755 espalier /opt || return 1
  shopt -s nullglob dotglob
  for entry in "$1"/*; do
    name="/opt/\${entry##*/}"
    if [ "$name" = /opt/dnanexus ]; then continue; fi
    if [ -L "$entry" ]; then cp -P -- "$entry" "$name"; continue; fi
    if [ -d "$entry" ]; then mkdir -- "$name"; else touch -- "$name"; fi
    mount --rbind -- "$entry" "$name"
  done
  mkdir -p ${logSocketFolder} && mount --bind -- "$2" ${logSocketFolder} && return
  umount -l /opt
  return 1
}
show_opt "$1" "$2" 2>/dev/null || echo "${logSocketFolder} cannot be mounted: lines that dxpy would send there appear as STDERR" >&2
shift 2
${firstProcess}
`;
