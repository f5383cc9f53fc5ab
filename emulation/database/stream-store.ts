// Keeps the streams of the DynamoDB engine's own file quick and short: without an index, each write reads every record that
// its table's stream ever had (dynoxide 1.2.1), and none is ever removed. It knows no table and no record's content.
import { DatabaseSync } from 'node:sqlite';
import { isBusy } from '../../machine/file-lock.ts';
import { PIECE_ROWS, startUpkeep, type Upkeep } from '../cloud/wire/upkeep.ts';

const LOCK_LIMIT_MS = 10_000;
/** For a look at a file that is in use: who waits holds up the whole platform. */
const TURN_LIMIT_MS = 20;
/** Streams.html: records are kept for 24 hours. */
const KEPT_MS = 86_400_000;
const ORDER = '(table_name, CAST(sequence_number AS INTEGER))';

/** Of the first records in the file those that are old, but for a table's last: the engine counts on from it. */
const REMOVE = `DELETE FROM _stream_records WHERE id IN (
  SELECT id FROM (SELECT * FROM _stream_records ORDER BY id LIMIT ${PIECE_ROWS}) AS old
  WHERE created_at < ? AND EXISTS (SELECT 1 FROM _stream_records AS later WHERE later.table_name = old.table_name
    AND CAST(later.sequence_number AS INTEGER) > CAST(old.sequence_number AS INTEGER)))`;

/** Adds the index by which the engine finds a stream's end and what follows a position. For an engine that serves nobody yet. */
export function prepareStreams(file: string): void {
  const database = new DatabaseSync(file, { timeout: LOCK_LIMIT_MS });
  try {
    database.exec(`CREATE INDEX IF NOT EXISTS espalier_stream_order ON _stream_records ${ORDER}`);
  } finally {
    database.close();
  }
}

/** Removes records that AWS would have removed, from a file that an engine serves. @param now milliseconds since 1970 */
export function startStreamUpkeep(file: string, now: () => number): Upkeep {
  return startUpkeep('stream records', () => removeSome(file, now() - KEPT_MS));
}

function removeSome(file: string, before: number): boolean {
  const database = new DatabaseSync(file, { timeout: TURN_LIMIT_MS });
  try {
    // To wait for the disk is the engine's: what of this is lost with the power is removed again.
    database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');
    return database.prepare(REMOVE).run(Math.floor(before / 1000)).changes > 0;
  } catch (error) {
    // The engine is writing: it comes first.
    if (isBusy(error)) return true;
    throw error;
  } finally {
    database.close();
  }
}
