// Runs a program for the worker to its end, with just the environment given. Not for the job's own code.
import { spawn } from 'node:child_process';

const TIMEOUT_MS = 30 * 60_000;
const ERROR_TEXT_LIMIT = 2000;

/** Resolves with its output when it exits 0; otherwise throws an Error with the end of what it wrote to stderr. */
export function runProgram(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-ERROR_TEXT_LIMIT);
    });
    child.on('error', (error) => reject(new Error(`${command} cannot be started: ${error.message}`, { cause: error })));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ended with ${signal ?? `exit code ${code}`}: ${errors.trim()}`));
    });
  });
}
