// Keeps task definitions and tasks in the database.

import type { DatabaseSync } from 'node:sqlite';
import { arnOf } from '../wire/account.ts';
import type { Task } from './task.ts';
import type { TaskDefinition } from './task-definition.ts';

export type TaskTable = ReturnType<typeof openTaskTable>;

/** Opens the tables. The caller provides the transaction for writes. */
export function openTaskTable(database: DatabaseSync) {
  database.exec(schema);
  const sql = {
    newest: database.prepare(
      'SELECT revision, body FROM ecs_task_definition WHERE family = ? ORDER BY revision DESC LIMIT 1',
    ),
    revision: database.prepare('SELECT body FROM ecs_task_definition WHERE family = ? AND revision = ?'),
    define: database.prepare('INSERT INTO ecs_task_definition VALUES (?, ?, ?)'),
    insert: database.prepare('INSERT INTO ecs_task (arn, cluster, status, client_token, body) VALUES (?, ?, ?, ?, ?)'),
    save: database.prepare('UPDATE ecs_task SET status = ?, stopped_at = ?, body = ? WHERE arn = ?'),
    handle: database.prepare('UPDATE ecs_task SET handle = ? WHERE arn = ?'),
    get: database.prepare('SELECT body FROM ecs_task WHERE arn = ?'),
    byToken: database.prepare('SELECT body FROM ecs_task WHERE client_token = ?'),
    open: database.prepare("SELECT body, handle FROM ecs_task WHERE status <> 'STOPPED'"),
    count: database.prepare("SELECT count(*) AS n FROM ecs_task WHERE status <> 'STOPPED'"),
    purge: database.prepare(`DELETE FROM ecs_task WHERE rowid IN
      (SELECT rowid FROM ecs_task WHERE status = 'STOPPED' AND stopped_at < ? LIMIT ?)`),
  };
  const newest = (family: string) => {
    const row = sql.newest.get(family);
    return row && { revision: Number(row.revision), body: String(row.body) };
  };
  return {
    /** Stores a new revision if the definition differs from the newest one. Returns the ARN. */
    define(definition: TaskDefinition): { arn: string; revision: number } {
      const body = JSON.stringify(definition);
      const before = newest(definition.family);
      const revision = before?.body === body ? before.revision : (before?.revision ?? 0) + 1;
      if (before?.body !== body) sql.define.run(definition.family, revision, body);
      return { arn: definitionArn(definition.family, revision), revision };
    },
    /** Finds a definition by ARN, by `family:revision`, or by `family` for the newest revision. */
    definition(name: string): { arn: string; definition: TaskDefinition } | undefined {
      const [family = '', revision] = name.slice(name.lastIndexOf('/') + 1).split(':');
      const number = revision === undefined ? newest(family)?.revision : Number(revision);
      const row = number === undefined || Number.isNaN(number) ? undefined : sql.revision.get(family, number);
      if (!row || number === undefined) return undefined;
      const arn = definitionArn(family, number);
      if (name.startsWith('arn:') && name !== arn && name !== arn.slice(0, arn.lastIndexOf(':'))) return undefined;
      return { arn, definition: JSON.parse(String(row.body)) as TaskDefinition };
    },
    insert(task: Task, clientToken: string | undefined): void {
      sql.insert.run(task.taskArn, task.clusterArn, task.lastStatus, clientToken ?? null, JSON.stringify(task));
    },
    save: (task: Task) =>
      void sql.save.run(task.lastStatus, task.stoppedAt ?? null, JSON.stringify(task), task.taskArn),
    saveHandle: (taskArn: string, handle: string) => void sql.handle.run(handle, taskArn),
    get: (taskArn: string) => toTask(sql.get.get(taskArn)),
    byClientToken: (token: string) => toTask(sql.byToken.get(token)),
    open: () =>
      sql.open.all().map((row) => ({
        task: JSON.parse(String(row.body)) as Task,
        handle: row.handle === null ? undefined : String(row.handle),
      })),
    openCount: () => Number(sql.count.get()?.n),
    /** Deletes at most `limit` tasks that stopped before the given time. Returns how many were deleted. */
    purge: (before: number, limit: number) => Number(sql.purge.run(before, limit).changes),
  };
}

function definitionArn(family: string, revision: number): string {
  return arnOf('ecs', `task-definition/${family}:${revision}`);
}

function toTask(row: Record<string, unknown> | undefined): Task | undefined {
  return row && (JSON.parse(String(row.body)) as Task);
}

const schema = `
CREATE TABLE IF NOT EXISTS ecs_task_definition (family TEXT NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (family, revision)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ecs_task (arn TEXT PRIMARY KEY, cluster TEXT NOT NULL, status TEXT NOT NULL,
  client_token TEXT UNIQUE, handle TEXT, stopped_at INTEGER, body TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS ecs_task_open ON ecs_task (arn) WHERE status <> 'STOPPED';
CREATE INDEX IF NOT EXISTS ecs_task_stopped ON ecs_task (stopped_at) WHERE status = 'STOPPED';
`;
