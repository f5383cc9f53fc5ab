// Keeps events on their way to targets, and the deliveries that were abandoned.

import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { inLazyTransaction, inTransaction } from '../wire/transaction.ts';

/** The destination of a delivery: a target of a rule. */
export type Address = { readonly rule: string; readonly target: string };
export type Delivery = Address & {
  readonly id: number;
  readonly event: string;
  readonly createdAt: number;
  readonly attemptCount: number;
};
/** A delivery that was abandoned, with the reason. */
export type DeadDelivery = Delivery & { readonly diedAt: number; readonly reason: string };

export type DeliveryTable = {
  /** Durable when it returns. */
  add(addresses: readonly Address[], event: string, at: number): void;
  due(address: Address, at: number, limit: number): Delivery[];
  /** The time when the next delivery after `at` becomes due. */
  nextDueAfter(address: Address, at: number): number | undefined;
  done(delivery: Delivery): void;
  retry(delivery: Delivery, dueAt: number): void;
  bury(delivery: Delivery, at: number, reason: string): DeadDelivery;
  /** All addresses with waiting deliveries. */
  addresses(): Address[];
  /** All deliveries that wait for this address. */
  waiting(address: Address): Delivery[];
  dead(): DeadDelivery[];
};

export function openDeliveryTable(database: DatabaseSync): DeliveryTable {
  database.exec(schema);
  const of = (text: string) => database.prepare(text);
  const insert = of('INSERT INTO events_delivery (rule, target, event, created_at, due_at) VALUES (?, ?, ?, ?, ?)');
  const due = of(
    'SELECT * FROM events_delivery WHERE rule = ? AND target = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?',
  );
  const nextDue = of('SELECT min(due_at) AS at FROM events_delivery WHERE rule = ? AND target = ? AND due_at > ?');
  const remove = of('DELETE FROM events_delivery WHERE id = ?');
  const retry = of('UPDATE events_delivery SET attempt_count = ?, due_at = ? WHERE id = ?');
  const bury = of('INSERT OR REPLACE INTO events_dead_delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const forget = of(`DELETE FROM events_dead_delivery WHERE id IN
    (SELECT id FROM events_dead_delivery ORDER BY died_at DESC, id DESC LIMIT -1 OFFSET ${maximumDeadCount})`);
  const addresses = of('SELECT DISTINCT rule, target FROM events_delivery');
  const dead = of('SELECT * FROM events_dead_delivery ORDER BY died_at, id');
  return {
    add(to, event, at) {
      if (to.length === 0) return;
      inTransaction(database, () => {
        for (const { rule, target } of to) insert.run(rule, target, event, at, at);
      });
    },
    due: ({ rule, target }, at, limit) => due.all(rule, target, at, limit).map(toDelivery),
    nextDueAfter({ rule, target }, at) {
      const next = nextDue.get(rule, target, at)?.at;
      return next === null || next === undefined ? undefined : Number(next);
    },
    // A power loss may undo this. The event is then delivered again, which is allowed.
    done: ({ id }) => void inLazyTransaction(database, () => remove.run(id)),
    retry: ({ id, attemptCount }, dueAt) => void retry.run(attemptCount, dueAt, id),
    bury(delivery, at, reason) {
      const { id, rule, target, event, createdAt, attemptCount } = delivery;
      inTransaction(database, () => {
        remove.run(id);
        bury.run(id, rule, target, event, createdAt, attemptCount, at, reason);
        forget.run();
      });
      return { ...delivery, diedAt: at, reason };
    },
    addresses: () => addresses.all().map((row) => ({ rule: String(row.rule), target: String(row.target) })),
    waiting: ({ rule, target }) => due.all(rule, target, Number.MAX_SAFE_INTEGER, -1).map(toDelivery),
    dead: () =>
      dead.all().map((row) => ({ ...toDelivery(row), diedAt: Number(row.died_at), reason: String(row.reason) })),
  };
}

function toDelivery(row: Record<string, SQLOutputValue>): Delivery {
  return {
    id: Number(row.id),
    rule: String(row.rule),
    target: String(row.target),
    event: String(row.event),
    createdAt: Number(row.created_at),
    attemptCount: Number(row.attempt_count),
  };
}

/** Dead deliveries that are kept for inspection. Older ones are deleted. */
const maximumDeadCount = 1_000;

const schema = `CREATE TABLE IF NOT EXISTS events_delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, target TEXT NOT NULL, event TEXT NOT NULL,
    created_at INTEGER NOT NULL, attempt_count INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS events_delivery_due ON events_delivery (rule, target, due_at, id);
  CREATE TABLE IF NOT EXISTS events_dead_delivery (
    id INTEGER PRIMARY KEY, rule TEXT NOT NULL, target TEXT NOT NULL, event TEXT NOT NULL, created_at INTEGER NOT NULL,
    attempt_count INTEGER NOT NULL, died_at INTEGER NOT NULL, reason TEXT NOT NULL) STRICT`;
