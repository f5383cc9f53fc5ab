// S3 on one listener, over objects in a folder and a database. It must not know what an operation does.
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
  /** Holds the bytes of objects; made when absent. Nobody else may write in it. */
  folder: string;
  /** As `openDatabase` opens it: what is acknowledged must be durable. */
  database: DatabaseSync;
  /** Gets each "Object Created" of buckets with eventBridge, at least once; one that it rejects is handed over again later. */
  onEvent?: (event: ObjectCreated) => Promise<void> | void;
};

export type S3 = {
  /** For `http.createServer`. Bodies may take long: the server's `requestTimeout` should be 0. */
  listener: RequestListener;
  /** Creates a bucket of the template, or gives the one that is there these settings. */
  createBucket(name: string, settings: { eventBridge: boolean; cors?: CorsRule[] }): void;
  /** Ends the delivery of events. Requests under way are the HTTP server's to end, before this. */
  close(): Promise<void>;
};

/** Opens the store (what a crash left behind is swept) and hands over events that were not delivered before. */
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
