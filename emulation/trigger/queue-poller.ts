// Delivers the messages of a queue to a function, as an event source mapping does: in batches, a bounded number of them
// at once. Failed items stay in the queue.

import type { SQSRecord } from 'aws-lambda';
import type { InvocationResult } from '../cloud/lambda/sandbox.ts';
import { toLambdaRecord } from '../cloud/sqs/lambda-record.ts';
import { createDelivery } from '../cloud/wire/delivery.ts';
import type { Queues } from '../exchange/port.ts';
import { failedItems } from './batch-response.ts';

/** An `AWS::Lambda::EventSourceMapping` of a queue. */
export type QueueMapping = {
  readonly queueArn: string;
  readonly batchSize: number;
  readonly maxConcurrency: number;
  readonly reportsItems: boolean;
};

/** The number of messages that may be taken now. `reserve` holds room while a function works on them. */
export type Room = {
  free(): number;
  reserve(count: number): () => void;
  /** Resolves when there may be more room, or when the signal fires. */
  changed(signal: AbortSignal): Promise<void>;
};

export type QueuePollerOptions = {
  readonly mapping: QueueMapping;
  readonly sqs: Pick<Queues, 'receive' | 'delete'>;
  invoke(payload: string): Promise<InvocationResult>;
  onFault(what: string, fault: unknown): void;
  /** Without `room`, only the mapping's concurrency bounds the messages that are taken. */
  readonly room?: Room;
};

export type QueuePoller = { close(): Promise<void> };

/** Messages that were received together. `release` frees the room that they take. */
type Batch = { readonly id: string; readonly records: readonly SQSRecord[]; release(): void };

/** Starts at once. Messages are deleted only after the function has accepted them. */
export function startQueuePoller(options: QueuePollerOptions): QueuePoller {
  const { mapping, sqs, invoke } = options;
  const delivery = createDelivery<Batch, InvocationResult>({
    concurrency: mapping.maxConcurrency || defaultConcurrency,
    concludesLate: true,
    take: (_limit, _underWay, signal) => receiveBatch(options, signal),
    // The wait for messages is a long poll, and the next one begins as soon as one has ended.
    idleMs: () => 0,
    async attempt({ records, release }) {
      try {
        return await invoke(JSON.stringify({ Records: records }));
      } finally {
        release();
      }
    },
    async conclude({ records }, result) {
      const taken = takenRecords(mapping, records, result);
      if (taken.length === 0) return;
      await sqs.delete(
        mapping.queueArn,
        taken.map(({ receiptHandle }) => receiptHandle),
      );
    },
    onFault: (fault) => options.onFault(`queue ${mapping.queueArn}`, fault),
  });
  delivery.wake();
  return { close: delivery.close };
}

/** Waits for room and for messages. Returns an empty list if no message arrives within one long poll. */
async function receiveBatch({ mapping, sqs, room }: QueuePollerOptions, signal: AbortSignal): Promise<Batch[]> {
  const free = room?.free() ?? mapping.batchSize;
  if (free <= 0) {
    await room?.changed(signal);
    return [];
  }
  const max = Math.min(mapping.batchSize, free);
  const messages = await sqs.receive(mapping.queueArn, { max, waitMs: longPollMs, signal });
  const [first] = messages;
  if (!first) return [];
  const release = room?.reserve(messages.length) ?? (() => {});
  return [{ id: first.receipt, records: messages.map((one) => toLambdaRecord(one, mapping.queueArn)), release }];
}

/**
 * Failed messages stay hidden until their visibility timeout ends. After too many receives they go to the dead letters.
 */
function takenRecords(mapping: QueueMapping, records: readonly SQSRecord[], result: InvocationResult) {
  if (!mapping.reportsItems) return 'error' in result ? [] : records;
  const failed = failedItems(result, new Set(records.map(({ messageId }) => messageId)));
  return failed === 'all' ? [] : records.filter(({ messageId }) => !failed.has(messageId));
}

/** Lambda itself begins with five pollers (services-sqs-scaling.html). */
const defaultConcurrency = 5;
const longPollMs = 20_000;
