// Events of asynchronous invocations, kept until the function has taken them or they were given up on. Knows no function.
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
  add(functionName: string, payload: string, now: number): QueuedEvent;
  remove(id: number): void;
  postpone(id: number, attemptCount: number, dueAt: number): void;
  /** Those that a platform before this one left, oldest first. */
  all(): QueuedEvent[];
};

export function openAsynchronousTable(database: DatabaseSync): AsynchronousTable {
  database.exec(`CREATE TABLE IF NOT EXISTS lambda_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, functionName TEXT NOT NULL, payload TEXT NOT NULL,
    acceptedAt INTEGER NOT NULL, attemptCount INTEGER NOT NULL, dueAt INTEGER NOT NULL)`);
  const insert = database.prepare(
    'INSERT INTO lambda_event (functionName, payload, acceptedAt, attemptCount, dueAt) VALUES (?, ?, ?, 0, ?)',
  );
  const remove = database.prepare('DELETE FROM lambda_event WHERE id = ?');
  const postpone = database.prepare('UPDATE lambda_event SET attemptCount = ?, dueAt = ? WHERE id = ?');
  const all = database.prepare('SELECT * FROM lambda_event ORDER BY id');
  return {
    add(functionName, payload, now) {
      const { lastInsertRowid } = insert.run(functionName, payload, now, now);
      return { id: Number(lastInsertRowid), functionName, payload, acceptedAt: now, attemptCount: 0, dueAt: now };
    },
    remove: (id) => void remove.run(id),
    postpone: (id, attemptCount, dueAt) => void postpone.run(attemptCount, dueAt, id),
    all: () => all.all() as QueuedEvent[],
  };
}
