// Runs tasks as processes of this machine, through a launcher process that starts them. It knows nothing of the API, of states
// or of what the program does.
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { endGroupOf, endProcessesOf } from './leftover-process.ts';
import type { FromLauncher, ToLauncher } from './process-launcher.ts';
import type { LeftoverTask, RunningTask, TaskDriver, TaskExit } from './task.ts';
import type { TaskCommand } from './task-process.ts';

export type ProcessDriverOptions = {
  /** The program that stands for the container's image, with its arguments. */
  workerCommand: readonly string[];
  /** What an image's environment would hold (PATH, LANG …); nothing of the platform's own environment is passed on. */
  baseEnvironment: Readonly<Record<string, string>>;
  /** What a task's environment holds besides; it wins over the task definition's. */
  environmentOf?(taskId: string): Readonly<Record<string, string>>;
  /** Lines of standard output and standard error, in their order. */
  onLogLines(taskArn: string, lines: readonly string[]): void;
};

type StartInput = Parameters<TaskDriver['start']>[0];
type Live = {
  readonly taskArn: string;
  readonly started: PromiseWithResolvers<string>;
  readonly exited: PromiseWithResolvers<TaskExit>;
  handle: string | undefined;
};
type Launcher = { readonly child: ChildProcess; readonly tasks: Map<string, Live>; ended: boolean };

const LAUNCHER_PROGRAM = join(import.meta.dirname, 'process-launcher.ts');
/** Between SIGTERM and SIGKILL when the platform itself ends. */
const CLOSE_LIMIT_MS = 3_000;
/** What a task that lost its launcher counts as: ended by SIGKILL. */
const LOST: TaskExit = { exitCode: 137, signal: 'SIGKILL' };

/** The launcher is started by the first task, and another one by the first task after it died. */
export function createProcessDriver(options: ProcessDriverOptions): TaskDriver {
  let launcher: Launcher | undefined;
  let closed = false;
  const presentLauncher = () => {
    if (launcher && !launcher.ended && launcher.child.connected) return launcher;
    const fresh = startLauncher(options);
    launcher = fresh;
    return fresh;
  };
  return {
    async start(task): Promise<RunningTask> {
      if (closed) throw new Error('the platform is ending');
      return startOn(presentLauncher(), commandOf(options, task), task.taskArn);
    },
    endLeftovers,
    async close() {
      closed = true;
      if (!launcher) return;
      tell(launcher, { kind: 'stopAll', timeoutMs: CLOSE_LIMIT_MS });
      await Promise.allSettled([...launcher.tasks.values()].map(({ exited }) => exited.promise));
      if (launcher.child.connected) launcher.child.disconnect();
    },
  };
}

async function startOn(launcher: Launcher, task: TaskCommand, taskArn: string): Promise<RunningTask> {
  const { taskId } = task;
  const live: Live = {
    taskArn,
    started: Promise.withResolvers(),
    exited: Promise.withResolvers(),
    handle: undefined,
  };
  // Nobody waits for the end of a task that did not start.
  live.exited.promise.catch(() => undefined);
  launcher.tasks.set(taskId, live);
  tell(launcher, { kind: 'start', task });
  const handle = await live.started.promise;
  return { exited: live.exited.promise, stop: () => tell(launcher, { kind: 'stop', taskId }), handle };
}

function commandOf({ workerCommand, baseEnvironment, environmentOf }: ProcessDriverOptions, task: StartInput) {
  const { container } = task.definition;
  const override = task.overrides.containerOverrides?.find(({ name }) => name === container.name);
  const variables = [...container.environment, ...(override?.environment ?? [])];
  return {
    taskId: task.taskId,
    command: [...workerCommand, ...(override?.command ?? [])],
    environment: {
      ...baseEnvironment,
      ...Object.fromEntries(variables.map(({ name, value }) => [name, value])),
      ...environmentOf?.(task.taskId),
      ECS_CONTAINER_METADATA_URI_V4: task.metadataUrl,
    },
    stopTimeoutMs: container.stopTimeoutSeconds * 1000,
  };
}

function startLauncher({ onLogLines }: ProcessDriverOptions): Launcher {
  // A group of its own: Ctrl-C in a terminal goes to the foreground group, and the platform ends first.
  const child = fork(LAUNCHER_PROGRAM, [], { execArgv: [], env: {}, detached: true });
  const launcher: Launcher = { child, tasks: new Map(), ended: false };
  const { tasks } = launcher;
  const onMessage = (message: FromLauncher) => {
    const live = tasks.get(message.taskId);
    if (!live) return;
    switch (message.kind) {
      case 'started':
        live.handle = message.handle;
        return live.started.resolve(message.handle);
      case 'lines':
        return onLogLines(live.taskArn, message.lines);
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

/** The launcher died and the pipes that it held are closed: what ran under it ends, and is ended. */
async function declareLost(tasks: Map<string, Live>): Promise<void> {
  const lost = [...tasks];
  tasks.clear();
  try {
    await endLeftovers(lost.map(([taskId, { handle }]) => ({ taskId, handle })));
    for (const [, live] of lost) {
      live.started.reject(new Error('the process that starts workers ended'));
      live.exited.resolve(LOST);
    }
  } catch (error) {
    for (const [, live] of lost) fail(live, error);
  }
}

async function endLeftovers(tasks: readonly LeftoverTask[]): Promise<void> {
  for (const { handle } of tasks) if (handle) endGroupOf(handle);
  await endProcessesOf(new Set(tasks.map(({ taskId }) => taskId)));
}

function fail({ started, exited }: Live, error: unknown): void {
  started.reject(error);
  exited.reject(error);
}

/** A launcher that is gone has nothing to do: its end is told by itself. */
function tell({ child }: Launcher, message: ToLauncher): void {
  if (child.connected) child.send(message, () => undefined);
}
