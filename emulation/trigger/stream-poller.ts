// Delivers the records of a table's stream to a function, as an event source mapping does: filtered, in batches, in
// lanes by key, from the stored position on.

import { compilePattern } from '../cloud/event-bridge/pattern.ts';
import type { InvocationResult } from '../cloud/lambda/sandbox.ts';
import { localRegion } from '../cloud/wire/account.ts';
import type { DynamoClient } from '../database/client.ts';
import { createLane, type Lane, type StreamRecord } from './lane.ts';
import type { PositionTable } from './position-table.ts';
import { createShardReader, type Shard } from './shard-reader.ts';
import { createWatermark } from './watermark.ts';

/** An `AWS::Lambda::EventSourceMapping` of a stream. */
export type StreamMapping = {
  readonly name: string;
  readonly table: string;
  readonly streamArn: string;
  readonly batchSize: number;
  readonly laneCount: number;
  readonly fromStart: boolean;
  readonly patterns: readonly unknown[];
  readonly maxRetries: number | undefined;
  readonly maxRecordAgeMs: number | undefined;
  readonly bisect: boolean;
  readonly reportsItems: boolean;
};

export type StreamPollerOptions = {
  readonly mapping: StreamMapping;
  readonly client: DynamoClient;
  readonly positions: PositionTable;
  /** The pause between reads while `wake` is not called. */
  readonly idleMs: number;
  invoke(payload: string): Promise<InvocationResult>;
  onGivenUp(details: object): Promise<void> | void;
  onFault(what: string, fault: unknown): void;
  now(): number;
};

export type StreamPoller = {
  /** Reports that the stream may have new records. */
  wake(): void;
  close(): Promise<void>;
};

/**
 * Starts at once. A record is handed over at least once, even after SIGKILL, because a position is stored only when all
 * records before it are done.
 */
export function startStreamPoller(options: StreamPollerOptions): StreamPoller {
  const { mapping, idleMs, onFault } = options;
  const stream = createStreamWork(options);
  const closing = new AbortController();
  const { signal } = closing;
  let woken = true;
  let wakeUp = () => {};

  const sleep = async (ms: number, wakeable: boolean): Promise<void> => {
    if (signal.aborted || (wakeable && woken)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        if (!wakeable && !signal.aborted) return;
        clearTimeout(timer);
        resolve();
      };
    });
  };
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      woken = false;
      try {
        const more = await stream.read();
        if (more || woken) await sleep(minimumGapMs, false);
        else await sleep(idleMs, true);
      } catch (fault) {
        stream.readAgain();
        if (!signal.aborted) onFault(`stream of ${mapping.table}`, fault);
        await sleep(faultPauseMs, false);
      }
    }
  };
  const persist = setInterval(stream.savePositions, persistMs);
  const ended = run();
  return {
    wake() {
      woken = true;
      wakeUp();
    },
    async close() {
      closing.abort();
      wakeUp();
      await ended;
      await stream.close();
      clearInterval(persist);
      stream.savePositions();
    },
  };
}

/** Reads a stream shard by shard and hands its records to the work of each shard. */
function createStreamWork(options: StreamPollerOptions) {
  const { mapping, positions } = options;
  const reader = createShardReader(options);
  const works = new Map<string, ShardWork>();
  const workOf = ({ ShardId }: Shard): ShardWork => {
    const work = works.get(ShardId) ?? createShardWork(options, ShardId);
    works.set(ShardId, work);
    return work;
  };
  const pendingCount = () => [...works.values()].reduce((sum, { watermark }) => sum + watermark.pendingCount(), 0);
  const savePositions = () => {
    for (const [shardId, { watermark }] of works) {
      const position = watermark.moved();
      if (position) positions.set(mapping.name, shardId, position);
    }
  };
  return {
    savePositions,
    /** Reads each open shard once. Returns true when a shard answered with records. */
    async read(): Promise<boolean> {
      let more = false;
      for (const shard of await reader.openShards()) {
        if (pendingCount() > maximumPending) return true;
        const { records, ended } = await reader.read(shard);
        const work = workOf(shard);
        if (records.length > 0) more = true;
        for (const record of records) work.take(record);
        if (!ended) continue;
        work.watermark.end();
        savePositions();
      }
      return more;
    },
    /** Reads again from the stored positions. Records that were read but are not done are not taken twice. */
    readAgain() {
      savePositions();
      reader.forget();
    },
    async close() {
      await Promise.all([...works.values()].map((work) => work.close()));
    },
  };
}

type ShardWork = {
  readonly watermark: ReturnType<typeof createWatermark>;
  take(record: StreamRecord): void;
  close(): Promise<void>;
};

/** Sends the records of a shard that pass the filter to the lane of their key. */
function createShardWork(options: StreamPollerOptions, shardId: string): ShardWork {
  const { mapping, invoke, onGivenUp, onFault, now } = options;
  const patterns = mapping.patterns.map((pattern) => compilePattern(pattern));
  const watermark = createWatermark();
  const createOne = (): Lane =>
    createLane({
      ...mapping,
      now,
      invoke: (records) => invoke(streamEvent(mapping, records)),
      onGivenUp: (records, error) => onGivenUp(failureDetails(mapping, shardId, records, error)),
      onDone: (records) => watermark.done(records.map(({ dynamodb }) => dynamodb.SequenceNumber)),
      onFault: (fault) => onFault(`stream of ${mapping.table}`, fault),
    });
  const lanes = Array.from({ length: mapping.laneCount }, createOne);
  return {
    watermark,
    take(record) {
      const { SequenceNumber, Keys } = record.dynamodb;
      if (!watermark.add(SequenceNumber)) return;
      const wanted = patterns.length === 0 || patterns.some((matches) => matches(record));
      if (wanted) lanes[hashOf(JSON.stringify(Keys)) % lanes.length]?.push(record);
      else watermark.done([SequenceNumber]);
    },
    async close() {
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

function streamEvent(mapping: StreamMapping, records: readonly StreamRecord[]): string {
  const source = { awsRegion: localRegion, eventSource: 'aws:dynamodb', eventSourceARN: mapping.streamArn };
  return JSON.stringify({ Records: records.map((record) => ({ ...record, ...source })) });
}

/**
 * The message to an on-failure destination (services-dynamodb-errors.html). It names the records and does not hold
 * them.
 */
function failureDetails(mapping: StreamMapping, shardId: string, records: readonly StreamRecord[], error: object) {
  return {
    requestContext: { functionArn: mapping.name, condition: 'RetryAttemptsExhausted' },
    responseContext: { functionError: 'Unhandled', error },
    version: '1.0',
    DDBStreamBatchInfo: {
      shardId,
      startSequenceNumber: records[0]?.dynamodb.SequenceNumber,
      endSequenceNumber: records.at(-1)?.dynamodb.SequenceNumber,
      batchSize: records.length,
      streamArn: mapping.streamArn,
    },
  };
}

function hashOf(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) hash = (hash * 31 + text.charCodeAt(index)) >>> 0;
  return hash;
}

/** Reading pauses when more records than this are read but not done. */
const maximumPending = 5_000;
/** The shortest time between reads. A record waits at most this long, and a busy table costs one read per gap. */
const minimumGapMs = 10;
const faultPauseMs = 500;
const persistMs = 250;
