// Carries the messages of a queue to a function, as an event source mapping does: in batches, a bounded number of them at
// once, failed items left to the queue. It knows nothing of what functions do.
import type { SQSRecord } from 'aws-lambda';
import type { InvocationResult } from '../cloud/lambda/sandbox.ts';
import { toLambdaRecord } from '../cloud/sqs/lambda-record.ts';
import type { Queues } from '../exchange/port.ts';
import { failedItems } from './batch-response.ts';

/** `AWS::Lambda::EventSourceMapping` of a queue. */
export type QueueMapping = {
  readonly queueArn: string;
  readonly batchSize: number;
  readonly maxConcurrency: number;
  readonly reportsItems: boolean;
};

/** How many messages may be taken now; `reserve` holds room while a function works on what was taken. */
export type Room = {
  free(): number;
  reserve(count: number): () => void;
  /** Resolves when there may be more room, or when the signal fires. */
  changed(signal: AbortSignal): Promise<void>;
};

export type QueuePollerOptions = {
  readonly mapping: QueueMapping;
  sqs: Pick<Queues, 'receive' | 'delete'>;
  invoke(payload: string): Promise<InvocationResult>;
  onFault(what: string, fault: unknown): void;
  /** Without it only the mapping's concurrency bounds what is taken. */
  room?: Room;
};

export type QueuePoller = { close(): Promise<void> };

/** services-sqs-scaling.html: Lambda itself begins with five pollers. */
const DEFAULT_CONCURRENCY = 5;
const WAIT_MS = 20_000;
const FAULT_PAUSE_MS = 1_000;

/** Starts at once. Messages are deleted only after the function has taken them. */
export function startQueuePoller(options: QueuePollerOptions): QueuePoller {
  const closing = new AbortController();
  const inFlight = new Set<Promise<void>>();
  const limit = options.mapping.maxConcurrency || DEFAULT_CONCURRENCY;
  const ended = (async () => {
    while (!closing.signal.aborted) {
      if (inFlight.size >= limit) {
        await Promise.race(inFlight);
        continue;
      }
      const batch = await takeBatch(options, closing.signal);
      if (!batch) continue;
      const work = batch().finally(() => inFlight.delete(work));
      inFlight.add(work);
    }
  })();
  return {
    async close() {
      closing.abort();
      await ended;
    },
  };
}

/** Waits for messages; the answer works them off. Undefined when there were none. */
async function takeBatch(options: QueuePollerOptions, signal: AbortSignal): Promise<(() => Promise<void>) | undefined> {
  const { mapping, sqs, room } = options;
  try {
    const free = room?.free() ?? mapping.batchSize;
    if (free <= 0) {
      await room?.changed(signal);
      return undefined;
    }
    const max = Math.min(mapping.batchSize, free);
    const messages = await sqs.receive(mapping.queueArn, { max, waitMs: WAIT_MS, signal });
    if (messages.length === 0) return undefined;
    const release = room?.reserve(messages.length);
    const records = messages.map((message) => toLambdaRecord(message, mapping.queueArn));
    return () => workOff(options, records).finally(release);
  } catch (fault) {
    if (signal.aborted) return undefined;
    options.onFault(`queue ${mapping.queueArn}`, fault);
    await new Promise((resolve) => setTimeout(resolve, FAULT_PAUSE_MS));
    return undefined;
  }
}

async function workOff(options: QueuePollerOptions, records: readonly SQSRecord[]): Promise<void> {
  const { mapping, sqs, invoke, onFault } = options;
  try {
    const result = await invoke(JSON.stringify({ Records: records }));
    const failed = mapping.reportsItems
      ? failedItems(result, new Set(records.map(({ messageId }) => messageId)))
      : 'error' in result
        ? 'all'
        : new Set<string>();
    // What failed stays hidden until its visibility timeout ends, and goes to the dead letters after its receives.
    if (failed === 'all') return;
    const taken = records.filter(({ messageId }) => !failed.has(messageId));
    await sqs.delete(
      mapping.queueArn,
      taken.map(({ receiptHandle }) => receiptHandle),
    );
  } catch (fault) {
    onFault(`queue ${mapping.queueArn}`, fault);
  }
}
