// Runs a task as a process group of this machine, with a clean environment and a pipe that closes when the platform dies.
// It knows nothing of the API, of states or of what the program does.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { endGroupOf, endProcessesOf, handleOf, killIfThere, TASK_ID_VARIABLE } from './leftover-process.ts';
import { createLineSplitter } from './line-splitter.ts';
import type { RunningTask, TaskDriver, TaskExit } from './task.ts';

export type ProcessDriverOptions = {
  /** The program that stands for the container's image, with its arguments. */
  workerCommand: readonly string[];
  /** What an image's environment would hold (PATH, LANG …); nothing of the platform's own environment is passed on. */
  baseEnvironment: Readonly<Record<string, string>>;
  /** Makes the task's place on this machine before it starts; its variables win over the task definition's. */
  prepare?(taskId: string): Promise<{ cwd?: string; environment?: Readonly<Record<string, string>> }>;
  /** Clears that place, when nothing of the task runs any more; also for tasks of an earlier run that was killed. */
  release?(taskId: string): Promise<void>;
  /** Every line of standard output and standard error. */
  onLogLine(taskArn: string, line: string): void;
};

type StartInput = Parameters<TaskDriver['start']>[0];

/** Where the program finds the pipe; it ends itself when the pipe closes. */
const LIFELINE_FD = 3;
/** Longest wait for output after the program and all that it started have ended. */
const OUTPUT_LIMIT_MS = 2_000;
/** Between SIGTERM and SIGKILL when the platform itself ends. */
const CLOSE_LIMIT_MS = 3_000;

export function createProcessDriver(options: ProcessDriverOptions): TaskDriver {
  const running = new Set<{ child: ChildProcess; exited: Promise<TaskExit>; kill(): void }>();
  let closed = false;
  return {
    async start(task): Promise<RunningTask> {
      if (closed) throw new Error('the platform is ending');
      const child = await spawnWorker(options, task);
      const pid = child.pid as number;
      const output = passOutput(child, (line) => options.onLogLine(task.taskArn, line));
      const ended = once(child, 'exit').then(([code, signal]) =>
        toExit(code as number | null, signal as string | null),
      );
      // What the program started ends with it, as in a container.
      const exited = ended.then(async (exit) => {
        killIfThere(-pid);
        await endProcessesOf(new Set([task.taskId]));
        await output(OUTPUT_LIMIT_MS);
        await options.release?.(task.taskId);
        return exit;
      });
      const program = { child, exited, kill: () => killIfThere(-pid) };
      running.add(program);
      const forget = () => void running.delete(program);
      exited.then(forget, forget);
      const stop = () => stopWithin(program, task.definition.container.stopTimeoutSeconds * 1000);
      return { exited, stop, handle: handleOf(pid) };
    },
    async endLeftovers(tasks) {
      for (const { handle } of tasks) if (handle) endGroupOf(handle);
      await endProcessesOf(new Set(tasks.map(({ taskId }) => taskId)));
      for (const { taskId } of tasks) await options.release?.(taskId);
    },
    async close() {
      closed = true;
      const all = [...running];
      for (const program of all) stopWithin(program, CLOSE_LIMIT_MS);
      await Promise.allSettled(all.map(({ exited }) => exited));
    },
  };
}

/** SIGTERM to the program alone, as to a container's first process; then SIGKILL to its group. */
function stopWithin(
  { child, exited, kill }: { child: ChildProcess; exited: Promise<TaskExit>; kill(): void },
  ms: number,
) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(kill, ms);
  const clear = () => clearTimeout(timer);
  exited.then(clear, clear);
}

/** Rejects where the program cannot be executed. */
async function spawnWorker(options: ProcessDriverOptions, task: StartInput): Promise<ChildProcess> {
  const { container } = task.definition;
  const prepared = (await options.prepare?.(task.taskId)) ?? {};
  const override = task.overrides.containerOverrides?.find(({ name }) => name === container.name);
  const variables = [...container.environment, ...(override?.environment ?? [])];
  const [program = '', ...parameters] = [...options.workerCommand, ...(override?.command ?? [])];
  const child = spawn(program, parameters, {
    ...(prepared.cwd ? { cwd: prepared.cwd } : {}),
    env: {
      ...options.baseEnvironment,
      ...Object.fromEntries(variables.map(({ name, value }) => [name, value])),
      ...prepared.environment,
      ECS_CONTAINER_METADATA_URI_V4: task.metadataUrl,
      ESPALIER_LIFELINE_FD: String(LIFELINE_FD),
      [TASK_ID_VARIABLE]: task.taskId,
    },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  // Held open as long as this process lives; that the other end closes first is no error.
  child.stdio[LIFELINE_FD]?.on('error', () => {});
  await once(child, 'spawn');
  return child;
}

/** Tells lines as they come. The answer waits until both streams have ended, at most so long. */
function passOutput(child: ChildProcess, onLine: (line: string) => void): (limitMs: number) => Promise<void> {
  const streams = [child.stdout, child.stderr].flatMap((stream) => (stream ? [stream] : []));
  const ended = streams.map((stream) => {
    const splitter = createLineSplitter(onLine);
    stream.on('data', splitter.push);
    return new Promise<void>((resolve) => {
      stream.once('close', () => {
        splitter.end();
        resolve();
      });
    });
  });
  return async (limitMs) => {
    const timer = setTimeout(() => {
      for (const stream of streams) stream.destroy();
    }, limitMs);
    await Promise.all(ended);
    clearTimeout(timer);
  };
}

function toExit(code: number | null, signal: string | null): TaskExit {
  if (code !== null) return { exitCode: code };
  const number = constants.signals[signal as NodeJS.Signals] ?? 0;
  return { exitCode: 128 + number, signal: signal ?? '' };
}
