// The one SQLite file of a platform. Writes join the transaction that is open, and do not wait for the disk. What leaves
// the process, such as a reply, waits until the transaction that it may have seen is kept (`kept`). Many requests thus
// share one commit and one sync.

import { closeSync, fdatasync, fdatasyncSync, fstatSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createCheckpoints } from './checkpoint.ts';

/**
 * `disk`: kept means that the disk has it, which survives a power cut. `kernel`: kept means that the kernel has it, which
 * survives SIGKILL. A power cut may then lose the last commits; the file stays whole.
 */
export type Durability = 'disk' | 'kernel';

export type Database = {
  readonly sqlite: DatabaseSync;
  /** Every write is made by this function, in the transaction that is open. If it fails, the platform is lost. */
  write<Result>(act: () => Result): Result;
  /** Resolves when everything that was written before is kept. */
  kept(): Promise<void>;
  /** Keeps everything and closes the file. */
  close(): Promise<void>;
};

/**
 * Opens the file, and makes it if it does not exist.
 *
 * @param onLost is called once, when a commit or a sync failed. Nothing that waits for `kept` is released any more.
 */
export function openDatabase(path: string, durability: Durability, onLost: (fault: unknown) => void): Database {
  const sqlite = new DatabaseSync(path, { timeout: lockWaitMs });
  sqlite.exec(pragmas);
  // The first write makes the log, whose name must survive a power cut as well.
  sqlite.exec(`PRAGMA user_version = ${formatVersion}`);
  syncFolder(dirname(path));
  const batch = createBatch(sqlite, onLost);
  const log = openSync(`${path}-wal`, 'r');
  const sync = durability === 'disk' ? (done: (fault: unknown) => void) => fdatasync(log, done) : undefined;
  const checkpoints = createCheckpoints({
    path,
    logBytes: () => fstatSync(log).size,
    moveAll: () => sqlite.exec(checkpoint),
    onLost: batch.lose,
  });
  const keeper = createKeeper(batch, { sync, onCommit: checkpoints.afterCommit });
  return {
    sqlite,
    write(act) {
      if (batch.open()) keeper.begun();
      try {
        return act();
      } catch (fault) {
        // SQLite may have undone the whole transaction, which others have seen already.
        batch.lose(fault);
        throw fault;
      }
    },
    kept: keeper.kept,
    async close() {
      await keeper.close();
      await checkpoints.close();
      const number = batch.commit();
      if (!batch.isLost()) {
        if (sync !== undefined) fdatasyncSync(log);
        sqlite.exec(checkpoint);
        keeper.release(number);
      }
      closeSync(log);
      sqlite.close();
    },
  };
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  fsyncSync(folder);
  closeSync(folder);
}

type Batch = {
  /** Opens a transaction. False when one is open. */
  open(): boolean;
  /** Commits the open transaction, if there is one. The number of the last transaction that was committed. */
  commit(): number;
  /** The number of the last transaction that was opened. */
  last(): number;
  lose(fault: unknown): void;
  isLost(): boolean;
};

function createBatch(sqlite: DatabaseSync, onLost: (fault: unknown) => void): Batch {
  const begin = sqlite.prepare('BEGIN IMMEDIATE');
  const commit = sqlite.prepare('COMMIT');
  let isOpen = false;
  let isLost = false;
  let number = 0;
  const lose = (fault: unknown) => {
    if (isLost) return;
    isLost = true;
    onLost(fault);
  };
  return {
    open() {
      if (isLost) throw new Error('the database was lost, so nothing is written any more');
      if (isOpen) return false;
      begin.run();
      isOpen = true;
      number += 1;
      return true;
    },
    commit() {
      if (isOpen && !isLost) {
        try {
          commit.run();
          isOpen = false;
        } catch (fault) {
          lose(fault);
        }
      }
      return number;
    },
    last: () => number,
    lose,
    isLost: () => isLost,
  };
}

type Keeper = {
  /** A transaction was opened. It is committed soon, also when nobody waits for it. */
  begun(): void;
  kept(): Promise<void>;
  /** Everything up to this transaction is kept. */
  release(number: number): void;
  /** Begins no more rounds, and resolves when none is under way. */
  close(): Promise<void>;
};
type KeeperOptions = {
  /** Absent when a commit is enough. */
  readonly sync: ((done: (fault: unknown) => void) => void) | undefined;
  /** Called after each commit, when no transaction is open. */
  readonly onCommit: () => void;
};

/** Commits and syncs, one round at a time. A round keeps everything that was written before it began. */
function createKeeper(batch: Batch, { sync, onCommit }: KeeperOptions): Keeper {
  let waiting: { readonly number: number; readonly resolve: () => void }[] = [];
  let keptNumber = 0;
  let syncing: PromiseWithResolvers<void> | undefined;
  let isDue = false;
  let isClosed = false;
  let idleTimer: NodeJS.Timeout | undefined;

  const schedule = () => {
    if (isDue || syncing !== undefined || isClosed) return;
    isDue = true;
    setImmediate(round);
  };
  const round = () => {
    isDue = false;
    if (isClosed || batch.isLost()) return;
    clearTimeout(idleTimer);
    idleTimer = undefined;
    const number = batch.commit();
    if (batch.isLost()) return;
    onCommit();
    if (sync === undefined || number === keptNumber) return release(number);
    const mine = Promise.withResolvers<void>();
    syncing = mine;
    sync((fault) => {
      syncing = undefined;
      if (fault) batch.lose(fault);
      else release(number);
      mine.resolve();
    });
  };
  const release = (number: number) => {
    keptNumber = Math.max(keptNumber, number);
    const rest = waiting.filter((one) => one.number > keptNumber);
    for (const one of waiting) if (one.number <= keptNumber) one.resolve();
    waiting = rest;
    if (waiting.length > 0) schedule();
  };
  return {
    begun() {
      idleTimer ??= setTimeout(schedule, idleCommitMs);
    },
    kept() {
      const number = batch.last();
      if (number <= keptNumber) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.push({ number, resolve });
        schedule();
      });
    },
    release,
    async close() {
      isClosed = true;
      clearTimeout(idleTimer);
      await syncing?.promise;
    },
  };
}

/** NORMAL leaves the sync after a commit to us. A checkpoint syncs by itself. */
const pragmas = `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;
  PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY`;
const checkpoint = 'PRAGMA wal_checkpoint(TRUNCATE)';
/** Raised when the tables change their meaning. */
const formatVersion = 1;
/** Another process may read the file for a moment. */
const lockWaitMs = 5_000;
/** Writes that nobody waits for are committed after this time. */
const idleCommitMs = 5;
