// Opens the embedded cloud's database and runs synchronous functions in transactions. It knows no table.
import { DatabaseSync } from 'node:sqlite';

/** A second process that holds the file (a predecessor that is being ended) is waited for this long. */
const BUSY_TIMEOUT_MS = 5_000;

/** The database with the settings under which an acknowledged write survives SIGKILL and power loss: WAL, synchronous=FULL. */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
  return database;
}

/**
 * Runs `work` in one transaction: all of its writes are durable when this returns, none where it throws.
 * Inside another transaction of the same connection it joins that one as a savepoint. `work` must not wait.
 */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  const nested = database.isTransaction;
  database.exec(nested ? 'SAVEPOINT inner' : 'BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec(nested ? 'RELEASE inner' : 'COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec(nested ? 'ROLLBACK TO inner; RELEASE inner' : 'ROLLBACK');
    throw error;
  }
}

/**
 * As `inTransaction`, without the wait for the disk: it survives SIGKILL when this returns, and power loss from the next
 * `inTransaction` on. What is lost then is the newest writes of all engines together, never an older one of one engine.
 * For steps that nobody outside was told of, and that are repeated from where the file stands.
 */
export function inLazyTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  if (database.isTransaction) return inTransaction(database, work);
  database.exec('PRAGMA synchronous = NORMAL');
  try {
    return inTransaction(database, work);
  } finally {
    database.exec('PRAGMA synchronous = FULL');
  }
}
