// Events that an engine owes to others. They are stored with the change that they report, and delivered in order at
// least once.

import type { DatabaseSync } from 'node:sqlite';
import { backoffMs, createDelivery } from './delivery.ts';
import { inLazyTransaction } from './transaction.ts';

export type Outbox = {
  /**
   * Stores an event, or makes one from its number and stores that. Numbers never repeat and always rise. Call it in the
   * transaction of the change. The event is delivered soon after, or after the next start.
   */
  put(event: object | ((number: number) => object)): void;
  /** Delivers the waiting events, oldest first. Call it once after a start. `put` calls it too. */
  flush(): void;
  /** Ends deliveries. Events that were not taken stay stored. */
  close(): Promise<void>;
};

type Row = { readonly id: number; readonly event: string };
/** The oldest events, which are tried one after the other. */
type Batch = { readonly id: number; readonly rows: readonly Row[] };
/** The last event that was taken, and the reason why the next one was not. */
type Progress = { readonly takenId?: number; readonly failure?: { readonly cause: unknown } };

/**
 * Opens the outbox in `table` of the database. `deliver` has taken an event when it returns or resolves. If it throws
 * or rejects, the same event is tried again after growing pauses. Later events wait, so that the order holds.
 */
export function openOutbox(
  database: DatabaseSync,
  table: string,
  deliver: (event: object) => Promise<void> | void,
): Outbox {
  const sql = prepare(database, table);
  let failureCount = 0;
  let retryAt = 0;
  const delivery = createDelivery<Batch, Progress>({
    concurrency: 1,
    concludesLate: true,
    take() {
      if (performance.now() < retryAt) return [];
      const rows = sql.oldest.all() as Row[];
      return rows[0] ? [{ id: rows[0].id, rows }] : [];
    },
    idleMs: () => (failureCount > 0 ? Math.max(1, retryAt - performance.now()) : undefined),
    attempt: ({ rows }, signal) => deliverInOrder(rows, deliver, signal),
    conclude(_batch, { takenId, failure }) {
      if (takenId !== undefined) {
        inLazyTransaction(database, () => sql.removeUpTo.run(takenId));
        failureCount = 0;
      }
      if (!failure) return;
      console.error(`An event of ${table} was not delivered and will be tried again:`, failure.cause);
      failureCount += 1;
      retryAt = performance.now() + backoffMs(failureCount, backoff);
    },
    onFault: (fault) => console.error(`The events of ${table} could not be read or removed:`, fault),
  });
  return {
    put(event) {
      if (typeof event === 'function') {
        const number = Number(sql.insert.get('')?.id);
        sql.fill.run(JSON.stringify(event(number)), number);
      } else sql.insert.get(JSON.stringify(event));
      delivery.wake();
    },
    flush: delivery.wake,
    async close() {
      await delivery.close();
      await delivery.idle();
    },
  };
}

function prepare(database: DatabaseSync, table: string) {
  database.exec(
    `CREATE TABLE IF NOT EXISTS ${table} (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL) STRICT`,
  );
  return {
    insert: database.prepare(`INSERT INTO ${table} (event) VALUES (?) RETURNING id`),
    fill: database.prepare(`UPDATE ${table} SET event = ? WHERE id = ?`),
    oldest: database.prepare(`SELECT id, event FROM ${table} ORDER BY id LIMIT ${batchSize}`),
    removeUpTo: database.prepare(`DELETE FROM ${table} WHERE id <= ?`),
  };
}

async function deliverInOrder(
  rows: readonly Row[],
  deliver: (event: object) => Promise<void> | void,
  signal: AbortSignal,
): Promise<Progress> {
  let progress: Progress = {};
  for (const { id, event } of rows) {
    if (signal.aborted) break;
    try {
      await deliver(JSON.parse(event) as object);
    } catch (cause) {
      return { ...progress, failure: { cause } };
    }
    progress = { takenId: id };
  }
  return progress;
}

const batchSize = 100;
const backoff = { firstMs: 100, maximumMs: 30_000 };
