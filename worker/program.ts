// Runs a program for the worker to its end, with exactly the given environment. The job's own code is run by
// job-process.ts.

import { spawn } from 'node:child_process';
import { tryKill } from './confinement.ts';

export type ProgramPlace = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The folder in which it runs; the worker's own by default. */
  readonly folder?: string;
  /** Ends the program and everything that it started when it is aborted. */
  readonly over: AbortSignal;
  readonly timeoutMs?: number;
};

/** Resolves with its output when it exits 0. Otherwise throws an Error with the end of its stderr. */
export function runProgram(command: string, args: readonly string[], place: ProgramPlace): Promise<string> {
  const { environment, folder, over, timeoutMs = programTimeoutMs } = place;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  if (over.aborted) {
    reject(new Error(`${command} was not started: the job is over`));
    return promise;
  }
  // It gets a group of its own, so that everything it starts can be ended with it.
  const child = spawn(command, args, {
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    cwd: folder,
  });
  let output = '';
  let errors = '';
  const end = (why: string): void => {
    reject(new Error(`${command} was ended: ${why}`));
    if (child.pid) tryKill(-child.pid, 'SIGKILL');
  };
  const onOver = (): void => end('the job is over');
  const timer = setTimeout(() => end(`it took longer than ${timeoutMs / 1000} s`), timeoutMs);
  over.addEventListener('abort', onOver);
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    if (output.length > outputLimit) end(`it printed more than ${outputLimit} characters`);
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors = (errors + chunk).slice(-errorTextLimit);
  });
  child.on('error', (error) => reject(new Error(`${command} cannot be started: ${error.message}`, { cause: error })));
  child.on('close', (code, signal) => {
    if (code === 0) resolve(output);
    else reject(new Error(`${command} ended with ${signal ?? `exit code ${code}`}: ${errors.trim()}`));
  });
  return promise.finally(() => {
    clearTimeout(timer);
    over.removeEventListener('abort', onOver);
  });
}

const programTimeoutMs = 30 * 60_000;
const errorTextLimit = 2000;
const outputLimit = 64 * 1024 * 1024;
