// Runs one program as a process group of this machine, with a clean environment and a pipe that closes when this
// process dies.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { endProcessesOf, handleOf, taskIdVariable } from './leftover-process.ts';
import { createLineSplitter } from './line-splitter.ts';
import { signalIfThere } from './process-signal.ts';
import type { ProgramCommand, ProgramExit, RunningProgram } from './program.ts';

export type ProgramProcess = RunningProgram & {
  /** Like `stop`, with a time limit of its own. */
  stopWithin(timeoutMs: number): void;
};

/**
 * Rejects if the program cannot be executed.
 *
 * @param onLines gets lines of standard output and standard error; no more is read until it resolves
 */
export async function startProgramProcess(
  task: ProgramCommand,
  onLines: (lines: readonly string[]) => Promise<void>,
): Promise<ProgramProcess> {
  const child = await spawnProgram(task);
  const pid = child.pid as number;
  const output = passOutput(child, onLines);
  const ended = once(child, 'exit').then(([code, signal]) => toExit(code as number | null, signal as string | null));
  // The program's children end with it, as in a container.
  const exited = ended.then(async (exit) => {
    signalIfThere(-pid, 'SIGKILL');
    await endProcessesOf(new Set([task.taskId]));
    await output(outputLimitMs);
    return exit;
  });
  const stopWithin = (timeoutMs: number) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    // SIGTERM goes to the program alone, as to a container's first process. SIGKILL then goes to its group.
    child.kill('SIGTERM');
    const timer = setTimeout(() => signalIfThere(-pid, 'SIGKILL'), timeoutMs);
    const clear = () => clearTimeout(timer);
    exited.then(clear, clear);
  };
  return { exited, stop: () => stopWithin(task.stopTimeoutMs), stopWithin, handle: handleOf(pid) };
}

async function spawnProgram({ taskId, command, environment }: ProgramCommand): Promise<ChildProcess> {
  const [program = '', ...parameters] = command;
  const child = spawn(program, parameters, {
    env: { ...environment, ESPALIER_LIFELINE_FD: String(lifelineDescriptor), [taskIdVariable]: taskId },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  // It is held open as long as this process lives. It is not an error if the other end closes first.
  child.stdio[lifelineDescriptor]?.on('error', () => {});
  await once(child, 'spawn');
  return child;
}

/** Passes lines on as they come. The answer waits until both streams have ended, up to the time limit. */
function passOutput(
  child: ChildProcess,
  onLines: (lines: readonly string[]) => Promise<void>,
): (limitMs: number) => Promise<void> {
  const streams = [child.stdout, child.stderr].flatMap((stream) => (stream ? [stream] : []));
  const ended = streams.map(async (stream) => {
    let lines: string[] = [];
    const splitter = createLineSplitter((line) => lines.push(line));
    const tell = async () => {
      const told = lines;
      lines = [];
      if (told.length > 0) await onLines(told);
    };
    try {
      for await (const chunk of stream) {
        splitter.push(chunk as Buffer);
        await tell();
      }
    } catch (error) {
      // Given up below, because an unknown process holds it open.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }
    splitter.end();
    await tell();
  });
  const all = Promise.all(ended);
  // The error is reported when the promise is awaited, at the end of the program.
  all.catch(() => undefined);
  return async (limitMs) => {
    const timer = setTimeout(() => {
      for (const stream of streams) stream.destroy();
    }, limitMs);
    await all;
    clearTimeout(timer);
  };
}

function toExit(code: number | null, signal: string | null): ProgramExit {
  if (code !== null) return { exitCode: code };
  const number = constants.signals[signal as NodeJS.Signals] ?? 0;
  return { exitCode: 128 + number, signal: signal ?? '' };
}

/** The file descriptor where the program finds the pipe. It ends itself when the pipe closes. */
const lifelineDescriptor = 3;
/** Longest wait for output after the program and everything that it started have ended. */
const outputLimitMs = 2_000;
