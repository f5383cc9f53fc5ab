// The processes that may run, in the file: a later start finds them there when the platform was killed.

import { endLeftovers } from '../../machine/process/program-launcher.ts';
import type { Database } from '../database/database.ts';

export type ProcessMarks = {
  /** Notes a process by the id in its environment. Its handle follows when it has started. */
  note(taskId: string, handle: string | null): void;
  remove(taskId: string): void;
  /** Ends the processes that an earlier platform left behind. Rejects if one stays. */
  endLeftovers(): Promise<void>;
};

export function createProcessMarks({ sqlite, write }: Database): ProcessMarks {
  sqlite.exec('CREATE TABLE IF NOT EXISTS process (taskId TEXT PRIMARY KEY, handle TEXT) WITHOUT ROWID');
  const put = sqlite.prepare(
    'INSERT INTO process (taskId, handle) VALUES (?, ?) ON CONFLICT DO UPDATE SET handle = excluded.handle',
  );
  const remove = sqlite.prepare('DELETE FROM process WHERE taskId = ?');
  const all = sqlite.prepare('SELECT taskId, handle FROM process');
  const clear = sqlite.prepare('DELETE FROM process');
  return {
    note: (taskId, handle) => void write(() => put.run(taskId, handle)),
    remove: (taskId) => void write(() => remove.run(taskId)),
    async endLeftovers() {
      const left = all.all().map(({ taskId, handle }) => ({
        taskId: String(taskId),
        handle: handle === null ? undefined : String(handle),
      }));
      await endLeftovers(left);
      write(() => clear.run());
    },
  };
}
