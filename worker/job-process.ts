// Runs the job's own code as a process group until its end. Its output goes to the log, it can be stopped, and it
// leaves no process behind.

import { spawn } from 'node:child_process';
import { endLeftovers, tryKill } from './confinement.ts';
import type { JobLog } from './log.ts';
import type { LogOutput } from './log-output.ts';

export type JobEnd = { readonly code: number | null; readonly signal: NodeJS.Signals | null };
export type JobProcess = { readonly ended: Promise<JobEnd>; stop(how: { atOnce: boolean }): void };

export function startJobProcess(options: {
  readonly command: readonly string[];
  readonly home: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly jobId: string;
  /** Whether the command ends with all processes that the job started (confinement.ts). */
  readonly contained: boolean;
  readonly log: JobLog;
  readonly output: Pick<LogOutput, 'hold'>;
}): JobProcess {
  const [program = '', ...args] = options.command;
  const child = spawn(program, args, {
    cwd: options.home,
    env: { ...options.variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const outputs = [options.log.consumer('STDOUT'), options.log.consumer('STDERR')] as const;
  for (const [index, stream] of [child.stdout, child.stderr].entries()) {
    stream.on('data', (chunk: Buffer) => {
      outputs[index]?.write(chunk);
      options.output.hold(stream);
    });
  }
  const ended = new Promise<JobEnd>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`${program} cannot be started: ${error.message}`, { cause: error })),
    );
    child.once('exit', async (code, signal) => {
      try {
        // Processes that the job left running hold its streams open and may still write. They end now, then the streams
        // do.
        if (child.pid) tryKill(-child.pid, 'SIGKILL');
        // A command that was ended by a signal did not wait for the end of its namespace.
        if (!options.contained || signal !== null) await endLeftovers(options.jobId);
        await closed(child.stdout, child.stderr);
        for (const output of outputs) output.end();
        resolve({ code, signal });
      } catch (error) {
        reject(error);
      }
    });
  });
  let stopping = false;
  return {
    ended,
    stop: ({ atOnce }) => {
      if (stopping || !child.pid || child.exitCode !== null) return;
      stopping = true;
      const group = -child.pid;
      tryKill(group, atOnce ? 'SIGKILL' : 'SIGTERM');
      setTimeout(() => tryKill(group, 'SIGKILL'), stopGraceMs).unref();
    },
  };
}

/**
 * Resolves when both streams are read to their ends. A stream that an unknown process keeps open is given up after a
 * time limit.
 */
async function closed(...streams: NodeJS.ReadableStream[]): Promise<void> {
  const all = Promise.all(
    streams.map((stream) =>
      (stream as { closed?: boolean }).closed
        ? Promise.resolve()
        : new Promise((resolve) => stream.once('close', resolve)),
    ),
  );
  const bound = new Promise((resolve) => setTimeout(resolve, drainLimitMs).unref());
  await Promise.race([all, bound]);
}

/** The time between asking a job to end and killing it. */
const stopGraceMs = 5000;
const drainLimitMs = 10_000;
