// Carries the records of a table's stream to a function, as an event source mapping does: filtered, in batches, in lanes by
// key, from where it stopped before. It knows nothing of what functions do.
import { compilePattern, type EventPattern } from '../cloud/event-bridge/pattern.ts';
import type { InvocationResult } from '../cloud/lambda/sandbox.ts';
import { REGION } from '../cloud/wire/account.ts';
import type { DynamoClient } from '../database/client.ts';
import { createLane, type Lane, type StreamRecord } from './lane.ts';
import type { PositionTable } from './position-table.ts';
import { createWatermark } from './watermark.ts';

/** `AWS::Lambda::EventSourceMapping` of a stream. */
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
  client: DynamoClient;
  positions: PositionTable;
  /** How long nothing is asked while nobody wakes it. */
  readonly idleMs: number;
  invoke(payload: string): Promise<InvocationResult>;
  onGivenUp(details: object): Promise<void> | void;
  onFault(what: string, fault: unknown): void;
  now(): number;
};

export type StreamPoller = {
  /** There may be something new. */
  wake(): void;
  close(): Promise<void>;
};

/** Records that are read but not done: reading pauses above it. */
const MAX_PENDING = 5_000;
const PAGE_SIZE = 1_000;
/** Reads follow each other no faster: a record waits at most so long, and a busy table costs one read per gap. */
const MIN_GAP_MS = 10;
const FAULT_PAUSE_MS = 500;
const PERSIST_MS = 250;
/** Shards come and go on AWS only. */
const SHARD_REFRESH_MS = 10_000;

type Shard = { readonly ShardId: string; readonly ParentShardId?: string };
type Page = { readonly Records?: readonly StreamRecord[]; readonly NextShardIterator?: string };

/** Starts at once. A record is handed over at least once, also after SIGKILL: positions are kept behind what is done. */
export function startStreamPoller(options: StreamPollerOptions): StreamPoller {
  return new Poller(options);
}

class Poller implements StreamPoller {
  readonly #options: StreamPollerOptions;
  readonly #filter: EventPattern[];
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;
  readonly #iterators = new Map<string, string>();
  readonly #watermarks = new Map<string, ReturnType<typeof createWatermark>>();
  readonly #lanes = new Map<string, Lane[]>();
  readonly #persist: NodeJS.Timeout;
  #shards: readonly Shard[] = [];
  #shardsReadAt = 0;
  #streamArn = '';
  #woken = true;
  #wakeUp: () => void = () => undefined;

  constructor(options: StreamPollerOptions) {
    this.#options = options;
    this.#filter = options.mapping.patterns.map((pattern) => compilePattern(pattern));
    this.#persist = setInterval(() => this.#savePositions(), PERSIST_MS);
    this.#ended = this.#run();
  }

  wake(): void {
    this.#woken = true;
    this.#wakeUp();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wakeUp();
    await this.#ended;
    clearInterval(this.#persist);
    this.#savePositions();
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      this.#woken = false;
      try {
        const more = await this.#readShards();
        if (more || this.#woken) await this.#sleep(MIN_GAP_MS, false);
        else await this.#sleep(this.#options.idleMs, true);
      } catch (fault) {
        // Goes on from what is done; what is read but not done is known and not taken twice.
        this.#savePositions();
        this.#iterators.clear();
        this.#shardsReadAt = 0;
        if (!this.#closing.signal.aborted) this.#options.onFault(`stream of ${this.#options.mapping.table}`, fault);
        await this.#sleep(FAULT_PAUSE_MS, false);
      }
    }
  }

  async #sleep(ms: number, wakeable: boolean): Promise<void> {
    if (this.#closing.signal.aborted || (wakeable && this.#woken)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeUp = () => {
        if (!wakeable && !this.#closing.signal.aborted) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** True when some shard answered with records. */
  async #readShards(): Promise<boolean> {
    let more = false;
    for (const shard of await this.#openShards()) {
      if (this.#pendingCount() > MAX_PENDING) return true;
      const iterator = this.#iterators.get(shard.ShardId) ?? (await this.#iteratorOf(shard));
      const { client } = this.#options;
      const page = (await client.call('GetRecords', { ShardIterator: iterator, Limit: PAGE_SIZE })) as Page;
      const records = page.Records ?? [];
      if (records.length > 0) more = true;
      for (const record of records) this.#take(shard, record);
      if (page.NextShardIterator) this.#iterators.set(shard.ShardId, page.NextShardIterator);
      else this.#endShard(shard);
    }
    return more;
  }

  /** Shards that can be read: open, and with no parent that is not read to its end. */
  async #openShards(): Promise<Shard[]> {
    const { positions, mapping, now } = this.#options;
    if (now() - this.#shardsReadAt > SHARD_REFRESH_MS) {
      this.#shards = await this.#describeShards();
      this.#shardsReadAt = now();
    }
    const known = new Set(this.#shards.map(({ ShardId }) => ShardId));
    const isDone = (id: string) => positions.get(mapping.name, id) === 'end';
    return this.#shards.filter(
      ({ ShardId, ParentShardId }) =>
        !isDone(ShardId) && (!ParentShardId || !known.has(ParentShardId) || isDone(ParentShardId)),
    );
  }

  async #describeShards(): Promise<readonly Shard[]> {
    const { client, mapping } = this.#options;
    if (this.#streamArn === '') {
      const { Table } = await client.call('DescribeTable', { TableName: mapping.table });
      this.#streamArn = String((Table as { LatestStreamArn?: string }).LatestStreamArn);
    }
    const { StreamDescription } = await client.call('DescribeStream', { StreamArn: this.#streamArn });
    return (StreamDescription as { Shards?: Shard[] }).Shards ?? [];
  }

  async #iteratorOf({ ShardId }: Shard): Promise<string> {
    const { client, positions, mapping } = this.#options;
    const position = positions.get(mapping.name, ShardId);
    const base = { StreamArn: this.#streamArn, ShardId };
    const from =
      typeof position === 'object'
        ? { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: position.sequenceNumber }
        : { ShardIteratorType: mapping.fromStart ? 'TRIM_HORIZON' : 'LATEST' };
    try {
      return String((await client.call('GetShardIterator', { ...base, ...from })).ShardIterator);
    } catch (error) {
      // What came after the position is older than the stream keeps: its oldest record is the next.
      if ((error as Error).name !== 'TrimmedDataAccessException') throw error;
      const oldest = { ...base, ShardIteratorType: 'TRIM_HORIZON' };
      return String((await client.call('GetShardIterator', oldest)).ShardIterator);
    }
  }

  #take(shard: Shard, record: StreamRecord): void {
    const watermark = this.#watermarkOf(shard.ShardId);
    const { SequenceNumber, Keys } = record.dynamodb;
    const wanted = this.#filter.length === 0 || this.#filter.some((matches) => matches(record));
    if (!watermark.add(SequenceNumber)) return;
    if (!wanted) {
      watermark.done([SequenceNumber]);
      return;
    }
    const lanes = this.#lanesOf(shard.ShardId);
    lanes[hashOf(JSON.stringify(Keys)) % lanes.length]?.push(record);
  }

  #watermarkOf(shardId: string) {
    const known = this.#watermarks.get(shardId);
    if (known) return known;
    const watermark = createWatermark();
    this.#watermarks.set(shardId, watermark);
    return watermark;
  }

  #lanesOf(shardId: string): Lane[] {
    const known = this.#lanes.get(shardId);
    if (known) return known;
    const { mapping, invoke, onGivenUp, now } = this.#options;
    const laneOptions = {
      ...mapping,
      now,
      closed: this.#closing.signal,
      invoke: (records: readonly StreamRecord[]) =>
        invoke(
          JSON.stringify({
            Records: records.map((record) => ({
              ...record,
              awsRegion: REGION,
              eventSource: 'aws:dynamodb',
              eventSourceARN: mapping.streamArn,
            })),
          }),
        ),
      onGivenUp: (records: readonly StreamRecord[], error: object) =>
        onGivenUp(failureDetails(mapping, shardId, records, error)),
      onDone: (records: readonly StreamRecord[]) =>
        this.#watermarkOf(shardId).done(records.map(({ dynamodb }) => dynamodb.SequenceNumber)),
    };
    const lanes = Array.from({ length: mapping.laneCount }, () => createLane(laneOptions));
    this.#lanes.set(shardId, lanes);
    return lanes;
  }

  #endShard({ ShardId }: Shard): void {
    this.#watermarkOf(ShardId).end();
    this.#shardsReadAt = 0;
    this.#savePositions();
  }

  #pendingCount(): number {
    return [...this.#watermarks.values()].reduce((sum, { pendingCount }) => sum + pendingCount(), 0);
  }

  #savePositions(): void {
    for (const [shardId, watermark] of this.#watermarks) {
      const position = watermark.moved();
      if (position) this.#options.positions.set(this.#options.mapping.name, shardId, position);
    }
  }
}

/** What an on-failure destination gets (services-dynamodb-errors.html): where the records are, not the records. */
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
