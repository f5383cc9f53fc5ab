// One kept worker as the platform sees it: a process that takes a job, asks on its behalf, and says when it is over.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { WorkerHandle } from '../../core/context.ts';
import type { FromWorker, ToWorker } from '../../worker/channel.ts';

type Answer = { readonly status: number; readonly body: unknown };
export type KeptProcessOptions = {
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Answers a request that a worker makes with the token of its job. */
  readonly ask: (path: string, token: string, text: string) => Promise<Answer>;
  readonly onLines: (task: WorkerHandle, lines: readonly string[]) => void;
  /** The job is over. The process may take another one if `isFree`. */
  readonly onIdle: (task: WorkerHandle, isFree: boolean) => void;
  /** The process has ended, in the middle of that job if it had one. It is called again for a job that comes later. */
  readonly onEnd: (task: WorkerHandle | undefined, how: string) => void;
};
export type KeptProcess = {
  readonly pid: number;
  run(job: Extract<ToWorker, { kind: 'run' }>): void;
  /** The code of the present job may begin. */
  begin(task: WorkerHandle): void;
  /** Asks the present job to stop, and kills the process if it does not. */
  stop(task: WorkerHandle): void;
  /** Ends the process once its job is over, or is stopped. */
  close(): Promise<void>;
};

export function startKeptProcess(options: KeptProcessOptions): KeptProcess {
  const { program, environment, ask, onLines, onIdle, onEnd } = options;
  // It gets a group of its own: Ctrl-C in a terminal goes to the foreground group, and the platform ends first.
  const child = fork(program, [], {
    execArgv,
    env: { ...environment },
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let task: WorkerHandle | undefined;
  let killing: NodeJS.Timeout | undefined;
  /** How the process has ended. */
  let over: string | undefined;
  const send = (message: ToWorker) => {
    if (child.connected) child.send(message, () => undefined);
  };
  child.on('message', async (message: FromWorker) => {
    if (message.kind === 'log') return onLines(message.task, message.text.split('\n').slice(0, -1));
    if (message.kind === 'ask') {
      const { status, body } = await ask(message.path, message.token, message.text);
      return send({ kind: 'answer', id: message.id, status, body });
    }
    clearTimeout(killing);
    task = undefined;
    onIdle(message.task, message.isClean && child.connected);
  });
  const end = (how: string) => {
    clearTimeout(killing);
    const last = task;
    task = undefined;
    over = how;
    onEnd(last, how);
  };
  child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  // An 'exit' follows, except when the program could not be started.
  child.once('error', (error) => child.pid === undefined && end(error.message));
  return {
    pid: child.pid ?? 0,
    run(job) {
      // The process has ended since it was chosen.
      if (over !== undefined) return onEnd(job.task, over);
      task = job.task;
      send(job);
    },
    begin: (one) => send({ kind: 'go', task: one }),
    stop(one) {
      if (task !== one) return;
      send({ kind: 'stop', task: one });
      killing ??= setTimeout(() => kill(child), stopTimeoutMs);
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => kill(child), closeTimeoutMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function kill(child: ChildProcess): void {
  child.kill('SIGKILL');
}

/** A worker holds little. A small young generation saves memory, and time at its start. */
const execArgv = ['--max-semi-space-size=4'];
/** The time that a job has to end after it was asked to. */
const stopTimeoutMs = 10_000;
const closeTimeoutMs = 3_000;
