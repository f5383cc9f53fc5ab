// S3 on one listener, with objects in a folder and rows in a database.

import { mkdirSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import type { DatabaseSync } from 'node:sqlite';
import { openOutbox } from '../wire/outbox.ts';
import { openBlobFolder } from './blob-folder.ts';
import type { CorsRule } from './cors.ts';
import type { ObjectCreated } from './object-created.ts';
import { openObjectTable } from './object-table.ts';
import { sendReply } from './reply.ts';
import { checkBucketName, type S3Core } from './request.ts';
import { createS3Front, type S3FrontOptions } from './s3-front.ts';

export type S3Options = S3FrontOptions & {
  /** Holds the bytes of objects. It is created if absent. Nothing else may write in it. */
  readonly folder: string;
  /** Must be opened by `openDatabase`, because acknowledged writes must be durable. */
  readonly database: DatabaseSync;
  /**
   * Receives each "Object Created" event of buckets with eventBridge, at least once. An event that it rejects is
   * repeated later.
   */
  readonly onEvent?: (event: ObjectCreated) => Promise<void> | void;
};

export type S3 = {
  /** For `http.createServer`. Bodies may take long, so the server's `requestTimeout` should be 0. */
  readonly listener: RequestListener;
  /** Creates a bucket of the template, or gives an existing one these settings. */
  createBucket(name: string, settings: { eventBridge: boolean; cors?: CorsRule[] }): void;
  /** Ends the delivery of events. End the HTTP server's requests first. */
  close(): Promise<void>;
};

/** Opens the store, removes leftovers of a crash, and delivers the events that are still waiting. */
export function createS3(options: S3Options): S3 {
  const { folder, database, onEvent = () => {} } = options;
  const now = options.now ?? Date.now;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const table = openObjectTable(database);
  const outbox = openOutbox(database, 's3_outbox', (event) => onEvent(event as ObjectCreated));
  const core: S3Core = { database, table, outbox, now, blobs: openBlobFolder(folder, table.blobs()) };
  outbox.flush();
  return {
    listener: createS3Front(options, {
      corsRules: (bucket) => table.loadBucket(bucket)?.cors ?? [],
      run: async ({ run }, request, res) => sendReply(request.http, res, await run(core, request)),
    }),
    createBucket(name, { eventBridge, cors = [] }) {
      checkBucketName(name);
      const createdAt = table.loadBucket(name)?.createdAt ?? now();
      table.putBucket({ name, createdAt, eventBridge, cors });
    },
    close: () => outbox.close(),
  };
}
