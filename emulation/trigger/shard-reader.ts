// Reads the shards of a table's stream: which are open, and the next records of each.

import type { DynamoClient } from '../database/client.ts';
import type { StreamRecord } from './lane.ts';
import type { PositionTable } from './position-table.ts';

export type Shard = { readonly ShardId: string; readonly ParentShardId?: string };

export type ShardReader = {
  /** Shards that can be read: open, and with no parent that is not read to its end. */
  openShards(): Promise<readonly Shard[]>;
  /** The next page; `ended` when the shard has no further one. */
  read(shard: Shard): Promise<{ readonly records: readonly StreamRecord[]; readonly ended: boolean }>;
  /** Reads on from the stored positions. */
  forget(): void;
};

export type ShardReaderOptions = {
  readonly mapping: { readonly name: string; readonly table: string; readonly fromStart: boolean };
  readonly client: DynamoClient;
  readonly positions: PositionTable;
  now(): number;
};

type Page = { readonly Records?: readonly StreamRecord[]; readonly NextShardIterator?: string };

export function createShardReader({ mapping, client, positions, now }: ShardReaderOptions): ShardReader {
  const iterators = new Map<string, string>();
  let shards: readonly Shard[] = [];
  let shardsReadAt = 0;
  let streamArn = '';

  const describeShards = async (): Promise<readonly Shard[]> => {
    if (streamArn === '') {
      const { Table } = await client.call('DescribeTable', { TableName: mapping.table });
      streamArn = String((Table as { LatestStreamArn?: string }).LatestStreamArn);
    }
    const { StreamDescription } = await client.call('DescribeStream', { StreamArn: streamArn });
    return (StreamDescription as { Shards?: Shard[] }).Shards ?? [];
  };
  const iteratorOf = async ({ ShardId }: Shard): Promise<string> => {
    const position = positions.get(mapping.name, ShardId);
    const base = { StreamArn: streamArn, ShardId };
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
  };
  return {
    async openShards() {
      if (now() - shardsReadAt > shardRefreshMs) {
        shards = await describeShards();
        shardsReadAt = now();
      }
      const known = new Set(shards.map(({ ShardId }) => ShardId));
      const isDone = (id: string) => positions.get(mapping.name, id) === 'end';
      return shards.filter(
        ({ ShardId, ParentShardId }) =>
          !isDone(ShardId) && (!ParentShardId || !known.has(ParentShardId) || isDone(ParentShardId)),
      );
    },
    async read(shard) {
      const iterator = iterators.get(shard.ShardId) ?? (await iteratorOf(shard));
      const page = (await client.call('GetRecords', { ShardIterator: iterator, Limit: pageSize })) as Page;
      const ended = !page.NextShardIterator;
      if (page.NextShardIterator) iterators.set(shard.ShardId, page.NextShardIterator);
      // Its children are to be read now.
      else shardsReadAt = 0;
      return { records: page.Records ?? [], ended };
    },
    forget() {
      iterators.clear();
      shardsReadAt = 0;
    },
  };
}

const pageSize = 1_000;
/** Shards come and go on AWS only. */
const shardRefreshMs = 10_000;
