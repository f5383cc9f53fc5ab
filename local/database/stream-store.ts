// Keeps the streams of the DynamoDB engine's own file quick and short: without an index, each write reads every record that
// its table's stream ever had (dynoxide 1.2.1), and none is ever removed. It knows no table and no record's content.
import { DatabaseSync } from 'node:sqlite';

const LOCK_LIMIT_MS = 10_000;
/** Streams.html: records are kept for 24 hours. */
const KEPT_MS = 86_400_000;
const ORDER = '(table_name, CAST(sequence_number AS INTEGER))';

/**
 * Adds the index by which the engine finds a stream's end and what follows a position, and removes records that AWS would
 * have removed. The last record of each table stays: the engine counts on from it. For an engine that serves nobody yet.
 *
 * @param nowMs since 1970
 */
export function prepareStreams(file: string, nowMs: number): void {
  const database = new DatabaseSync(file);
  try {
    database.exec(`PRAGMA busy_timeout = ${LOCK_LIMIT_MS}`);
    database.exec(`CREATE INDEX IF NOT EXISTS espalier_stream_order ON _stream_records ${ORDER}`);
    database
      .prepare(
        'DELETE FROM _stream_records WHERE created_at < ? AND id NOT IN (SELECT MAX(id) FROM _stream_records GROUP BY table_name)',
      )
      .run(Math.floor((nowMs - KEPT_MS) / 1000));
  } finally {
    database.close();
  }
}
