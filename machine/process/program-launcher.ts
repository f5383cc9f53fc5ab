// Starts programs through a launcher process, and reports their lines and their ends.

import { type ChildProcess, fork } from 'node:child_process';
import { programFile } from '../program-file.ts';
import { endGroupOf, endProcessesOf } from './leftover-process.ts';
import type { FromLauncher, ToLauncher } from './process-launcher.ts';
import type { LeftoverProgram, ProgramCommand, ProgramExit, RunningProgram } from './program.ts';

export type ProgramLauncher = {
  /** Rejects if the program cannot be executed. */
  start(program: ProgramCommand): Promise<RunningProgram>;
  /** Ends every program that runs. */
  close(): Promise<void>;
};

/** Gets lines of standard output and standard error, in their order. */
type OnLines = (taskId: string, lines: readonly string[]) => void;
type Live = {
  readonly started: PromiseWithResolvers<string>;
  readonly exited: PromiseWithResolvers<ProgramExit>;
  handle: string | undefined;
};
type Launcher = { readonly child: ChildProcess; readonly programs: Map<string, Live>; ended: boolean };

/** The first program starts the launcher. If the launcher dies, the next program starts another one. */
export function createProgramLauncher(onLines: OnLines): ProgramLauncher {
  let launcher: Launcher | undefined;
  let closed = false;
  const presentLauncher = () => {
    if (launcher && !launcher.ended && launcher.child.connected) return launcher;
    const fresh = startLauncher(onLines);
    launcher = fresh;
    return fresh;
  };
  return {
    async start(program) {
      if (closed) throw new Error('the platform is ending');
      return startOn(presentLauncher(), program);
    },
    async close() {
      closed = true;
      if (!launcher) return;
      tell(launcher, { kind: 'stopAll', timeoutMs: closeLimitMs });
      await Promise.allSettled([...launcher.programs.values()].map(({ exited }) => exited.promise));
      if (launcher.child.connected) launcher.child.disconnect();
    },
  };
}

/** Ends programs that an earlier run left behind. Rejects if a process stays. */
export async function endLeftovers(programs: readonly LeftoverProgram[]): Promise<void> {
  for (const { handle } of programs) if (handle) endGroupOf(handle);
  await endProcessesOf(new Set(programs.map(({ taskId }) => taskId)));
}

async function startOn(launcher: Launcher, task: ProgramCommand): Promise<RunningProgram> {
  const { taskId } = task;
  const live: Live = {
    started: Promise.withResolvers(),
    exited: Promise.withResolvers(),
    handle: undefined,
  };
  // The end of a task that did not start is not awaited.
  live.exited.promise.catch(() => undefined);
  launcher.programs.set(taskId, live);
  tell(launcher, { kind: 'start', task });
  const handle = await live.started.promise;
  return { exited: live.exited.promise, stop: () => tell(launcher, { kind: 'stop', taskId }), handle };
}

function startLauncher(onLines: OnLines): Launcher {
  // It gets a group of its own: Ctrl-C in a terminal goes to the foreground group, and the platform ends first.
  const child = fork(programFile('processLauncher'), [], { execArgv: [], env: {}, detached: true });
  const launcher: Launcher = { child, programs: new Map(), ended: false };
  const { programs: tasks } = launcher;
  const onMessage = (message: FromLauncher) => {
    const live = tasks.get(message.taskId);
    if (!live) return;
    switch (message.kind) {
      case 'started':
        live.handle = message.handle;
        return live.started.resolve(message.handle);
      case 'lines':
        return onLines(message.taskId, message.lines);
      case 'failed':
        tasks.delete(message.taskId);
        return fail(live, new Error(message.message));
      case 'exited':
        tasks.delete(message.taskId);
        return live.exited.resolve(message.exit);
      default:
        return message satisfies never;
    }
  };
  child.on('message', (message) => onMessage(message as FromLauncher));
  const onEnd = () => {
    launcher.ended = true;
    void declareLost(tasks);
  };
  child.once('error', onEnd).once('exit', onEnd);
  return launcher;
}

/** The launcher died, and the pipes that it held are closed. Its programs end by themselves, and are ended here. */
async function declareLost(tasks: Map<string, Live>): Promise<void> {
  const lost = [...tasks];
  tasks.clear();
  try {
    await endLeftovers(lost.map(([taskId, { handle }]) => ({ taskId, handle })));
    for (const [, live] of lost) {
      live.started.reject(new Error('the process that starts workers ended'));
      live.exited.resolve(lostExit);
    }
  } catch (error) {
    for (const [, live] of lost) fail(live, error);
  }
}

function fail({ started, exited }: Live, error: unknown): void {
  started.reject(error);
  exited.reject(error);
}

/** A launcher that is gone has nothing to do. Its end is reported by itself. */
function tell({ child }: Launcher, message: ToLauncher): void {
  if (child.connected) child.send(message, () => undefined);
}

/** The time between SIGTERM and SIGKILL when the platform itself ends. */
const closeLimitMs = 3_000;
/** The exit of a program that lost its launcher: it counts as ended by SIGKILL. */
const lostExit: ProgramExit = { exitCode: 137, signal: 'SIGKILL' };
