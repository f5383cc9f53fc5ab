// Events that an engine owes others: stored with the change that they tell of, delivered at least once, in order.
// It knows no event's meaning.
import type { DatabaseSync } from 'node:sqlite';
import { inLazyTransaction } from './transaction.ts';

export type Outbox = {
  /** Stores an event; call it in the transaction of the change. It is delivered soon after, or after the next start. */
  put(event: object): void;
  /** Delivers what waits, oldest first; called once after a start and by `put` itself. */
  flush(): void;
  /** Ends deliveries; what was not taken stays stored. */
  close(): Promise<void>;
};

const BATCH = 100;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 30_000;

/**
 * Opens the outbox in `table` of the database. `deliver` has taken an event when it returns or resolves; while it throws
 * or rejects, the same event is tried again after growing pauses and later ones wait, so that the order holds.
 */
export function openOutbox(
  database: DatabaseSync,
  table: string,
  deliver: (event: object) => Promise<void> | void,
): Outbox {
  database.exec(
    `CREATE TABLE IF NOT EXISTS ${table} (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL) STRICT`,
  );
  const insert = database.prepare(`INSERT INTO ${table} (event) VALUES (?)`);
  const oldest = database.prepare(`SELECT id, event FROM ${table} ORDER BY id LIMIT ${BATCH}`);
  const removeUpTo = database.prepare(`DELETE FROM ${table} WHERE id <= ?`);
  const remove = (id: unknown) => inLazyTransaction(database, () => removeUpTo.run(Number(id)));
  let closed = false;
  let scheduled: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let waitMs = 0;

  const schedule = (delayMs: number) => {
    if (closed || scheduled || running) return;
    scheduled = setTimeout(() => {
      scheduled = undefined;
      running = drain().finally(() => {
        running = undefined;
        if (!closed && oldest.get()) schedule(waitMs);
      });
    }, delayMs);
    scheduled.unref();
  };

  /** Until nothing waits, a delivery fails or the outbox is closed. */
  const drain = async () => {
    for (let rows = oldest.all(); rows.length > 0 && !closed; rows = oldest.all()) {
      const { taken, failed } = await deliverInOrder(rows, deliver, () => closed);
      if (taken !== undefined) remove(taken);
      if (taken !== undefined) waitMs = 0;
      if (failed === undefined) continue;
      console.error(`An event of ${table} was not taken and is tried again:`, failed);
      waitMs = Math.min(MAX_RETRY_MS, Math.max(FIRST_RETRY_MS, waitMs * 2));
      return;
    }
  };

  return {
    put(event) {
      insert.run(JSON.stringify(event));
      schedule(0);
    },
    flush: () => schedule(0),
    async close() {
      closed = true;
      clearTimeout(scheduled);
      await running;
    },
  };
}

/** The id of the last event that was taken, and why the next one was not. */
async function deliverInOrder(
  rows: readonly Record<string, unknown>[],
  deliver: (event: object) => Promise<void> | void,
  isClosed: () => boolean,
): Promise<{ taken?: unknown; failed?: unknown }> {
  let taken: unknown;
  for (const { id, event } of rows) {
    if (isClosed()) break;
    try {
      await deliver(JSON.parse(String(event)) as object);
    } catch (failed) {
      return { taken, failed };
    }
    taken = id;
  }
  return { taken };
}
