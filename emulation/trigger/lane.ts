// Works off records of one lane of a shard, in order: batches, retries, bisection, giving up. It knows no stream.
import { setTimeout as delay } from 'node:timers/promises';
import type { InvocationResult } from '../cloud/lambda/sandbox.ts';
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
  /** Undefined: until the record is too old. */
  readonly maxRetries: number | undefined;
  readonly maxRecordAgeMs: number | undefined;
  readonly bisect: boolean;
  readonly reportsItems: boolean;
  invoke(records: readonly StreamRecord[]): Promise<InvocationResult>;
  /** Takes the records that were given up on. */
  onGivenUp(records: readonly StreamRecord[], error: object): Promise<void> | void;
  /** Told of records that need no further work. */
  onDone(records: readonly StreamRecord[]): void;
  now(): number;
  readonly closed: AbortSignal;
};

export type Lane = { push(record: StreamRecord): void };

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;

/** One batch is worked on at a time, so that changes of one item are seen in their order. */
export function createLane(options: LaneOptions): Lane {
  const waiting: StreamRecord[] = [];
  let working = false;
  const work = async () => {
    working = true;
    while (waiting.length > 0 && !options.closed.aborted) await workOff(options, waiting.splice(0, options.batchSize));
    working = false;
  };
  return {
    push(record) {
      waiting.push(record);
      // Records that come in the same turn share a batch.
      if (!working) {
        working = true;
        setImmediate(() => void work());
      }
    },
  };
}

async function workOff(options: LaneOptions, records: readonly StreamRecord[]): Promise<void> {
  let rest = records;
  for (let attempt = 1; rest.length > 0 && !options.closed.aborted; attempt += 1) {
    const result = await options.invoke(rest);
    if (options.closed.aborted) return;
    const failedAt = firstFailure(options, rest, result);
    if (failedAt > 0) {
      options.onDone(rest.slice(0, failedAt));
      rest = rest.slice(failedAt);
      if (rest.length === 0) return;
      // Something moved: the records that are left have not been tried so often.
      attempt = 1;
    }
    const error = 'error' in result ? result.error : { errorMessage: 'The function reported the record as failed' };
    if (isExhausted(options, rest, attempt)) {
      await options.onGivenUp(rest, error);
      return options.onDone(rest);
    }
    await pause(attempt, options.closed);
    if (options.bisect && rest.length > 1) {
      const middle = Math.ceil(rest.length / 2);
      await workOff(options, rest.slice(0, middle));
      rest = rest.slice(middle);
      attempt = 0;
    }
  }
}

/** Index of the first record that failed: all before it are done, all from it on come again. */
function firstFailure(options: LaneOptions, records: readonly StreamRecord[], result: InvocationResult): number {
  if (!options.reportsItems) return 'error' in result ? 0 : records.length;
  const failed = failedItems(result, new Set(records.map(({ dynamodb }) => dynamodb.SequenceNumber)));
  if (failed === 'all') return 0;
  const index = records.findIndex(({ dynamodb }) => failed.has(dynamodb.SequenceNumber));
  return index < 0 ? records.length : index;
}

function isExhausted(options: LaneOptions, records: readonly StreamRecord[], attempt: number): boolean {
  const { maxRetries, maxRecordAgeMs } = options;
  if (maxRetries !== undefined && attempt > maxRetries) return true;
  const bornAt = records[0]?.dynamodb.ApproximateCreationDateTime;
  return maxRecordAgeMs !== undefined && bornAt !== undefined && options.now() - bornAt * 1000 > maxRecordAgeMs;
}

async function pause(attempt: number, closed: AbortSignal): Promise<void> {
  const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  try {
    await delay(pauseMs, undefined, { signal: closed });
  } catch {
    // Closed: the caller looks at the signal.
  }
}
