// The work queue: messages in the file, sent in the transaction of what they follow from. A message that fails is tried
// again later each time, and at last kept aside for the operator.

import type { DatabaseSync } from 'node:sqlite';
import type { Value } from '../../core/context.ts';
import type { Database } from '../database/database.ts';

type Message = { readonly [name: string]: Value };
export type WorkQueue = {
  send(messages: readonly Message[], delaySeconds?: number): void;
  /** Begins to deliver. What an earlier platform left is delivered first. */
  start(): void;
  /** Delivers no more, and resolves when nothing is under way. */
  close(): Promise<void>;
};
type Delivery = { readonly id: number; readonly tries: number; readonly body: string };
export type WorkQueueOptions = {
  readonly deliver: (body: unknown) => Promise<void>;
  readonly report: (what: string, fault: unknown) => void;
  readonly now: () => number;
};

export function createWorkQueue({ sqlite, write }: Database, { deliver, report, now }: WorkQueueOptions): WorkQueue {
  const { insert, due, soonest, remove, putOff } = prepare(sqlite);
  const underWay = new Map<number, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let lookAt = Number.POSITIVE_INFINITY;
  let isOpen = false;

  const look = () => {
    clearTimeout(timer);
    lookAt = Number.POSITIVE_INFINITY;
    if (!isOpen) return;
    for (const { id, tries, body } of due.all(now(), messagesAtOnce + underWay.size)) {
      if (underWay.size >= messagesAtOnce) return;
      if (!underWay.has(Number(id))) begin({ id: Number(id), tries: Number(tries), body: String(body) });
    }
    const next = soonest.get()?.dueAt;
    if (typeof next === 'number' && next > now()) wakeAt(next);
  };
  const begin = (message: Delivery) => {
    const done = carryOut(message).finally(() => {
      underWay.delete(message.id);
      wakeAt(now());
    });
    underWay.set(message.id, done);
  };
  const wakeAt = (time: number) => {
    if (!isOpen || lookAt <= time) return;
    clearTimeout(timer);
    lookAt = time;
    timer = setTimeout(look, Math.min(Math.max(0, time - now()), longestTimerMs));
  };
  const carryOut = async ({ id, tries, body }: Delivery) => {
    try {
      await deliver(JSON.parse(body));
      write(() => remove.run(id));
    } catch (fault) {
      report(`message ${body.slice(0, shownLength)}, delivery ${tries + 1} of ${maximumDeliveries}`, fault);
      const again = tries + 1 < maximumDeliveries ? now() + firstPauseMs * 4 ** tries : null;
      write(() => putOff.run(again, tries + 1, id));
    }
  };
  return {
    send(messages, delaySeconds = 0) {
      const dueAt = now() + Math.min(delaySeconds, maximumDelaySeconds) * 1000;
      write(() => {
        for (const message of messages) insert.run(dueAt, JSON.stringify(message));
      });
      wakeAt(dueAt);
    },
    start() {
      isOpen = true;
      wakeAt(now());
    },
    async close() {
      isOpen = false;
      clearTimeout(timer);
      await Promise.all(underWay.values());
    },
  };
}

function prepare(sqlite: DatabaseSync) {
  sqlite.exec(
    `CREATE TABLE IF NOT EXISTS work (id INTEGER PRIMARY KEY AUTOINCREMENT, dueAt INT, tries INT NOT NULL DEFAULT 0, body TEXT NOT NULL);
     CREATE INDEX IF NOT EXISTS work_dueAt ON work (dueAt) WHERE dueAt IS NOT NULL`,
  );
  return {
    insert: sqlite.prepare('INSERT INTO work (dueAt, body) VALUES (?, ?)'),
    due: sqlite.prepare('SELECT id, tries, body FROM work WHERE dueAt <= ? ORDER BY dueAt, id LIMIT ?'),
    soonest: sqlite.prepare('SELECT min(dueAt) AS dueAt FROM work WHERE dueAt IS NOT NULL'),
    remove: sqlite.prepare('DELETE FROM work WHERE id = ?'),
    /** A message without a due time is kept aside. */
    putOff: sqlite.prepare('UPDATE work SET dueAt = ?, tries = ? WHERE id = ?'),
  };
}

const messagesAtOnce = 8;
const maximumDeliveries = 5;
const firstPauseMs = 1_000;
/** As of the queue on AWS: what runs here must run there. */
const maximumDelaySeconds = 900;
/** A later message is looked for again after this time. */
const longestTimerMs = 60_000;
const shownLength = 200;
