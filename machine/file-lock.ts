// Locks of the operating system through SQLite's files: they end with the process, however that ends. It knows no file.
import { DatabaseSync } from 'node:sqlite';

/** https://sqlite.org/rescode.html: SQLITE_BUSY; the higher bits say more of the same. */
const BUSY = 5;
const PRIMARY = 0xff;

/** Closing it gives the lock free. */
export type FileLock = { close(): void };

/**
 * Locks the file, which is made when absent; undefined when somebody else holds it for longer than the wait.
 * @throws SQLite's error when the file cannot be written to.
 */
export function tryLock(file: string, waitMs = 0): FileLock | undefined {
  const lock = new DatabaseSync(file, { timeout: waitMs });
  try {
    // A file that may only be read is opened all the same, and its lock shared: a write shows it.
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; PRAGMA user_version = 1; COMMIT');
    return lock;
  } catch (error) {
    lock.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

/** True while a process holds the lock. What cannot be read is not ours, and neither is who holds it. */
export function isLocked(file: string): boolean {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(file, { readOnly: true, timeout: 0 });
    lock.prepare('SELECT 1 FROM sqlite_master').get();
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    lock?.close();
  }
}

/** True of an error by which SQLite says that another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' && (errcode & PRIMARY) === BUSY;
}
