// The life of a task: provisioned, running, stopped, each change one transaction with its event. It knows nothing of the API.
import type { DatabaseSync } from 'node:sqlite';
import { AwsError } from '../wire/aws-error.ts';
import type { Outbox } from '../wire/outbox.ts';
import { inLazyTransaction } from '../wire/transaction.ts';
import type { MetadataEndpoint } from './metadata-endpoint.ts';
import { type RunningTask, type Task, type TaskDriver, type TaskExit, taskIdOf } from './task.ts';
import type { TaskDefinition } from './task-definition.ts';
import { taskEvent } from './task-event.ts';
import type { TaskTable } from './task-table.ts';

export type TaskLifeOptions = {
  database: DatabaseSync;
  table: TaskTable;
  outbox: Outbox;
  now(): number;
  launch: TaskDriver;
  metadata: MetadataEndpoint;
};

export type TaskLife = ReturnType<typeof createTaskLife>;

/** Longest reason that ECS keeps (API_StopTask.html gives no limit; the description cuts at 1,024). */
const MAX_REASON_LENGTH = 1_024;

export function createTaskLife({ database, table, outbox, now, launch: driver, metadata }: TaskLifeOptions) {
  const running = new Map<string, RunningTask>();
  const waiting = new Map<string, ((task: Task) => void)[]>();
  let closed = false;

  /** Writes the task as it is now, with its event; whoever waits for its end is told after that. */
  const save = (task: Task, patch: Partial<Task>): Task => {
    const changed: Task = { ...task, ...patch, version: task.version + 1 };
    inLazyTransaction(database, () => {
      table.save(changed);
      outbox.put(taskEvent(changed, now()));
    });
    if (changed.lastStatus === 'STOPPED') {
      for (const tell of waiting.get(task.taskArn) ?? []) tell(changed);
      waiting.delete(task.taskArn);
    }
    return changed;
  };
  const load = (taskArn: string): Task => {
    const task = table.get(taskArn);
    if (!task) throw new AwsError('InvalidParameterException', 'The referenced task was not found.');
    return task;
  };
  const begin = async (task: Task, definition: TaskDefinition): Promise<RunningTask> => {
    const { taskArn, overrides } = task;
    const metadataUrl = await metadata.urlFor(taskArn);
    return driver.start({ taskArn, taskId: taskIdOf(taskArn), definition, overrides, metadataUrl });
  };
  const run = async ({ taskArn }: Task, program: RunningTask): Promise<void> => {
    running.set(taskArn, program);
    inLazyTransaction(database, () => {
      table.saveHandle(taskArn, program.handle);
      save(load(taskArn), started(load(taskArn), now()));
    });
    // Stopped while it was being started.
    if (closed || load(taskArn).desiredStatus === 'STOPPED') program.stop();
    const exit = await program.exited;
    if (!closed) save(load(taskArn), exited(load(taskArn), exit, now()));
  };
  const runOrFail = async (task: Task, definition: TaskDefinition): Promise<void> => {
    let program: RunningTask;
    try {
      program = await begin(task, definition);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!closed) save(load(task.taskArn), failedToStart(load(task.taskArn), message, now()));
      return;
    }
    await run(task, program);
  };

  return {
    /** Stores a new task; call it in the transaction of its request. */
    provision(task: Task, clientToken: string | undefined): void {
      table.insert(task, clientToken);
      outbox.put(taskEvent(task, now()));
    },
    /** Starts it and sees to its end. What cannot be started is STOPPED with TaskFailedToStart. */
    launch(task: Task, definition: TaskDefinition): void {
      runOrFail(task, definition)
        .finally(() => {
          running.delete(task.taskArn);
          metadata.forget(task.taskArn);
        })
        // The disk is full, or something of it cannot be ended: it keeps its slot, and the next start declares it lost.
        .catch((error: unknown) => console.error(`The end of ${task.taskArn} could not be told:`, error));
    },
    wait(taskArn: string): Promise<Task> {
      return new Promise((resolve) => {
        const task = load(taskArn);
        if (task.lastStatus === 'STOPPED') resolve(task);
        else waiting.set(taskArn, [...(waiting.get(taskArn) ?? []), resolve]);
      });
    },
    /** Asks the task to end; one that is ending or has ended stays as it is. */
    stop(taskArn: string, reason: string): Task {
      const task = load(taskArn);
      if (task.desiredStatus === 'STOPPED') return task;
      const told = { stopCode: 'UserInitiated', stoppedReason: reason.slice(0, MAX_REASON_LENGTH) } as const;
      const stopping = save(task, { desiredStatus: 'STOPPED', ...told, stoppingAt: now() });
      running.get(taskArn)?.stop();
      return stopping;
    },
    /** The resume rule: nothing of a lost task runs any more before it is declared STOPPED. */
    async declareLost(): Promise<void> {
      const lost = table.open();
      await driver.endLeftovers(lost.map(({ task, handle }) => ({ taskId: taskIdOf(task.taskArn), handle })));
      for (const { task } of lost) {
        const told = { stopCode: 'InfrastructureHealth', stoppedReason: 'The host of this task was lost.' } as const;
        save(task, stopped(task, told, now()));
      }
    },
    async close(): Promise<void> {
      closed = true;
      await driver.close();
    },
  };
}

function started(task: Task, at: number): Partial<Task> {
  const containers = task.containers.map((container) => ({ ...container, lastStatus: 'RUNNING' as const }));
  return { lastStatus: 'RUNNING', startedAt: at, containers };
}

function exited(task: Task, { exitCode }: TaskExit, at: number): Partial<Task> {
  const told = {
    stopCode: task.stopCode ?? ('EssentialContainerExited' as const),
    stoppedReason: task.stoppedReason ?? 'Essential container in task exited',
  };
  return stopped(task, told, at, { exitCode });
}

function failedToStart(task: Task, message: string, at: number): Partial<Task> {
  const reason = `CannotStartContainerError: ${message}`.slice(0, MAX_REASON_LENGTH);
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
