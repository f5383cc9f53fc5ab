// Makes every change of a task: stores the change and its event in one transaction, then resolves the waits for the
// task's end.

import type { DatabaseSync } from 'node:sqlite';
import { AwsError } from '../wire/aws-error.ts';
import type { Outbox } from '../wire/outbox.ts';
import { inLazyTransaction } from '../wire/transaction.ts';
import type { Task } from './task.ts';
import { taskEvent } from './task-event.ts';
import type { TaskTable } from './task-table.ts';

export type TaskStoreOptions = {
  readonly database: DatabaseSync;
  readonly table: TaskTable;
  readonly outbox: Outbox;
  now(): number;
};

export type TaskStore = {
  /** Stores a new task. Call it in the transaction of its request. */
  provision(task: Task, clientToken: string | undefined): void;
  /** The task as it is now. Throws InvalidParameterException if it does not exist. */
  load(taskArn: string): Task;
  /** Changes the task. `handle` is kept, so that the task's program can be found after a crash. */
  save(task: Task, patch: Partial<Task>, handle?: string): Task;
  /** Resolves with the task once it is STOPPED. */
  wait(taskArn: string): Promise<Task>;
  /** The tasks that are not STOPPED, with their handles. */
  readonly open: TaskTable['open'];
};

export function createTaskStore({ database, table, outbox, now }: TaskStoreOptions): TaskStore {
  const waiting = new Map<string, ((task: Task) => void)[]>();
  const load = (taskArn: string): Task => {
    const task = table.get(taskArn);
    if (!task) throw new AwsError('InvalidParameterException', 'The referenced task was not found.');
    return task;
  };
  return {
    load,
    open: table.open,
    provision(task, clientToken) {
      table.insert(task, clientToken);
      outbox.put(taskEvent(task, now()));
    },
    save(task, patch, handle) {
      const changed: Task = { ...task, ...patch, version: task.version + 1 };
      inLazyTransaction(database, () => {
        table.save(changed);
        if (handle !== undefined) table.saveHandle(task.taskArn, handle);
        outbox.put(taskEvent(changed, now()));
      });
      if (changed.lastStatus !== 'STOPPED') return changed;
      for (const tell of waiting.get(task.taskArn) ?? []) tell(changed);
      waiting.delete(task.taskArn);
      return changed;
    },
    wait: (taskArn) =>
      new Promise((resolve) => {
        const task = load(taskArn);
        if (task.lastStatus === 'STOPPED') resolve(task);
        else waiting.set(taskArn, [...(waiting.get(taskArn) ?? []), resolve]);
      }),
  };
}
