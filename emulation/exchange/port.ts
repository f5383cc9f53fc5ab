// Declares the calls of the platform itself to the services that may stand elsewhere. Our own services and those of
// `exchange/` implement them. A result of type `unknown` must be awaited, although our own services return at once.

import type { RequestListener } from 'node:http';
import type { LogLine } from '../cloud/logs/log-table.ts';
import type { CorsRule } from '../cloud/s3/cors.ts';
import type { TakenMessage } from '../cloud/sqs/message-table.ts';
import type { QueueSettings } from '../cloud/sqs/queue-table.ts';
import type { ReceiveOptions } from '../cloud/sqs/sqs-core.ts';
import type { JsonService } from '../cloud/wire/control-server.ts';

export type ObjectStore = {
  /** Serves functions, workers and clients at an address of this machine. */
  readonly listener: RequestListener;
  /** Creates the bucket if it is absent. */
  createBucket(name: string, settings: { eventBridge: boolean; cors?: CorsRule[] }): unknown;
  close(): Promise<void>;
};

export type Queues = {
  /** The operations that functions call. */
  readonly api: JsonService;
  /** Creates the queue or changes its settings. A dead-letter queue must be created before its source. */
  createQueue(queue: { name: string } & Partial<QueueSettings>): unknown;
  /** Sends work that was given up on. The caller does not wait, and a failure is reported. */
  send(queueArn: string, message: { body: string }): void;
  /**
   * Receives at most `max` messages and hides them for the queue's visibility timeout. [] if none comes in `waitMs`.
   */
  receive(queueArn: string, options: ReceiveOptions): Promise<TakenMessage[]>;
  /** Deletes messages by the receipts of their last receive. */
  delete(queueArn: string, receipts: readonly string[]): unknown;
  /** Makes messages in flight visible again. A start calls it, because the platform that received them has ended. */
  releaseInFlight(queueArn: string): void;
  close(): Promise<void>;
};

export type LogStore = {
  /** The operations that functions call. */
  readonly api: JsonService;
  createGroup(name: string, options: { retentionDays?: number }): unknown;
  /** Takes lines as a container's log driver does, without letting the writer wait. */
  append(group: string, stream: string, lines: readonly LogLine[]): void;
  close(): Promise<void>;
};
