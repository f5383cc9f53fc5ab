// Opens the embedded cloud's database and runs synchronous functions in transactions.

import { DatabaseSync } from 'node:sqlite';

/** Opens the database so that an acknowledged write survives SIGKILL and power loss: WAL, synchronous=FULL. */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
  return database;
}

/**
 * Runs `work` in one transaction. All of its writes are durable when this returns, and none remain if it throws. Inside
 * another transaction of the same connection it joins that one as a savepoint. `work` must not wait.
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
 * Runs `work` as `inTransaction` does, without waiting for the disk. The writes survive SIGKILL when this returns, and
 * a power loss from the next `inTransaction` on. A power loss may undo the newest writes of all engines together, but
 * never an older write of one engine alone. Use it for steps that nobody outside has learned of, and that are repeated
 * from the stored state.
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

/** Waits at most this long for another process that holds the file, for example a predecessor that is being ended. */
const busyTimeoutMs = 5_000;
