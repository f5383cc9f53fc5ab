// Stores the position up to which each shard is done, so that a restart goes on from there.

import { DatabaseSync } from 'node:sqlite';

/** The sequence number of the last record of a shard that is done, or `end` when the whole shard is done. */
export type Position = { readonly sequenceNumber: string } | 'end';

export type PositionTable = {
  get(mapping: string, shard: string): Position | undefined;
  set(mapping: string, shard: string, position: Position): void;
  close(): void;
};

/**
 * Opens the file. Its writes survive the end of the process, but not always a power failure. A lost position only means
 * that records are delivered again, which may happen at any time. In return, no write waits for the disk.
 */
export function openPositionTable(file: string): PositionTable {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  database.exec(`CREATE TABLE IF NOT EXISTS trigger_position (
    mapping TEXT NOT NULL, shard TEXT NOT NULL, position TEXT NOT NULL, PRIMARY KEY (mapping, shard))`);
  const get = database.prepare('SELECT position FROM trigger_position WHERE mapping = ? AND shard = ?');
  const set = database.prepare(
    'INSERT INTO trigger_position VALUES (?, ?, ?) ON CONFLICT (mapping, shard) DO UPDATE SET position = excluded.position',
  );
  return {
    get(mapping, shard) {
      const position = get.get(mapping, shard)?.position;
      if (position === undefined) return undefined;
      return position === 'end' ? 'end' : { sequenceNumber: String(position) };
    },
    set(mapping, shard, position) {
      set.run(mapping, shard, position === 'end' ? 'end' : position.sequenceNumber);
    },
    close: () => database.close(),
  };
}
