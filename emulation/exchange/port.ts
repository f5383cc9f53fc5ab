// What the platform itself asks of the services that may stand elsewhere; ours and those of `exchange/` both have it.
// Answers of type `unknown` are to be awaited: ours are there at once.
import type { RequestListener } from 'node:http';
import type { LogLine } from '../cloud/logs/log-table.ts';
import type { CorsRule } from '../cloud/s3/cors.ts';
import type { TakenMessage } from '../cloud/sqs/message-table.ts';
import type { QueueSettings } from '../cloud/sqs/queue-table.ts';
import type { ReceiveOptions } from '../cloud/sqs/sqs-core.ts';
import type { JsonService } from '../cloud/wire/control-server.ts';

export type ObjectStore = {
  /** What functions, workers and clients call, at an address of this machine. */
  readonly listener: RequestListener;
  /** Makes the bucket where it is absent. */
  createBucket(name: string, settings: { eventBridge: boolean; cors?: CorsRule[] }): unknown;
  close(): Promise<void>;
};

export type Queues = {
  /** What functions call. */
  readonly api: JsonService;
  /** Creates the queue, or gives the one of that name these settings; a queue of dead letters comes before its source. */
  createQueue(queue: { name: string } & Partial<QueueSettings>): unknown;
  /** For what was given up on: nobody waits for it, a failure is reported. */
  send(queueArn: string, message: { body: string }): void;
  /** At most `max` messages, hidden from others for the queue's visibility timeout; [] after `waitMs` without any. */
  receive(queueArn: string, options: ReceiveOptions): Promise<TakenMessage[]>;
  /** Deletes messages by the receipts of their last receive. */
  delete(queueArn: string, receipts: readonly string[]): unknown;
  /** For a start: whoever received messages and kept them is gone. */
  releaseInFlight(queueArn: string): void;
  close(): Promise<void>;
};

export type LogStore = {
  /** What functions call. */
  readonly api: JsonService;
  createGroup(name: string, options: { retentionDays?: number }): unknown;
  /** Takes lines as a container's log driver does: whoever writes does not wait. */
  append(group: string, stream: string, lines: readonly LogLine[]): void;
  close(): Promise<void>;
};
