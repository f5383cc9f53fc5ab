// The life of a task: it starts, runs, and stops or is lost.

import type { ProgramExit } from '../../../machine/process/program.ts';
import type { MetadataEndpoint } from './metadata-endpoint.ts';
import { type RunningTask, type Task, type TaskDriver, taskIdOf } from './task.ts';
import type { TaskDefinition } from './task-definition.ts';
import type { TaskStore } from './task-store.ts';

export type TaskLifeOptions = {
  readonly store: TaskStore;
  now(): number;
  readonly launch: TaskDriver;
  readonly metadata: MetadataEndpoint;
};

export type TaskLife = {
  /**
   * Starts a provisioned task and follows it to its end. A task that cannot be started is STOPPED with
   * TaskFailedToStart.
   */
  launch(task: Task, definition: TaskDefinition): void;
  /** Asks the task to end. A task that is ending or has ended is not changed. */
  stop(taskArn: string, reason: string): Task;
  /** Declares lost tasks STOPPED, after everything that they left running has been ended. */
  declareLost(): Promise<void>;
  /** Ends the running tasks. Nothing is stored from then on. */
  close(): Promise<void>;
};

type Life = TaskLifeOptions & { readonly running: Map<string, RunningTask>; closed: boolean };

export function createTaskLife(options: TaskLifeOptions): TaskLife {
  const life: Life = { ...options, running: new Map(), closed: false };
  const { store, now, launch: driver, metadata, running } = life;
  return {
    launch(task, definition) {
      runTask(life, task, definition)
        .finally(() => {
          running.delete(task.taskArn);
          metadata.forget(task.taskArn);
        })
        // The disk is full, or a leftover could not be ended. The task keeps its slot, and the next start declares it
        // lost.
        .catch((error: unknown) => console.error(`The end of ${task.taskArn} could not be stored:`, error));
    },
    stop(taskArn, reason) {
      const task = store.load(taskArn);
      if (task.desiredStatus === 'STOPPED') return task;
      const told = { stopCode: 'UserInitiated', stoppedReason: reason.slice(0, maximumReasonLength) } as const;
      const stopping = store.save(task, { desiredStatus: 'STOPPED', ...told, stoppingAt: now() });
      running.get(taskArn)?.stop();
      return stopping;
    },
    async declareLost() {
      const lost = store.open();
      await driver.endLeftovers(lost.map(({ task, handle }) => ({ taskId: taskIdOf(task.taskArn), handle })));
      for (const { task } of lost) {
        const told = { stopCode: 'InfrastructureHealth', stoppedReason: 'The host of this task was lost.' } as const;
        store.save(task, stopped(task, told, now()));
      }
    },
    async close() {
      life.closed = true;
      await driver.close();
    },
  };
}

async function runTask(life: Life, task: Task, definition: TaskDefinition): Promise<void> {
  const { store, now, running } = life;
  const { taskArn } = task;
  let program: RunningTask;
  try {
    program = await startProgram(life, task, definition);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!life.closed) store.save(store.load(taskArn), failedToStart(store.load(taskArn), message, now()));
    return;
  }
  running.set(taskArn, program);
  const begun = store.load(taskArn);
  store.save(begun, started(begun, now()), program.handle);
  // The task may have been stopped while it was being started.
  if (life.closed || begun.desiredStatus === 'STOPPED') program.stop();
  const exit = await program.exited;
  if (!life.closed) store.save(store.load(taskArn), exited(store.load(taskArn), exit, now()));
}

async function startProgram({ launch, metadata }: Life, task: Task, definition: TaskDefinition): Promise<RunningTask> {
  const { taskArn, overrides } = task;
  const metadataUrl = await metadata.urlFor(taskArn);
  return launch.start({ taskArn, taskId: taskIdOf(taskArn), definition, overrides, metadataUrl });
}

function started(task: Task, at: number): Partial<Task> {
  const containers = task.containers.map((container) => ({ ...container, lastStatus: 'RUNNING' as const }));
  return { lastStatus: 'RUNNING', startedAt: at, containers };
}

function exited(task: Task, { exitCode }: ProgramExit, at: number): Partial<Task> {
  const told = {
    stopCode: task.stopCode ?? ('EssentialContainerExited' as const),
    stoppedReason: task.stoppedReason ?? 'Essential container in task exited',
  };
  return stopped(task, told, at, { exitCode });
}

function failedToStart(task: Task, message: string, at: number): Partial<Task> {
  const reason = `CannotStartContainerError: ${message}`.slice(0, maximumReasonLength);
  return stopped(task, { stopCode: 'TaskFailedToStart', stoppedReason: reason }, at, { reason });
}

function stopped(
  task: Task,
  told: Pick<Task, 'stopCode' | 'stoppedReason'>,
  at: number,
  container: { exitCode?: number; reason?: string } = {},
): Partial<Task> {
  const containers = task.containers.map((each) => ({ ...each, ...container, lastStatus: 'STOPPED' as const }));
  const times = { stoppingAt: task.stoppingAt ?? at, stoppedAt: at };
  return { lastStatus: 'STOPPED', desiredStatus: 'STOPPED', ...told, ...times, containers };
}

/**
 * The longest reason that is kept. API_StopTask.html gives no limit, but the description is cut at 1,024 characters.
 */
const maximumReasonLength = 1_024;
