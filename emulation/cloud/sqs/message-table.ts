// The table of messages: puts them, takes them fairly, returns them, deletes them and counts them.

import { randomUUID } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { inLazyTransaction, inTransaction } from '../wire/transaction.ts';
import { pickFairly } from './fair-order.ts';
import { prepareMessageSql } from './message-sql.ts';
import type { Queue } from './queue-table.ts';
import { formatReceipt, parseReceipt } from './receipt.ts';

export type NewMessage = {
  readonly body: string;
  readonly groupId?: string;
  readonly senderId: string;
  readonly delaySeconds: number;
};

/** A message as it was received. Times are milliseconds since 1970. */
export type TakenMessage = {
  readonly messageId: string;
  readonly receipt: string;
  readonly body: string;
  readonly groupId?: string;
  readonly senderId: string;
  readonly sentAt: number;
  readonly firstReceivedAt: number;
  readonly receiveCount: number;
  readonly deadLetterSourceArn?: string;
};

export type Depth = { readonly visible: number; readonly inFlight: number; readonly delayed: number };

export type MessageTable = {
  /** Durable when it returns. Returns the message ids in order. */
  put(queue: Queue, messages: readonly NewMessage[], at: number): string[];
  take(queue: Queue, options: { max: number; visibilitySeconds: number; at: number }): TakenMessage[];
  /**
   * Deletes the messages whose last receive the receipts name. An older receipt deletes nothing (API_DeleteMessage).
   */
  remove(queue: Queue, receipts: readonly string[]): void;
  /** Makes messages in flight visible again. */
  release(queue: Queue, at: number): void;
  depth(queue: Queue, at: number): Depth;
  /** The time when the next hidden message becomes visible. */
  nextVisibleAt(queue: Queue, at: number): number | undefined;
};

type Candidate = { readonly id: number; readonly visibleAt: number; readonly receiveCount: number };

/**
 * Opens the table. A receive is one transaction, so its messages are hidden before anyone sees them. Only sends wait
 * for the disk. If a power loss undoes a receive or a deletion, the message is received again, which is allowed.
 */
export function openMessageTable(database: DatabaseSync): MessageTable {
  const sql = prepareMessageSql(database);
  const sweptAt = new Map<string, number>();
  const pick = createPicker(sql);
  return {
    put: (queue, messages, at) =>
      inTransaction(database, () => messages.map((message) => insert(sql, queue, message, at))),
    take(queue, { max, visibilitySeconds, at }) {
      if (at - (sweptAt.get(queue.name) ?? Number.NEGATIVE_INFINITY) >= expirySweepIntervalMs) {
        sweptAt.set(queue.name, at);
        sql.expire.run(queue.name, expiredBefore(queue, at));
      }
      if (!sql.anyVisible.get(queue.name, at)) return [];
      return inLazyTransaction(database, () =>
        pick(queue, max, at).map(({ id }) => {
          const nonce = randomUUID();
          sql.take.run(at + visibilitySeconds * 1000, nonce, at, id);
          return toTaken(sql.read.get(id) ?? {}, formatReceipt(queue.name, id, nonce));
        }),
      );
    },
    remove(queue, receipts) {
      const parsed = receipts.map((receipt) => parseReceipt(queue.name, receipt));
      inLazyTransaction(database, () => {
        for (const { id, nonce } of parsed) sql.remove.run(id, queue.name, nonce);
      });
    },
    release: (queue, at) => void sql.release.run({ queue: queue.name, at }),
    depth(queue, at) {
      const row = sql.depth.get({ queue: queue.name, at, expiredBefore: expiredBefore(queue, at) }) ?? {};
      const { visible, in_flight, delayed } = row;
      return { visible: Number(visible ?? 0), inFlight: Number(in_flight ?? 0), delayed: Number(delayed ?? 0) };
    },
    nextVisibleAt(queue, at) {
      const row = sql.nextVisible.get(queue.name, at);
      return row?.at === null || row?.at === undefined ? undefined : Number(row.at);
    },
  };
}

type MessageSql = ReturnType<typeof prepareMessageSql>;

function insert(sql: MessageSql, queue: Queue, message: NewMessage, at: number): string {
  const messageId = randomUUID();
  const { body, groupId = '', senderId, delaySeconds } = message;
  const visibleAt = at + delaySeconds * 1000;
  sql.insert.run(queue.name, messageId, body, groupId, senderId, at, visibleAt);
  return messageId;
}

/** Picks the messages of a receive. Messages that were received too often move to the dead letter queue on the way. */
function createPicker(sql: MessageSql) {
  function candidates(queue: Queue, max: number, at: number) {
    const oldest = expiredBefore(queue, at);
    return sql.groups.all({ queue: queue.name, at, expiredBefore: oldest, max }).map((row) => ({
      group: String(row.group_id),
      inFlightCount: Number(row.in_flight),
      waiting: sql.waitingOfGroup.all(queue.name, String(row.group_id), at, oldest, max).map(toCandidate),
    }));
  }

  function redrive(queue: Queue, picked: readonly Candidate[], at: number): boolean {
    const { redrive } = queue;
    if (!redrive) return false;
    const spent = picked.filter((candidate) => candidate.receiveCount >= redrive.maxReceiveCount);
    const target = redrive.queueArn.slice(redrive.queueArn.lastIndexOf(':') + 1);
    for (const candidate of spent) sql.move.run(target, at, queue.arn, candidate.id);
    return spent.length > 0;
  }

  return (queue: Queue, max: number, at: number): Candidate[] => {
    let picked = pickFairly(candidates(queue, max, at), max);
    while (redrive(queue, picked, at)) picked = pickFairly(candidates(queue, max, at), max);
    return picked;
  };
}

/** Messages sent at or before this time have exceeded the queue's retention. */
function expiredBefore(queue: Queue, at: number): number {
  return at - queue.retentionSeconds * 1000;
}

function toCandidate(row: Record<string, SQLOutputValue>): Candidate {
  return { id: Number(row.id), visibleAt: Number(row.visible_at), receiveCount: Number(row.receives) };
}

function toTaken(row: Record<string, SQLOutputValue>, receipt: string): TakenMessage {
  return {
    messageId: String(row.message_id),
    receipt,
    body: String(row.body),
    ...(row.group_id ? { groupId: String(row.group_id) } : {}),
    senderId: String(row.sender_id),
    sentAt: Number(row.sent_at),
    firstReceivedAt: Number(row.first_received_at),
    receiveCount: Number(row.receive_count),
    ...(row.dead_letter_source ? { deadLetterSourceArn: String(row.dead_letter_source) } : {}),
  };
}

/** Expired messages are deleted at most this often per queue. They are never received in between. */
const expirySweepIntervalMs = 60_000;
