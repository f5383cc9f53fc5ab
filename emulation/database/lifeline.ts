// Starts a program that ends with this process, even when this process is killed: a shell holds a pipe to us and kills
// the program when the pipe closes.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export type Tethered = {
  /** The process id of the program, not of the shell. */
  readonly pid: Promise<number>;
  readonly shell: ChildProcess;
  /** Resolves with the exit status or signal of the program. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** The last output of the program, for messages. */
  lastOutput(): string;
};

export function startTethered(command: readonly string[]): Tethered {
  const shell = spawn('/bin/sh', ['-c', lifelineScript, 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
    // Ctrl-C in a terminal reaches the whole foreground group. In a group of its own the program ends after us.
    detached: true,
  });
  let output = '';
  for (const stream of [shell.stdout, shell.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-maximumOutputCharacters);
    });
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    shell.once('error', () => resolve({ code: 127, signal: null }));
    shell.once('exit', (code, signal) => {
      // The watching sub-shell ends when our end of the pipe closes.
      for (const stream of shell.stdio) stream?.destroy();
      resolve({ code, signal });
    });
  });
  const pid = new Promise<number>((resolve, reject) => {
    (shell.stdio[4] as Readable).once('data', (chunk: Buffer) => resolve(Number(chunk.toString().trim())));
    ended.then(({ code }) => reject(new Error(`${command[0]} ended with status ${code}: ${output.trim()}`)));
  });
  pid.catch(() => undefined);
  return { pid, shell, ended, lastOutput: () => output.trim() };
}

/** `read` returns when the last writer of fd 3 has ended. The program itself must not hold the pipe. */
const lifelineScript = `"$@" 3<&- &
child=$!
echo "$child" >&4
exec 4>&-
(read -r _ <&3; kill -9 "$child" 2>/dev/null) >/dev/null 2>&1 &
wait "$child"`;

const maximumOutputCharacters = 2_000;
