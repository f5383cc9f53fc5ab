// The table of queues and their attributes, by name.

import type { DatabaseSync } from 'node:sqlite';
import { arnOf } from '../wire/account.ts';
import { queueDoesNotExist } from './sqs-error.ts';

export type Redrive = { readonly queueArn: string; readonly maxReceiveCount: number };

/** Attributes that the owner of a queue sets. All times are in seconds, as AWS names them. */
export type QueueSettings = {
  readonly visibilityTimeoutSeconds: number;
  readonly delaySeconds: number;
  readonly retentionSeconds: number;
  readonly receiveWaitSeconds: number;
  readonly maxMessageBytes: number;
  redrive?: Redrive;
};

export type Queue = QueueSettings & {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
};

/** AWS's defaults for a queue (API_SetQueueAttributes). */
export const defaultSettings: QueueSettings = {
  visibilityTimeoutSeconds: 30,
  delaySeconds: 0,
  retentionSeconds: 345_600,
  receiveWaitSeconds: 0,
  maxMessageBytes: 1_048_576,
};

/** Integer attributes, with their settings and the ranges that API_SetQueueAttributes gives. */
export const integerAttributes: Readonly<
  Record<string, { readonly setting: keyof QueueSettings; readonly min: number; readonly max: number }>
> = {
  VisibilityTimeout: { setting: 'visibilityTimeoutSeconds', min: 0, max: 43_200 },
  DelaySeconds: { setting: 'delaySeconds', min: 0, max: 900 },
  MessageRetentionPeriod: { setting: 'retentionSeconds', min: 60, max: 1_209_600 },
  ReceiveMessageWaitTimeSeconds: { setting: 'receiveWaitSeconds', min: 0, max: 20 },
  MaximumMessageSize: { setting: 'maxMessageBytes', min: 1024, max: 1_048_576 },
};

export type QueueTable = {
  find(name: string): Queue | undefined;
  /** Returns the queue. Throws QueueDoesNotExist. */
  get(name: string): Queue;
  /** Creates the queue or changes its settings. Its messages stay. */
  put(name: string, settings: QueueSettings, at: number): Queue;
  /** The queues whose dead letters go to `arn`. */
  sourcesOf(arn: string): Queue[];
};

/** Opens the table. Queues are few, so they are held in memory and written through. */
export function openQueueTable(database: DatabaseSync): QueueTable {
  database.exec(`CREATE TABLE IF NOT EXISTS sqs_queue (
    name TEXT PRIMARY KEY, settings TEXT NOT NULL, created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL) STRICT`);
  const queues = new Map<string, Queue>();
  for (const row of database.prepare('SELECT * FROM sqs_queue').all()) {
    const name = String(row.name);
    const settings = JSON.parse(String(row.settings)) as QueueSettings;
    queues.set(name, toQueue(name, settings, Number(row.created_at), Number(row.modified_at)));
  }
  const save = database.prepare(`INSERT INTO sqs_queue VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET settings = excluded.settings, modified_at = excluded.modified_at`);
  return {
    find: (name) => queues.get(name),
    get(name) {
      const queue = queues.get(name);
      if (!queue) throw queueDoesNotExist(name);
      return queue;
    },
    put(name, settings, at) {
      const queue = toQueue(name, settings, queues.get(name)?.createdAt ?? at, at);
      save.run(name, JSON.stringify(settings), queue.createdAt, at);
      queues.set(name, queue);
      return queue;
    },
    sourcesOf: (arn) => [...queues.values()].filter((queue) => queue.redrive?.queueArn === arn),
  };
}

function toQueue(name: string, settings: QueueSettings, createdAt: number, modifiedAt: number): Queue {
  return { ...settings, name, arn: arnOf('sqs', name), createdAt, modifiedAt };
}
