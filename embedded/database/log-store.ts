// The lines that workers print, each a row. A line gets its number when it comes, so a reader that has read up to a
// number finds what came later.

import type { LogLine, LogReader, WorkerHandle } from '../../core/context.ts';
import type { Database } from './database.ts';

export type LogStore = LogReader & {
  append(worker: WorkerHandle, lines: readonly string[], timestamp: number): void;
  /** Deletes some lines that are older than this time, in milliseconds since 1970. True when there may be more. */
  forget(before: number): boolean;
};

export function createLogStore({ sqlite, write }: Database): LogStore {
  sqlite.exec(
    `CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY AUTOINCREMENT, worker TEXT NOT NULL, at INT NOT NULL, line TEXT NOT NULL);
     CREATE INDEX IF NOT EXISTS log_worker ON log (worker, id)`,
  );
  const insert = sqlite.prepare('INSERT INTO log (worker, at, line) VALUES (?, ?, ?)');
  const select = sqlite.prepare('SELECT id, at, line FROM log WHERE worker = ? AND id > ? ORDER BY id LIMIT ?');
  const remove = sqlite.prepare('DELETE FROM log WHERE id IN (SELECT id FROM log ORDER BY id LIMIT ?) AND at < ?');
  return {
    append(worker, lines, timestamp) {
      write(() => {
        for (const line of lines) insert.run(worker, timestamp, line);
      });
    },
    async read(worker, token, limit = maximumLines) {
      const found = select.all(worker, Number(token ?? 0), Math.min(limit, maximumLines));
      const lines = found.map(({ at, line }): LogLine => ({ timestamp: Number(at), message: String(line) }));
      const last = found.at(-1)?.id;
      return { lines, token: last === undefined ? token : String(last) };
    },
    forget: (before) => write(() => Number(remove.run(linesAtATime, before).changes)) === linesAtATime,
  };
}

const maximumLines = 10_000;
const linesAtATime = 1_000;
