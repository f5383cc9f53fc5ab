// How far each stream was worked off, kept over restarts. It knows no stream.
import { DatabaseSync } from 'node:sqlite';

/** The last sequence number of a shard that is done; `end` when the shard itself is. */
export type Position = { readonly sequenceNumber: string } | 'end';

export type PositionTable = {
  get(mapping: string, shard: string): Position | undefined;
  set(mapping: string, shard: string, position: Position): void;
  close(): void;
};

/**
 * Opens the file. Its writes survive the end of the process, but not always that of the machine: a position that is lost
 * means records that come again, which they may at any time. That saves waiting for the disk several times a second.
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
