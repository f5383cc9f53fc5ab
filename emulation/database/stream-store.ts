// Keeps the streams in the DynamoDB engine's own file fast and short. Dynoxide 1.2.1 has no index on them, so each
// write reads every record of its table's stream, and it never removes a record.

import { DatabaseSync } from 'node:sqlite';
import { isBusy } from '../../machine/file-lock.ts';
import { pieceRows, startUpkeep, type Upkeep } from '../cloud/wire/upkeep.ts';

/** Adds the index that the engine needs to find the records after a position. Call it before clients connect. */
export function prepareStreams(file: string): void {
  const database = new DatabaseSync(file, { timeout: lockLimitMs });
  try {
    database.exec(`CREATE INDEX IF NOT EXISTS espalier_stream_order ON _stream_records ${recordOrder}`);
  } finally {
    database.close();
  }
}

/**
 * Removes the records that AWS would have removed, while the engine serves the file.
 * @param now milliseconds since 1970
 */
export function startStreamUpkeep(file: string, now: () => number): Upkeep {
  return startUpkeep('stream records', () => removeSome(file, now() - keptMs));
}

function removeSome(file: string, before: number): boolean {
  const database = new DatabaseSync(file, { timeout: turnLimitMs });
  try {
    // We do not wait for the disk. A removal that is lost in a power failure is repeated.
    database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');
    return database.prepare(removeRecords).run(Math.floor(before / 1000)).changes > 0;
  } catch (error) {
    // The engine is writing, and its writes have priority.
    if (isBusy(error)) return true;
    throw error;
  } finally {
    database.close();
  }
}

const lockLimitMs = 10_000;
/** The longest wait for a file that is in use, because waiting blocks the whole platform. */
const turnLimitMs = 20;
/** Streams.html: records are kept for 24 hours. */
const keptMs = 86_400_000;
const recordOrder = '(table_name, CAST(sequence_number AS INTEGER))';

/**
 * Removes the old ones among the first records. The last record of a table stays, because the engine counts on from it.
 */
const removeRecords = `DELETE FROM _stream_records WHERE id IN (
  SELECT id FROM (SELECT * FROM _stream_records ORDER BY id LIMIT ${pieceRows}) AS old
  WHERE created_at < ? AND EXISTS (SELECT 1 FROM _stream_records AS later WHERE later.table_name = old.table_name
    AND CAST(later.sequence_number AS INTEGER) > CAST(old.sequence_number AS INTEGER)))`;
