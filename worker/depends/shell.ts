// Runs the programs of an installation where the job will run: in the container, or in a `/` of the installation's own.

import { dirname } from 'node:path';
import type { WorkerEnvironment } from '../environment.ts';
import type { JobLog } from '../log.ts';
import { type ProgramPlace, runProgram } from '../program.ts';
import type { Starter } from '../starter/starter.ts';

/** Runs a bash program that stops at its first failure. Rejects with the end of what it printed. */
export type Shell = (program: string, args: readonly string[]) => Promise<void>;

export function shellInContainer(environment: WorkerEnvironment, over: AbortSignal): Shell {
  const place: ProgramPlace = { environment: { ...environment.inherited, ...quiet }, over };
  return async (program, args) => void (await runProgram('bash', ['-ec', program, 'bash', ...args], place));
}

export type Room = {
  /** Receives all changes, and is the upper layer of the `/` in which the program runs. */
  readonly folder: string;
  readonly layers: readonly string[];
};

export function shellInRoot(
  { environment, starter, over }: { environment: WorkerEnvironment; starter: Starter; over: AbortSignal },
  { folder, layers }: Room,
): Shell {
  const variables = { ...passedOn(environment), ...quiet, HOME: '/tmp', PATH: pathInRoot(environment) };
  return async (program, args) => {
    if (over.aborted) throw new Error('the job is over');
    const printed = collect();
    const process = starter.start({
      ...{ command: ['bash', '-ec', program, 'bash', ...args], home: '/', variables, keeper: undefined },
      ...{ folder, hasRoot: true, layers, shown: shownFolders(environment), cores: Number.MAX_SAFE_INTEGER },
      ...{ log: printed.log, output: { hold: () => undefined } },
    });
    const stop = () => process.stop({ atOnce: true });
    over.addEventListener('abort', stop);
    const { code, signal } = await process.ended.finally(() => over.removeEventListener('abort', stop));
    await process.close();
    if (over.aborted) throw new Error('the job is over');
    if (code !== 0) throw new Error(`the installation ended with ${signal ?? `exit code ${code}`}: ${printed.text()}`);
  };
}

/** Folders of the machine that everything in a root sees, although they may lie in /tmp, which is its own. */
export function shownFolders({ tools, overlays }: WorkerEnvironment): string[] {
  return [tools && dirname(tools), overlays].filter((one) => one !== undefined);
}

function collect() {
  let text = '';
  const add = (line: string) => {
    text = `${text}${line}\n`.slice(-errorTextLimit);
  };
  const consumer = () => ({ write: (chunk: Buffer) => add(chunk.toString().trimEnd()), end: () => undefined });
  const log: JobLog = { line: (_, line) => add(line), consumer };
  return { log, text: () => text.trim() };
}

/** The worker's own settings are not for the programs of others. */
function passedOn({ inherited }: WorkerEnvironment): Record<string, string> {
  const entries = Object.entries(inherited).filter(([name]) => !/^(ESPALIER|AWS|ECS|NODE)_/.test(name));
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function pathInRoot({ tools, path }: WorkerEnvironment): string {
  return ['/opt/espalier/bin', ...(tools ? [tools] : []), path, usualPath].join(':');
}

/** Nobody answers questions, no service of the machine is started, and pip may install beside Debian's packages. */
const quiet = {
  ...{ DEBIAN_FRONTEND: 'noninteractive', SYSTEMD_OFFLINE: '1', LANG: 'C.UTF-8' },
  ...{
    PIP_BREAK_SYSTEM_PACKAGES: '1',
    PIP_NO_CACHE_DIR: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_ROOT_USER_ACTION: 'ignore',
  },
};
const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const errorTextLimit = 2000;
