// Tests what the emulation and the advance function assume of a table's stream, through the SDK, against any engine.
// The records are on https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html

import { randomUUID } from 'node:crypto';
import {
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  type _Record as StreamRecord,
} from '@aws-sdk/client-dynamodb-streams';
import { DeleteCommand, PutCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type Clients, clientsOf, givenTable, refusalOf } from './dynamodb-table.ts';
import { check, type Endpoint, givenEndpoint } from './endpoint.ts';

const deadlineMs = 20_000;
const pollMs = 20;
/** The number of empty answers after which the iterator of an open shard counts as read. */
const quietReads = 3;

let engine: Endpoint;
let clients: Clients;

beforeAll(async () => {
  engine = await givenEndpoint('dynamodb');
  clients = clientsOf(engine);
});
afterAll(async () => {
  clients?.raw.destroy();
  clients?.streams.destroy();
  await engine?.close();
});

/** A new table with a stream. */
async function givenStream() {
  const { TableName, streamArn: StreamArn } = await givenTable(clients.raw);
  const put = (Item: Record<string, unknown>, more: object = {}) =>
    clients.rows.send(new PutCommand({ TableName, Item, ...more }));
  return { TableName, StreamArn, put };
}

const newKey = () => ({ pk: `job-${randomUUID()}`, sk: 'A' });
const shardsOf = async (StreamArn: string) =>
  (await clients.streams.send(new DescribeStreamCommand({ StreamArn }))).StreamDescription;

async function iteratorOf(input: Omit<GetShardIteratorCommandInput, 'ShardId'>): Promise<string> {
  const ShardId = (await shardsOf(input.StreamArn ?? ''))?.Shards?.[0]?.ShardId;
  return (await clients.streams.send(new GetShardIteratorCommand({ ...input, ShardId }))).ShardIterator ?? '';
}

/** Reads from an iterator until there are `count` records, and checks that no more follow. */
async function recordsFrom(iterator: string, count: number, Limit = 1000): Promise<StreamRecord[]> {
  const records: StreamRecord[] = [];
  let next: string | undefined = iterator;
  let quiet = 0;
  for (const deadline = Date.now() + deadlineMs; next !== undefined && quiet < quietReads; ) {
    const answer: { Records?: StreamRecord[] | undefined; NextShardIterator?: string | undefined } =
      await clients.streams.send(new GetRecordsCommand({ ShardIterator: next, Limit }));
    expect(answer.Records?.length).toBeLessThanOrEqual(Limit);
    records.push(...(answer.Records ?? []));
    next = answer.NextShardIterator;
    quiet = records.length >= count && answer.Records?.length === 0 ? quiet + 1 : 0;
    if (Date.now() > deadline) throw new Error(`${records.length} of ${count} records after ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return records;
}

const recordsOf = async (StreamArn: string, count: number) =>
  recordsFrom(await iteratorOf({ StreamArn, ShardIteratorType: 'TRIM_HORIZON' }), count);
const namesOf = (records: readonly StreamRecord[]) => records.map(({ eventName }) => eventName);

describe('a record', () => {
  check('dynamodb/stream-images', 'names the change, and holds the row before and after it', async () => {
    const { TableName, StreamArn, put } = await givenStream();
    const key = newKey();
    await put({ ...key, state: 'idle' });
    await clients.rows.send(
      new UpdateCommand({
        TableName,
        Key: key,
        UpdateExpression: 'SET #s = :s',
        ExpressionAttributeNames: { '#s': 'state' },
        ExpressionAttributeValues: { ':s': 'done' },
      }),
    );
    await clients.rows.send(new DeleteCommand({ TableName, Key: key }));
    const Keys = { pk: { S: key.pk }, sk: { S: key.sk } };
    const [idle, done] = ['idle', 'done'].map((state) => ({ ...Keys, state: { S: state } }));
    expect(
      (await recordsOf(StreamArn, 3)).map(({ eventName, dynamodb }) => [
        eventName,
        dynamodb?.Keys,
        dynamodb?.OldImage,
        dynamodb?.NewImage,
      ]),
    ).toEqual([
      ['INSERT', Keys, undefined, idle],
      ['MODIFY', Keys, idle, done],
      ['REMOVE', Keys, done, undefined],
    ]);
  });
  check('dynamodb/stream-envelope', 'holds its id, its source, its sequence number and its time', async () => {
    const { StreamArn, put } = await givenStream();
    const before = Date.now();
    await put(newKey());
    const [record] = await recordsOf(StreamArn, 1);
    expect(record).toMatchObject({
      eventID: expect.stringMatching(/./),
      eventSource: 'aws:dynamodb',
      eventVersion: expect.stringMatching(/^1\./),
      awsRegion: expect.stringMatching(/./),
      dynamodb: { StreamViewType: 'NEW_AND_OLD_IMAGES', SequenceNumber: expect.stringMatching(/^\d{1,40}$/) },
    });
    expect(record?.dynamodb?.SizeBytes).toBeGreaterThan(0);
    const at = record?.dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0;
    expect(Math.abs(at - before)).toBeLessThan(60_000);
  });
  check('dynamodb/stream-values', 'carries every type of value', async () => {
    const { StreamArn, put } = await givenStream();
    const bytes = Uint8Array.from([0, 255]);
    await put({ ...newKey(), n: 1.5, none: null, yes: true, list: ['a', ''], map: { a: 1 }, bytes });
    const [record] = await recordsOf(StreamArn, 1);
    expect(record?.dynamodb?.NewImage).toMatchObject({
      n: { N: '1.5' },
      none: { NULL: true },
      yes: { BOOL: true },
      list: { L: [{ S: 'a' }, { S: '' }] },
      map: { M: { a: { N: '1' } } },
    });
    expect(Buffer.from(record?.dynamodb?.NewImage?.bytes?.B ?? []).equals(bytes)).toBe(true);
  });
});

describe('a stream', () => {
  check('dynamodb/stream-order', 'holds the changes of a row in their order', async () => {
    const { StreamArn, put } = await givenStream();
    const keys = [newKey(), newKey()];
    for (let n = 0; n < 12; n += 1) await put({ ...keys[n % 2], n });
    const records = await recordsOf(StreamArn, 12);
    for (const [index, { pk }] of keys.entries()) {
      const own = records.filter(({ dynamodb }) => dynamodb?.Keys?.pk?.S === pk);
      expect(own.map(({ dynamodb }) => Number(dynamodb?.NewImage?.n?.N))).toEqual(
        [0, 2, 4, 6, 8, 10].map((n) => n + index),
      );
    }
    const numbers = records.map(({ dynamodb }) => BigInt(dynamodb?.SequenceNumber ?? 0));
    expect(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0n))).toBe(true);
  });
  check('dynamodb/stream-refused', 'does not hold a refused write', async () => {
    const { StreamArn, put } = await givenStream();
    const key = newKey();
    await put({ ...key, n: 1 });
    await refusalOf(put({ ...key, n: 2 }, { ConditionExpression: 'attribute_not_exists(pk)' }));
    await put({ ...key, n: 3 });
    const records = await recordsOf(StreamArn, 2);
    expect(records.map(({ dynamodb }) => dynamodb?.NewImage?.n?.N)).toEqual(['1', '3']);
  });
  check('dynamodb/stream-unchanged', 'does not hold a write that changes nothing', async () => {
    const { StreamArn, put } = await givenStream();
    const key = newKey();
    for (const n of [1, 1, 2]) await put({ ...key, n });
    expect(namesOf(await recordsOf(StreamArn, 2))).toEqual(['INSERT', 'MODIFY']);
  });
  check('dynamodb/stream-transaction', 'holds each write of a transaction', async () => {
    const { TableName, StreamArn, put } = await givenStream();
    const [gone, made] = [newKey(), newKey()];
    await put(gone);
    await clients.rows.send(
      new TransactWriteCommand({
        TransactItems: [{ Put: { TableName, Item: made } }, { Delete: { TableName, Key: gone } }],
      }),
    );
    const records = await recordsOf(StreamArn, 3);
    expect(namesOf(records).sort()).toEqual(['INSERT', 'INSERT', 'REMOVE']);
  });
  check('dynamodb/stream-after', 'can be read from a given record on, or from the one after it', async () => {
    const { StreamArn, put } = await givenStream();
    const pk = newKey().pk;
    for (const sk of ['a', 'b', 'c']) await put({ pk, sk });
    const [, second] = await recordsOf(StreamArn, 3);
    const SequenceNumber = second?.dynamodb?.SequenceNumber;
    const after = { StreamArn, ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const, SequenceNumber };
    const rest = await recordsFrom(await iteratorOf(after), 1);
    expect(rest.map(({ dynamodb }) => dynamodb?.Keys?.sk?.S)).toEqual(['c']);
    const at = { ...after, ShardIteratorType: 'AT_SEQUENCE_NUMBER' as const };
    const same = await recordsFrom(await iteratorOf(at), 2);
    expect(same.map(({ dynamodb }) => dynamodb?.Keys?.sk?.S)).toEqual(['b', 'c']);
  });
  check('dynamodb/stream-latest', 'can be read from now on', async () => {
    const { StreamArn, put } = await givenStream();
    await put(newKey());
    await recordsOf(StreamArn, 1);
    const latest = await iteratorOf({ StreamArn, ShardIteratorType: 'LATEST' });
    const key = newKey();
    await put(key);
    const records = await recordsFrom(latest, 1);
    expect(records.map(({ dynamodb }) => dynamodb?.Keys?.pk?.S)).toEqual([key.pk]);
  });
  check('dynamodb/stream-pages', 'can be read in pages of at most Limit, with every record once', async () => {
    const { StreamArn, put } = await givenStream();
    const pk = newKey().pk;
    const sortKeys = ['a', 'b', 'c', 'd', 'e'];
    for (const sk of sortKeys) await put({ pk, sk });
    const iterator = await iteratorOf({ StreamArn, ShardIteratorType: 'TRIM_HORIZON' });
    const records = await recordsFrom(iterator, 5, 2);
    expect(records.map(({ dynamodb }) => dynamodb?.Keys?.sk?.S)).toEqual(sortKeys);
  });
  check('dynamodb/stream-open', 'that was read to its end returns an iterator for later records', async () => {
    const { StreamArn, put } = await givenStream();
    const ShardIterator = await iteratorOf({ StreamArn, ShardIteratorType: 'TRIM_HORIZON' });
    const empty = await clients.streams.send(new GetRecordsCommand({ ShardIterator }));
    expect([empty.Records, typeof empty.NextShardIterator]).toEqual([[], 'string']);
    await put(newKey());
    expect(namesOf(await recordsFrom(empty.NextShardIterator ?? '', 1))).toEqual(['INSERT']);
  });
  check('dynamodb/stream-describe', 'describes itself and its open shard', async () => {
    const { TableName, StreamArn } = await givenStream();
    const description = await shardsOf(StreamArn);
    expect(description).toMatchObject({ StreamArn, TableName, StreamStatus: 'ENABLED' });
    expect(description?.StreamViewType).toBe('NEW_AND_OLD_IMAGES');
    const open = description?.Shards?.filter(
      ({ SequenceNumberRange: range }) => range?.EndingSequenceNumber === undefined,
    );
    expect(open?.length).toBeGreaterThan(0);
  });
});
