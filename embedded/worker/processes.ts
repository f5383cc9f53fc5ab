// The port `Workers`: each worker is a process of this machine, which ends with the platform.

import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LaunchInput, WorkerEnd, WorkerHandle, WorkerState } from '../../core/context.ts';
import type { WorkerId } from '../../core/id/worker.ts';
import type { ProgramExit, RunningProgram } from '../../machine/process/program.ts';
import { createProgramLauncher, endLeftovers } from '../../machine/process/program-launcher.ts';
import { removeFolder } from '../../worker/remove-folder.ts';
import type { Database } from '../database/database.ts';

export type ProcessOptions = {
  readonly database: Database;
  /** The command of a worker, and the variables of every worker. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Holds a folder for each job that runs. */
  readonly jobsFolder: string;
  readonly onLines: (worker: WorkerHandle, lines: readonly string[]) => void;
  readonly onEnded: (worker: WorkerId, end: WorkerEnd) => void;
  readonly report: (what: string, fault: unknown) => void;
};
export type Processes = {
  /** Starts the process of a worker. If it was started before, that is a success. */
  start(worker: WorkerId, input: LaunchInput): Promise<void>;
  launchState(worker: WorkerId): WorkerState | undefined;
  stopLaunch(worker: WorkerId): void;
  state(handle: WorkerHandle): WorkerState;
  stop(handle: WorkerHandle): void;
  /** Ends the processes that an earlier platform left behind. */
  endLeftovers(): Promise<void>;
  close(): Promise<void>;
};

type Task = {
  readonly worker: WorkerId;
  readonly handle: WorkerHandle;
  program?: RunningProgram;
  isStopping: boolean;
  end?: WorkerEnd;
};

export function createProcesses(options: ProcessOptions): Processes {
  const { database, command, environment, jobsFolder, onLines, onEnded, report } = options;
  const marks = createMarks(database);
  const tasks = new Map<WorkerHandle, Task>();
  const byWorker = new Map<WorkerId, Task>();
  const launcher = createProgramLauncher(onLines);

  const finish = (task: Task, end: WorkerEnd) => {
    task.end = end;
    marks.remove(task.handle);
    const folder = join(jobsFolder, task.handle);
    removeFolder(folder, (fault) => report(`the folder of an ended job, ${folder}, could not be removed`, fault));
    forgetOldest(tasks, byWorker);
    onEnded(task.worker, end);
  };
  const run = async (task: Task, input: LaunchInput) => {
    const root = join(jobsFolder, task.handle);
    mkdirSync(root, { recursive: true, mode: 0o700 });
    task.program = await launcher.start({
      taskId: task.handle,
      command,
      environment: { ...environment, ...input.environment, ESPALIER_ROOT: root, ESPALIER_TASK: task.handle },
      stopTimeoutMs,
    });
    marks.note(task.handle, task.program.handle);
    if (task.isStopping) task.program.stop();
    return endOf(await task.program.exited, task.isStopping);
  };
  return {
    async start(worker, input) {
      if (byWorker.has(worker)) return;
      const task: Task = { worker, handle: randomBytes(16).toString('hex'), isStopping: false };
      tasks.set(task.handle, task);
      byWorker.set(worker, task);
      // The mark is kept before the process begins, so that a later start finds the process whatever happens.
      marks.note(task.handle, null);
      await database.kept();
      void run(task, input)
        .catch((fault: unknown) => failedStart(fault))
        .then((end) => finish(task, end));
    },
    launchState(worker) {
      const task = byWorker.get(worker);
      return task && (task.end ?? { kind: task.program === undefined ? 'starting' : 'running' });
    },
    stopLaunch: (worker) => stop(byWorker.get(worker)),
    state: (handle) => {
      const task = tasks.get(handle);
      return task === undefined ? endedBefore : (task.end ?? { kind: 'running' });
    },
    stop: (handle) => stop(tasks.get(handle)),
    async endLeftovers() {
      await endLeftovers(marks.all());
      marks.clear();
    },
    close: () => launcher.close(),
  };
}

/** The processes that may run, in the file. */
function createMarks({ sqlite, write }: Database) {
  sqlite.exec('CREATE TABLE IF NOT EXISTS process (task TEXT PRIMARY KEY, handle TEXT) WITHOUT ROWID');
  const put = sqlite.prepare(
    'INSERT INTO process (task, handle) VALUES (?, ?) ON CONFLICT DO UPDATE SET handle = excluded.handle',
  );
  const remove = sqlite.prepare('DELETE FROM process WHERE task = ?');
  const all = sqlite.prepare('SELECT task, handle FROM process');
  const clear = sqlite.prepare('DELETE FROM process');
  return {
    note: (task: string, handle: string | null) => void write(() => put.run(task, handle)),
    remove: (task: string) => void write(() => remove.run(task)),
    all: () =>
      all
        .all()
        .map(({ task, handle }) => ({ taskId: String(task), handle: handle === null ? undefined : String(handle) })),
    clear: () => void write(() => clear.run()),
  };
}

function stop(task: Task | undefined): void {
  if (task === undefined || task.end !== undefined) return;
  task.isStopping = true;
  task.program?.stop();
}

function endOf({ exitCode, signal }: ProgramExit, isStopping: boolean): WorkerEnd {
  const why = signal ? `${signal}` : `exit code ${exitCode}`;
  return { kind: 'ended', how: isStopping ? 'stopped' : 'exited', why };
}

/** The machine has too many processes now, or the program cannot be executed at all. */
function failedStart(fault: unknown): WorkerEnd {
  const why = fault instanceof Error ? fault.message : String(fault);
  return { kind: 'ended', how: /EAGAIN|ENOMEM|EMFILE/.test(why) ? 'noCapacity' : 'refused', why };
}

/** The ends of the last workers are remembered for the sweep. */
function forgetOldest(tasks: Map<WorkerHandle, Task>, byWorker: Map<WorkerId, Task>): void {
  for (const [handle, { end, worker }] of tasks) {
    if (tasks.size <= rememberedTasks) return;
    if (end === undefined) continue;
    tasks.delete(handle);
    byWorker.delete(worker);
  }
}

/** A worker that this platform does not know was of an earlier one, and ended with it. */
const endedBefore: WorkerEnd = { kind: 'ended', how: 'lost', why: 'the platform ended' };
const rememberedTasks = 1_000;
/** The time between SIGTERM and SIGKILL. */
const stopTimeoutMs = 10_000;
