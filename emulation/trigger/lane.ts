// Hands the records of one lane of a shard to a function in order: in batches, with retries, bisection and giving up.

import type { InvocationResult } from '../cloud/lambda/sandbox.ts';
import { backoffMs, createDelivery } from '../cloud/wire/delivery.ts';
import { failedItems } from './batch-response.ts';

export type StreamRecord = {
  readonly eventName: string;
  readonly dynamodb: {
    readonly SequenceNumber: string;
    readonly Keys: Readonly<Record<string, unknown>>;
    /** Seconds since 1970. */
    readonly ApproximateCreationDateTime?: number;
  };
};

export type LaneOptions = {
  readonly batchSize: number;
  /** Undefined means that a record is retried until it is too old. */
  readonly maxRetries: number | undefined;
  readonly maxRecordAgeMs: number | undefined;
  readonly bisect: boolean;
  readonly reportsItems: boolean;
  invoke(records: readonly StreamRecord[]): Promise<InvocationResult>;
  /** Called with the records that were given up on. */
  onGivenUp(records: readonly StreamRecord[], error: object): Promise<void> | void;
  /** Called with records that need no further work. */
  onDone(records: readonly StreamRecord[]): void;
  onFault(fault: unknown): void;
  now(): number;
};

export type Lane = {
  push(record: StreamRecord): void;
  /** Begins no further batch. Records that are not done are read again from the stored position of the stream. */
  close(): Promise<void>;
};

/** Records that are handed over together, with the number of their failures and the time when they are due. */
type Batch = {
  readonly id: string;
  readonly records: readonly StreamRecord[];
  readonly failureCount: number;
  readonly dueAt: number;
};

/** A lane works on one batch at a time, so that the function sees the changes of one item in their order. */
export function createLane(options: LaneOptions): Lane {
  const waiting: StreamRecord[] = [];
  /** Batches under way or failed, in the order of their records. They come before the waiting records. */
  let failed: readonly Batch[] = [];
  const delivery = createDelivery<Batch, InvocationResult>({
    concurrency: 1,
    concludesLate: false,
    take() {
      const [next] = failed;
      if (next) return next.dueAt <= performance.now() ? [next] : [];
      if (waiting.length === 0) return [];
      failed = [batchOf(waiting.splice(0, options.batchSize), 0, 0)];
      return failed;
    },
    idleMs: () => failed[0] && Math.max(1, failed[0].dueAt - performance.now()),
    attempt: ({ records }) => options.invoke(records),
    async conclude(batch, result) {
      const rest = await remainderOf(options, batch, result);
      failed = [...rest, ...failed.slice(1)];
    },
    onFault: options.onFault,
  });
  return {
    push(record) {
      waiting.push(record);
      delivery.wake();
    },
    close: delivery.close,
  };
}

/** Returns the batches that must be tried again after an attempt. */
async function remainderOf(options: LaneOptions, batch: Batch, result: InvocationResult): Promise<readonly Batch[]> {
  const doneCount = firstFailure(options, batch.records, result);
  const rest = batch.records.slice(doneCount);
  // If some records are done, the rest starts a new count of failures.
  const failureCount = doneCount > 0 ? 1 : batch.failureCount + 1;
  if (rest.length > 0 && isExhausted(options, rest, failureCount)) {
    const error = 'error' in result ? result.error : { errorMessage: 'The function reported the record as failed' };
    await options.onGivenUp(rest, error);
    options.onDone(batch.records);
    return [];
  }
  if (doneCount > 0) options.onDone(batch.records.slice(0, doneCount));
  if (rest.length === 0) return [];
  const dueAt = performance.now() + backoffMs(failureCount, backoff);
  if (!options.bisect || rest.length === 1) return [batchOf(rest, failureCount, dueAt)];
  const middle = Math.ceil(rest.length / 2);
  return [batchOf(rest.slice(0, middle), 0, dueAt), batchOf(rest.slice(middle), 0, dueAt)];
}

function batchOf(records: readonly StreamRecord[], failureCount: number, dueAt: number): Batch {
  return { id: records[0]?.dynamodb.SequenceNumber ?? '', records, failureCount, dueAt };
}

/** The index of the first record that failed. All before it are done. It and all after it are tried again. */
function firstFailure(options: LaneOptions, records: readonly StreamRecord[], result: InvocationResult): number {
  if (!options.reportsItems) return 'error' in result ? 0 : records.length;
  const failed = failedItems(result, new Set(records.map(({ dynamodb }) => dynamodb.SequenceNumber)));
  if (failed === 'all') return 0;
  const index = records.findIndex(({ dynamodb }) => failed.has(dynamodb.SequenceNumber));
  return index < 0 ? records.length : index;
}

function isExhausted(options: LaneOptions, records: readonly StreamRecord[], failureCount: number): boolean {
  const { maxRetries, maxRecordAgeMs } = options;
  if (maxRetries !== undefined && failureCount > maxRetries) return true;
  const bornAt = records[0]?.dynamodb.ApproximateCreationDateTime;
  return maxRecordAgeMs !== undefined && bornAt !== undefined && options.now() - bornAt * 1000 > maxRecordAgeMs;
}

const backoff = { firstMs: 100, maximumMs: 10_000 };
