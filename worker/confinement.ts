// Keeps a job's processes together: in a PID namespace of their own where the kernel allows one, so that none outlives
// the job, and with dxpy's log sockets at their fixed path in a private mount namespace. Elsewhere leftovers are found
// by the job's id in their environment. This is tidiness on one machine; the boundary between jobs is the Fargate task.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const PASS_LIMIT = 20;
const PASS_PAUSE_MS = 50;

/** Where dxpy sends log lines as datagrams (docs/reference/api.md, "Log sockets of a job"). */
const LOG_SOCKET_FOLDER = '/opt/dnanexus/log';

export type Confinement = {
  /** Whether the kernel gives new PID and mount namespaces: then a wrapped command exits after all that it started. */
  readonly namespaces: boolean;
  /** The command line that runs `command` confined; `logFolder` appears at LOG_SOCKET_FOLDER in it. */
  wrap(command: readonly string[], logFolder: string | undefined): string[];
  /** Where to make the log sockets so that the job finds them; undefined where it cannot be made to. */
  readonly logFolder: string | undefined;
};

/** @param known whether namespaces can be had, where somebody asked the kernel already */
export function findConfinement(root: string, known?: boolean): Confinement {
  const flags = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const namespaces = known ?? (process.getuid?.() === 0 && spawnSync('unshare', [...flags, 'true']).status === 0);
  const inContainer = root === '/';
  return {
    namespaces,
    logFolder: inContainer ? LOG_SOCKET_FOLDER : namespaces ? join(root, 'log') : undefined,
    wrap: (command, logFolder) => {
      if (!namespaces) return [...command];
      if (!logFolder || inContainer) return ['unshare', ...flags, 'bash', '-c', firstProcess, 'bash', ...command];
      const aside = join(root, 'opt-of-host');
      mkdirSync(aside, { recursive: true });
      return ['unshare', ...flags, 'bash', '-c', mountProgram, 'bash', aside, logFolder, ...command];
    },
  };
}

// The first process of a PID namespace ignores signals that others do not, so the job's own is the second.
const firstProcess = '"$@"; exit $?';

// /opt is rebuilt in the private namespace, since its log folder may not exist outside and nothing is made there. What cannot
// be shown there is left out, and where nothing can be mounted the job runs without the folder, as dxpy allows.
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
  mkdir -p ${LOG_SOCKET_FOLDER} && mount --bind -- "$2" ${LOG_SOCKET_FOLDER} && return
  umount -l /opt
  return 1
}
show_opt "$1" "$2" 2>/dev/null || echo "${LOG_SOCKET_FOLDER} cannot be mounted; lines that dxpy would send there appear as STDERR" >&2
shift 2
${firstProcess}
`;

/** Ends every process whose environment names the job, until a pass finds none. Returns how many were found. */
export async function endLeftovers(jobId: string): Promise<number> {
  const found = new Set<number>();
  for (let pass = 0; pass < PASS_LIMIT; pass += 1) {
    const alive = processesOf(jobId);
    if (alive.length === 0) return found.size;
    for (const pid of alive) {
      found.add(pid);
      tryKill(pid, 'SIGKILL');
    }
    await pause(PASS_PAUSE_MS);
  }
  throw new Error(`processes of ${jobId} could not be ended: ${processesOf(jobId).join(', ')}`);
}

function processesOf(jobId: string): number[] {
  const mark = `DX_JOB_ID=${jobId}`;
  let entries: string[];
  try {
    entries = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  } catch {
    return []; // No /proc (macOS): the process group is all that can be ended.
  }
  return entries.map(Number).filter((pid) => {
    try {
      const isZombie = /^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
      return !isZombie && readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark);
    } catch {
      return false; // It ended between the listing and the look, or belongs to another user: not ours.
    }
  });
}

/** Sends a signal to a process (negative: a group); one that is gone already is fine. */
export function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
