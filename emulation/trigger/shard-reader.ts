// Lists the open shards of a table's stream and reads the next records of each.

import type { DynamoClient } from '../database/client.ts';
import type { StreamRecord } from './lane.ts';
import type { PositionTable } from './position-table.ts';

export type Shard = { readonly ShardId: string; readonly ParentShardId?: string };

export type ShardReader = {
  /** The shards that can be read: those that are open and whose parent, if it still exists, was read to its end. */
  openShards(): Promise<readonly Shard[]>;
  /** Reads the next page. `ended` is true when the shard has no further one. */
  read(shard: Shard): Promise<{ readonly records: readonly StreamRecord[]; readonly ended: boolean }>;
  /** Forgets the iterators, so that reading goes on from the stored positions. */
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
      // The stream no longer holds the record after the position. Its oldest record is the next one.
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
      // The children of an ended shard can be read now.
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
/** The time after which shards are listed again. They change on AWS only. */
const shardRefreshMs = 10_000;
