// The port `Workers`: processes that are kept and take one job after another. The platform claims a job for the process
// that will run it, and the code of the job begins when the claim is kept.

import { randomBytes } from 'node:crypto';
import type { LaunchInput, WorkerEnd, WorkerHandle, WorkerState } from '../../core/context.ts';
import { readWorkerId, type WorkerId } from '../../core/id/worker.ts';
import type { ToWorker } from '../../worker/channel.ts';
import { createProcessPool, type ProcessPoolOptions, type Slot } from './process-pool.ts';

type Claim = Extract<ToWorker, { kind: 'run' }>['claim'];
export type KeptWorkerOptions = ProcessPoolOptions & {
  /** Claims the job of a worker. Undefined when there is nothing to do any more. */
  readonly claim: (worker: WorkerId, nonce: string, task: WorkerHandle) => Promise<Claim | undefined>;
  readonly onEnded: (worker: WorkerId, end: WorkerEnd) => void;
};
export type KeptWorkers = {
  /** Gives the job of a worker to a process. If it was given before, that is a success. */
  start(worker: WorkerId, input: LaunchInput): Promise<void>;
  launchState(worker: WorkerId): WorkerState | undefined;
  stopLaunch(worker: WorkerId): void;
  state(handle: WorkerHandle): WorkerState;
  stop(handle: WorkerHandle): void;
  /** Starts the processes that are kept, so that the first job does not wait for them. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
};

type Task = {
  readonly worker: WorkerId;
  readonly handle: WorkerHandle;
  slot?: Slot;
  isStopping: boolean;
  end?: WorkerEnd;
};

export function createKeptWorkers(options: KeptWorkerOptions): KeptWorkers {
  const { database, claim } = options;
  const tasks = createTaskMemory();
  const pool = createProcessPool(options, (task, how) => {
    const found = tasks.byHandle(task);
    if (found !== undefined) finish(found, how);
  });
  const finish = (task: Task, how: string) => {
    if (task.end !== undefined) return;
    task.end = { kind: 'ended', how: task.isStopping ? 'stopped' : 'exited', why: how };
    tasks.forgetOldest();
    options.onEnded(task.worker, task.end);
  };
  const run = async (task: Task, input: LaunchInput) => {
    const launched = readWorkerId(task.worker);
    if (launched === undefined) throw new Error(`${task.worker} is not the id of a worker`);
    const claimed = await claim(task.worker, input.environment.ESPALIER_NONCE ?? '', task.handle);
    if (claimed === undefined || task.isStopping) return finish(task, 'exit code 0');
    const slot = await pool.take();
    task.slot = slot;
    slot.process.run({ kind: 'run', claim: claimed, launch: launched.launch, task: task.handle, root: slot.folder });
    await database.kept();
    slot.process.begin(task.handle);
    if (task.isStopping) slot.process.stop(task.handle);
  };
  return {
    async start(worker, input) {
      if (tasks.byWorker(worker) !== undefined) return;
      const task: Task = { worker, handle: randomBytes(12).toString('hex'), isStopping: false };
      tasks.add(task);
      run(task, input).catch((fault: unknown) => {
        options.report(`the start of ${worker}`, fault);
        finish(task, (fault as Error).message);
      });
    },
    launchState(worker) {
      const task = tasks.byWorker(worker);
      return task && (task.end ?? { kind: 'running' });
    },
    stopLaunch: (worker) => stop(tasks.byWorker(worker)),
    state(handle) {
      const task = tasks.byHandle(handle);
      return task === undefined ? endedBefore : (task.end ?? { kind: 'running' });
    },
    stop: (handle) => stop(tasks.byHandle(handle)),
    warmUp: () => pool.warmUp(),
    close: () => pool.close(),
  };
}

function stop(task: Task | undefined): void {
  if (task === undefined || task.end !== undefined) return;
  task.isStopping = true;
  task.slot?.process.stop(task.handle);
}

/** The tasks of this platform. The ends of the last ones are remembered for the sweep. */
function createTaskMemory() {
  const handles = new Map<WorkerHandle, Task>();
  const workers = new Map<WorkerId, Task>();
  return {
    add(task: Task) {
      handles.set(task.handle, task);
      workers.set(task.worker, task);
    },
    byHandle: (handle: WorkerHandle) => handles.get(handle),
    byWorker: (worker: WorkerId) => workers.get(worker),
    forgetOldest() {
      for (const { handle, worker, end } of handles.values()) {
        if (handles.size <= rememberedTasks) return;
        if (end === undefined) continue;
        handles.delete(handle);
        workers.delete(worker);
      }
    },
  };
}

/** A worker that this platform does not know was of an earlier one, and ended with it. */
const endedBefore: WorkerEnd = { kind: 'ended', how: 'lost', why: 'the platform ended' };
const rememberedTasks = 1_000;
