// Rows on DynamoDB. Reads are strongly consistent. Conflicts, throttling and unprocessed keys, which AWS leaves to its
// callers, are retried here a limited number of times, with jitter. A conditional write whose answer was lost may then
// come back as "the condition failed", and its caller reads again.

import { randomUUID } from 'node:crypto';
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Change, Expected, Key, QueryRange, Row, Rows, TableName, Write } from '../../core/context.ts';
import { AwsFailure, asFailure, codeOf, isTransient } from '../failure.ts';
import { defaultPatience, type Patience, patiently, pause } from '../patience.ts';
import { conditionOf, startOf, updateOf } from './expression.ts';
import { withOwnKeys, withSafeKeys } from './special-key.ts';
import { openIndex, tables } from './tables.ts';

type Database = { readonly client: DynamoDBDocumentClient; readonly prefix: string; readonly patience: Patience };
type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/**
 * @param tablePrefix the part before each table's suffix, `espalier-<stage>-`.
 * @param patience for tests: how long conflicts and throttling are waited out.
 */
export function createRows(
  client: DynamoDBDocumentClient,
  tablePrefix: string,
  patience: Patience = defaultPatience,
): Rows {
  const database: Database = { client, prefix: tablePrefix, patience };
  return {
    get: (table, key) => get(database, table, key),
    getMany: (table, keys) => getMany(database, table, keys),
    query: (table, range) => query(database, table, range),
    put: (table, row, expected) => put(database, table, row, expected),
    update: (table, key, change, expected) => update(database, table, key, change, expected),
    delete: (table, key, expected) => remove(database, table, key, expected),
    transact: (writes) => transact(database, writes),
    due: (shard, now, limit) => due(database, shard, now, limit),
  };
}

async function get(database: Database, table: TableName, key: Key): Promise<Row | undefined> {
  const input = { TableName: tableName(database, table), Key: keyOf(key), ConsistentRead: true };
  const answer = await attempt(database, 'GetItem', () => database.client.send(new GetCommand(input)));
  return answer.Item && withOwnKeys(answer.Item as Row);
}

async function getMany(database: Database, table: TableName, keys: readonly Key[]): Promise<(Row | undefined)[]> {
  const wanted = [...new Map(keys.map((key) => [textOf(key), keyOf(key)])).values()];
  const found = new Map<string, Row>();
  const batches = inGroups(wanted, maximumBatchKeys);
  for (const group of inGroups(batches, parallelBatches)) {
    for (const rows of await Promise.all(group.map((batch) => getBatch(database, table, batch)))) {
      for (const row of rows) found.set(textOf(row), row);
    }
  }
  return keys.map((key) => found.get(textOf(key)));
}

/** At most 100 keys. Asks again for keys that DynamoDB did not process. */
async function getBatch(database: Database, table: TableName, keys: readonly Key[]): Promise<Row[]> {
  const name = tableName(database, table);
  const rows: Row[] = [];
  let rest: Record<string, unknown>[] = [...keys];
  for (let tried = 1; tried <= database.patience.attempts; tried += 1) {
    const input = { RequestItems: { [name]: { Keys: rest, ConsistentRead: true } } };
    const answer = await attempt(database, 'BatchGetItem', () => database.client.send(new BatchGetCommand(input)));
    rows.push(...((answer.Responses?.[name] ?? []) as Row[]).map(withOwnKeys));
    rest = answer.UnprocessedKeys?.[name]?.Keys ?? [];
    if (rest.length === 0) return rows;
    await pause(database.patience, tried);
  }
  throw new AwsFailure('BatchGetItem', 'UnprocessedKeys', `${rest.length} keys of ${name} were never processed`, {
    transient: true,
  });
}

async function query(database: Database, table: TableName, range: QueryRange): Promise<{ rows: Row[]; next?: string }> {
  const start = startOf(range);
  if (start === 'nothing') return { rows: [] };
  const { pk, prefix, descending = false, limit } = range;
  const input = {
    TableName: tableName(database, table),
    ConsistentRead: true,
    KeyConditionExpression: prefix ? '#pk = :pk AND begins_with(#sk, :prefix)' : '#pk = :pk',
    ExpressionAttributeNames: { '#pk': 'pk', ...(prefix ? { '#sk': 'sk' } : {}) },
    ExpressionAttributeValues: { ':pk': pk, ...(prefix ? { ':prefix': prefix } : {}) },
    ScanIndexForward: !descending,
    Limit: limit,
    ...(start === 'beginning' ? {} : { ExclusiveStartKey: start }),
  };
  const answer = await attempt(database, 'Query', () => database.client.send(new QueryCommand(input)));
  const rows = ((answer.Items ?? []) as Row[]).map(withOwnKeys);
  const last = answer.LastEvaluatedKey as Key | undefined;
  return last === undefined ? { rows } : { rows, next: last.sk };
}

function put(database: Database, table: TableName, row: Row, expected?: 'absent' | Expected): Promise<boolean> {
  const input = { TableName: tableName(database, table), Item: withSafeKeys(row), ...conditionOf(expected) };
  return unlessRefused(database, 'PutItem', async () => {
    await database.client.send(new PutCommand(input));
    return true;
  });
}

async function update(
  database: Database,
  table: TableName,
  key: Key,
  change: Change,
  expected?: Expected,
): Promise<Row | undefined> {
  const input = {
    TableName: tableName(database, table),
    Key: keyOf(key),
    ReturnValues: 'ALL_NEW' as const,
    ...updateOf(change, expected),
  };
  const row = await unlessRefused(database, 'UpdateItem', async () => {
    const answer = await database.client.send(new UpdateCommand(input));
    return withOwnKeys(answer.Attributes as Row);
  });
  return row || undefined;
}

function remove(database: Database, table: TableName, key: Key, expected?: Expected): Promise<boolean> {
  const input = { TableName: tableName(database, table), Key: keyOf(key), ...conditionOf(expected) };
  return unlessRefused(database, 'DeleteItem', async () => {
    await database.client.send(new DeleteCommand(input));
    return true;
  });
}

async function transact(database: Database, writes: readonly Write[]): Promise<boolean> {
  if (writes.length === 0) return true;
  if (writes.length > maximumTransactionWrites) {
    throw new Error(`A transaction has ${writes.length} writes; DynamoDB accepts at most ${maximumTransactionWrites}.`);
  }
  const input = {
    TransactItems: writes.flatMap((write) => transactItem(database, write)),
    // All attempts use one token, so that an attempt whose answer was lost is not carried out again.
    ClientRequestToken: randomUUID(),
  };
  return unlessRefused(database, 'TransactWriteItems', async () => {
    await database.client.send(new TransactWriteCommand(input));
    return true;
  });
}

async function due(
  database: Database,
  shard: number,
  now: number,
  limit: number,
): Promise<{ id: string; dueAt: number }[]> {
  const input = {
    TableName: tableName(database, 'executions'),
    IndexName: openIndex.name,
    KeyConditionExpression: '#shard = :shard AND #due <= :now',
    ExpressionAttributeNames: { '#shard': openIndex.partitionKey, '#due': openIndex.sortKey },
    ExpressionAttributeValues: { ':shard': shard, ':now': now },
    Limit: limit,
  };
  const answer = await attempt(database, 'Query', () => database.client.send(new QueryCommand(input)));
  return (answer.Items ?? []).map((item) => ({ id: String(item.pk), dueAt: Number(item[openIndex.sortKey]) }));
}

function transactItem(database: Database, write: Write): TransactItem | [] {
  const TableName = tableName(database, write.table);
  switch (write.kind) {
    case 'put':
      return { Put: { TableName, Item: withSafeKeys(write.row), ...conditionOf(write.expected) } };
    case 'update': {
      const { UpdateExpression, ...rest } = updateOf(write.change, write.expected);
      if (UpdateExpression === undefined) throw new Error('A transaction holds an update that changes nothing.');
      return { Update: { TableName, Key: keyOf(write.key), UpdateExpression, ...rest } };
    }
    case 'delete':
      return { Delete: { TableName, Key: keyOf(write.key), ...conditionOf(write.expected) } };
    case 'check': {
      const { ConditionExpression, ...rest } = conditionOf(write.expected);
      // A check without conditions always holds. DynamoDB would refuse it.
      if (ConditionExpression === undefined) return [];
      return { ConditionCheck: { TableName, Key: keyOf(write.key), ConditionExpression, ...rest } };
    }
    default:
      return write satisfies never;
  }
}

function tableName(database: Database, table: TableName): string {
  return database.prefix + tables[table].suffix;
}

/** False when the condition failed: the only refusal that callers expect. */
async function unlessRefused<Result>(
  database: Database,
  operation: string,
  call: () => Promise<Result>,
): Promise<Result | false> {
  try {
    return await attempt(database, operation, call);
  } catch (error) {
    if (conditionFailed(error)) return false;
    throw error;
  }
}

async function attempt<Result>(database: Database, operation: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await patiently(database.patience, call, mayPass);
  } catch (error) {
    throw asFailure(operation, error, mayPass(error));
  }
}

/** The reasons for which DynamoDB cancelled a transaction, one for each write. Empty for any other error. */
function cancellationCodes(error: unknown): string[] {
  const source = error instanceof AwsFailure ? error.cause : error;
  if (codeOf(source) !== 'TransactionCanceledException') return [];
  const { CancellationReasons } = source as { CancellationReasons?: { Code?: string }[] };
  return (CancellationReasons ?? []).flatMap(({ Code }) => (Code === undefined || Code === 'None' ? [] : [Code]));
}

function conditionFailed(error: unknown): boolean {
  return (
    codeOf(error) === 'ConditionalCheckFailedException' || cancellationCodes(error).includes('ConditionalCheckFailed')
  );
}

/** A cancelled transaction may be tried again when only conflicts and throttling cancelled it. */
function mayPass(error: unknown): boolean {
  const codes = cancellationCodes(error);
  return codes.length > 0 ? codes.every((code) => passingReasons.has(code)) : isTransient(error);
}

function keyOf({ pk, sk }: Key): { pk: string; sk: string } {
  return { pk, sk };
}

function textOf({ pk, sk }: Key): string {
  return `${pk}\u0000${sk}`;
}

function inGroups<Item>(items: readonly Item[], size: number): Item[][] {
  const groups: Item[][] = [];
  for (let start = 0; start < items.length; start += size) groups.push(items.slice(start, start + size));
  return groups;
}

/** DynamoDB's limits of one request. */
const maximumTransactionWrites = 100;
const maximumBatchKeys = 100;
/** Batches of one `getMany` that are in flight at once. */
const parallelBatches = 4;
const passingReasons = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);
