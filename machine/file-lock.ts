// Locks of the operating system through SQLite's files. They end with the process, however it ends.

import { DatabaseSync } from 'node:sqlite';

/** Closing it releases the lock. */
export type FileLock = { close(): void };

/**
 * Locks the file, and makes it if it does not exist. Returns undefined when another process holds the lock for longer
 * than the wait.
 * @throws SQLite's error when the file cannot be written to.
 */
export function tryLock(file: string, waitMs = 0): FileLock | undefined {
  const lock = new DatabaseSync(file, { timeout: waitMs });
  try {
    // A file without the right to write is opened all the same, and its lock is shared. A write detects that.
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; PRAGMA user_version = 1; COMMIT');
    return lock;
  } catch (error) {
    lock.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

/** True while a process holds the lock. A file that cannot be read is not ours, and its holder is not our concern. */
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

/** True for an error by which SQLite says that another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' && (errcode & primaryCodeMask) === busyCode;
}

/** https://sqlite.org/rescode.html#busy. The higher bits give details. */
const busyCode = 5;
const primaryCodeMask = 0xff;
