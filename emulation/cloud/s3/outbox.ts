// "Object Created" events between the write that caused them and their delivery: rows of the same transaction, deleted when
// delivered, so that a crash in between delivers them later instead of never. It knows no rule and no target.
// Form: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { ACCOUNT_ID, REGION } from '../wire/account.ts';
import { inTransaction } from '../wire/transaction.ts';

export type ObjectCreated = {
  version: '0';
  id: string;
  'detail-type': 'Object Created';
  source: 'aws.s3';
  account: string;
  time: string;
  region: string;
  resources: string[];
  detail: {
    version: '0';
    bucket: { name: string };
    /** The key is as the client named it, not URL-encoded. */
    object: { key: string; size: number; etag: string; sequencer: string };
    'request-id': string;
    requester: string;
    'source-ip-address': string;
    reason: 'PutObject' | 'CompleteMultipartUpload';
  };
};

export type Cause = {
  bucket: string;
  key: string;
  size: number;
  etag: string;
  reason: ObjectCreated['detail']['reason'];
  requestId: string;
  sourceIp: string;
};

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 30_000;
/** Deliveries under way at once. */
const BATCH = 32;

export class Outbox {
  readonly #database: DatabaseSync;
  readonly #statements;
  readonly #onEvent: (event: ObjectCreated) => Promise<void> | void;
  readonly #now: () => number;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  /** Set by a call of `deliver` during a delivery, which may just have looked for the last time. */
  #asked = false;
  #closed = false;

  constructor(database: DatabaseSync, now: () => number, onEvent: (event: ObjectCreated) => Promise<void> | void) {
    database.exec(
      'CREATE TABLE IF NOT EXISTS s3_event (sequence INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL) STRICT',
    );
    this.#statements = {
      add: database.prepare('INSERT INTO s3_event (event) VALUES (?)'),
      first: database.prepare('SELECT sequence, event FROM s3_event ORDER BY sequence LIMIT ?'),
      delete: database.prepare('DELETE FROM s3_event WHERE sequence = ?'),
      last: database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 's3_event'"),
    };
    this.#database = database;
    this.#onEvent = onEvent;
    this.#now = now;
  }

  /** To be called inside the transaction that stores the object; `deliver` after it. */
  add(cause: Cause): void {
    const { bucket, key, size, etag } = cause;
    const sequence = ((this.#statements.last.get() as { seq: number } | undefined)?.seq ?? 0) + 1;
    const event: ObjectCreated = {
      version: '0',
      id: randomUUID(),
      'detail-type': 'Object Created',
      source: 'aws.s3',
      account: ACCOUNT_ID,
      time: new Date(this.#now()).toISOString().replace(/\.\d{3}/, ''),
      region: REGION,
      resources: [`arn:aws:s3:::${bucket}`],
      detail: {
        version: '0',
        bucket: { name: bucket },
        object: { key, size, etag, sequencer: sequence.toString(16).toUpperCase().padStart(18, '0') },
        'request-id': cause.requestId,
        requester: ACCOUNT_ID,
        'source-ip-address': cause.sourceIp,
        reason: cause.reason,
      },
    };
    this.#statements.add.run(JSON.stringify(event));
  }

  /** Hands over what waits, in order, and goes on in the background; a refusal is tried again, later and later. */
  deliver(): void {
    this.#asked = true;
    if (this.#closed || this.#running || this.#timer) return;
    this.#asked = false;
    this.#running = this.#deliverAll()
      .catch((error: unknown) => this.#retry(error))
      .finally(() => {
        this.#running = undefined;
        if (this.#asked) this.deliver();
      });
  }

  /** Waits for the deliveries under way; the rest is delivered after the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #deliverAll(): Promise<void> {
    // A turn of the event loop lets events of one burst be handed over, and deleted, together.
    await new Promise(setImmediate);
    while (!this.#closed) {
      const rows = this.#statements.first.all(BATCH) as { sequence: number; event: string }[];
      if (rows.length === 0) return;
      const handOver = async (row: { event: string }) => this.#onEvent(JSON.parse(row.event) as ObjectCreated);
      const results = await Promise.allSettled(rows.map(handOver));
      const delivered = rows.filter((_, index) => results[index]?.status === 'fulfilled');
      inTransaction(this.#database, () => {
        for (const { sequence } of delivered) this.#statements.delete.run(sequence);
      });
      const refused = results.find((result) => result.status === 'rejected');
      if (refused) throw refused.reason;
      this.#failures = 0;
    }
  }

  #retry(error: unknown): void {
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, MAX_RETRY_MS);
    this.#failures += 1;
    console.error(`An "Object Created" event could not be handed over; trying again in ${waitMs} ms:`, error);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.deliver();
    }, waitMs).unref();
  }
}
