// Moves the log of the database into its file, in a thread of its own, while others write. It has a connection of its
// own, which never waits for a writer.

import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const sqlite = new DatabaseSync(workerData as string);
sqlite.exec('PRAGMA synchronous = NORMAL');

parentPort?.on('message', () => {
  sqlite.exec('PRAGMA wal_checkpoint(PASSIVE)');
  parentPort?.postMessage('done');
});
