// The tables and long polls that the SQS API and the in-process methods share.

import type { DatabaseSync } from 'node:sqlite';
import { createLongPolls } from './long-poll.ts';
import { type NewMessage, openMessageTable } from './message-table.ts';
import { openQueueTable, type Queue } from './queue-table.ts';

export type SqsOptions = {
  readonly database: DatabaseSync;
  /** Milliseconds since 1970. */
  now(): number;
  /** The API's address (`http://127.0.0.1:4000`). Queue URLs begin with it, because SDK clients send to them. */
  endpoint?(): string;
};

export type ReceiveOptions = {
  readonly max: number;
  readonly waitMs: number;
  readonly visibilitySeconds?: number;
  readonly signal?: AbortSignal;
};

export type SqsCore = ReturnType<typeof createSqsCore>;

/** Opens the tables. A send wakes waiting pollers. */
export function createSqsCore({ database, now, endpoint }: SqsOptions) {
  const queues = openQueueTable(database);
  const messages = openMessageTable(database);
  const polls = createLongPolls();
  return {
    queues,
    messages,
    polls,
    now,
    urlOf(queue: Queue) {
      const [, , , region, account] = queue.arn.split(':');
      return `${endpoint?.() ?? `https://sqs.${region}.amazonaws.com`}/${account}/${queue.name}`;
    },
    send(queue: Queue, sent: readonly NewMessage[]) {
      const ids = messages.put(queue, sent, now());
      polls.wake(queue.name);
      return ids;
    },
    receive(queue: Queue, { max, waitMs, visibilitySeconds, signal }: ReceiveOptions) {
      const seconds = visibilitySeconds ?? queue.visibilityTimeoutSeconds;
      const attempt = () => {
        const taken = messages.take(queue, { max, visibilitySeconds: seconds, at: now() });
        if (queue.redrive) polls.wake(queue.redrive.queueArn.slice(queue.redrive.queueArn.lastIndexOf(':') + 1));
        return taken;
      };
      const nextVisibleInMs = () => {
        const at = messages.nextVisibleAt(queue, now());
        return at === undefined ? undefined : at - now();
      };
      return polls.poll(queue.name, waitMs, attempt, { signal, nextVisibleInMs });
    },
  };
}
