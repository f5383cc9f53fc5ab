// Starts a program that ends with us, however we end: a shell holds a pipe to us and kills the program when it closes.
// It knows nothing of what runs.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** `read` returns when the last writer of fd 3 is gone. The program itself must not hold the pipe. */
const SCRIPT = `"$@" 3<&- &
child=$!
echo "$child" >&4
exec 4>&-
(read -r _ <&3; kill -9 "$child" 2>/dev/null) >/dev/null 2>&1 &
wait "$child"`;

export type Tethered = {
  /** Of the program itself. */
  readonly pid: Promise<number>;
  readonly shell: ChildProcess;
  /** How the program ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** What it wrote last, for messages. */
  lastOutput(): string;
};

const MAX_OUTPUT_CHARACTERS = 2_000;

export function startTethered(command: readonly string[]): Tethered {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
    // Ctrl-C in a terminal goes to the whole foreground group: we end first, then this.
    detached: true,
  });
  let output = '';
  for (const stream of [shell.stdout, shell.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-MAX_OUTPUT_CHARACTERS);
    });
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    shell.once('error', () => resolve({ code: 127, signal: null }));
    shell.once('exit', (code, signal) => {
      // Closing our end lets the watching sub-shell go.
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
