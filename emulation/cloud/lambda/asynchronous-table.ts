// Keeps the events of asynchronous invocations until the function has taken them or they are abandoned.

import type { DatabaseSync } from 'node:sqlite';

export type QueuedEvent = {
  readonly id: number;
  readonly functionName: string;
  readonly payload: string;
  readonly acceptedAt: number;
  readonly attemptCount: number;
  readonly dueAt: number;
};

export type AsynchronousTable = {
  /** Durable when it returns. */
  add(functionName: string, payload: string, now: number): void;
  remove(id: number): void;
  postpone(id: number, attemptCount: number, dueAt: number): void;
  /** The function's due events, longest waiting first. */
  due(functionName: string, now: number, limit: number): QueuedEvent[];
  /** The time when the next event after `now` becomes due. */
  nextDueAfter(functionName: string, now: number): number | undefined;
  /** The functions that have waiting events. */
  functionNames(): string[];
  removeAll(functionName: string): void;
};

export function openAsynchronousTable(database: DatabaseSync): AsynchronousTable {
  database.exec(`CREATE TABLE IF NOT EXISTS lambda_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, functionName TEXT NOT NULL, payload TEXT NOT NULL,
    acceptedAt INTEGER NOT NULL, attemptCount INTEGER NOT NULL, dueAt INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS lambda_event_due ON lambda_event (functionName, dueAt, id)`);
  const insert = database.prepare(
    'INSERT INTO lambda_event (functionName, payload, acceptedAt, attemptCount, dueAt) VALUES (?, ?, ?, 0, ?)',
  );
  const remove = database.prepare('DELETE FROM lambda_event WHERE id = ?');
  const postpone = database.prepare('UPDATE lambda_event SET attemptCount = ?, dueAt = ? WHERE id = ?');
  const due = database.prepare(
    'SELECT * FROM lambda_event WHERE functionName = ? AND dueAt <= ? ORDER BY dueAt, id LIMIT ?',
  );
  const nextDue = database.prepare('SELECT min(dueAt) AS at FROM lambda_event WHERE functionName = ? AND dueAt > ?');
  const names = database.prepare('SELECT DISTINCT functionName FROM lambda_event');
  const removeAll = database.prepare('DELETE FROM lambda_event WHERE functionName = ?');
  return {
    add: (functionName, payload, now) => void insert.run(functionName, payload, now, now),
    remove: (id) => void remove.run(id),
    postpone: (id, attemptCount, dueAt) => void postpone.run(attemptCount, dueAt, id),
    due: (functionName, now, limit) => due.all(functionName, now, limit) as QueuedEvent[],
    nextDueAfter(functionName, now) {
      const next = nextDue.get(functionName, now)?.at;
      return next === null || next === undefined ? undefined : Number(next);
    },
    functionNames: () => names.all().map(({ functionName }) => String(functionName)),
    removeAll: (functionName) => void removeAll.run(functionName),
  };
}
