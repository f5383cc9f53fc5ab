// Tests what aws/dynamo/rows.ts assumes of DynamoDB, through the product's SDK clients, against any engine. The limits
// are on https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html

import { randomUUID } from 'node:crypto';
import { DescribeTimeToLiveCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type Clients, clientsOf, givenTable, reasonsOf, refusalOf } from './dynamodb-table.ts';
import { check, type Endpoint, givenEndpoint } from './endpoint.ts';

const refusedCondition = 'ConditionalCheckFailedException';
const maximumItemBytes = 409_600;
const deadlineMs = 20_000;

let engine: Endpoint;
let clients: Clients;
let TableName: string;

beforeAll(async () => {
  engine = await givenEndpoint('dynamodb');
  clients = clientsOf(engine);
  ({ TableName } = await givenTable(clients.raw));
});
afterAll(async () => {
  clients?.raw.destroy();
  clients?.streams.destroy();
  await engine?.close();
});

type Item = Record<string, unknown>;
type Condition = Pick<
  PutCommandInput,
  'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

const newKey = () => ({ pk: `job-${randomUUID()}`, sk: 'A' });
const put = (Item: Item, more: Partial<PutCommandInput> = {}) =>
  clients.rows.send(new PutCommand({ TableName, Item, ...more }));
const get = async (Key: Item) =>
  (await clients.rows.send(new GetCommand({ TableName, Key, ConsistentRead: true }))).Item;
const update = (Key: Item, more: Partial<UpdateCommandInput>) =>
  clients.rows.send(new UpdateCommand({ TableName, Key, ReturnValues: 'ALL_NEW', ...more }));
const remove = (Key: Item, more: Condition = {}) => clients.rows.send(new DeleteCommand({ TableName, Key, ...more }));
const transact = (...TransactItems: NonNullable<TransactWriteCommandInput['TransactItems']>) =>
  clients.rows.send(new TransactWriteCommand({ TransactItems, ClientRequestToken: randomUUID() }));
const query = (more: Partial<QueryCommandInput>) =>
  clients.rows.send(new QueryCommand({ TableName, ConsistentRead: true, ...more }));

const absent: Condition = {
  ConditionExpression: 'attribute_not_exists(#pk)',
  ExpressionAttributeNames: { '#pk': 'pk' },
};
const equals = (name: string, value: unknown): Condition => ({
  ConditionExpression: '#n = :v',
  ExpressionAttributeNames: { '#n': name },
  ExpressionAttributeValues: { ':v': value },
});
/** An item of exactly `bytes` bytes, as DynamoDB counts them: names and values in UTF-8. */
const itemOfBytes = (bytes: number) => {
  const key = newKey();
  return { ...key, body: 'x'.repeat(bytes - 'pksk'.length - key.pk.length - key.sk.length - 'body'.length) };
};

async function givenRow(more: Item = {}): Promise<{ pk: string; sk: string }> {
  const key = newKey();
  await put({ ...key, ...more });
  return key;
}

async function givenRows(sortKeys: readonly string[], more: Item = {}): Promise<string> {
  const { pk } = newKey();
  for (const sk of sortKeys) await put({ pk, sk, ...more });
  return pk;
}

/** Every sort key of a partition, page by page. */
async function sortKeysByPages(pk: string, more: Partial<QueryCommandInput>): Promise<unknown[]> {
  const found: unknown[] = [];
  let ExclusiveStartKey: Item | undefined;
  do {
    const page = await query({
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
      ExclusiveStartKey,
      ...more,
    });
    found.push(...(page.Items ?? []).map(({ sk }) => sk));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return found;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + deadlineMs; !(await holds()); ) {
    if (Date.now() > deadline) throw new Error(`Still not so after ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a put', () => {
  check('dynamodb/put-absent', 'with attribute_not_exists succeeds once for a row', async () => {
    const key = newKey();
    await put({ ...key, n: 1 }, absent);
    expect(await refusalOf(put({ ...key, n: 2 }, absent))).toBe(refusedCondition);
    expect(await get(key)).toEqual({ ...key, n: 1 });
  });
  check('dynamodb/put-replaces', 'replaces the whole row', async () => {
    const key = await givenRow({ old: 1 });
    await put({ ...key, next: 2 });
    expect(await get(key)).toEqual({ ...key, next: 2 });
  });
  check('dynamodb/put-equals', 'may require that an attribute of any scalar type equals a value', async () => {
    for (const value of ['idle', '', 3, -0.5, 1_795_237_000_123, true, false, null]) {
      const key = await givenRow({ state: value });
      await put({ ...key, state: 'next' }, equals('state', value));
      expect(await refusalOf(put({ ...key, state: value }, equals('state', value)))).toBe(refusedCondition);
    }
  });
  check(
    'dynamodb/equal-types',
    'does not take a number for its text, or an absent attribute for any value',
    async () => {
      const key = await givenRow({ try: 1 });
      for (const [name, value] of Object.entries({ try: '1', gone: null, missing: '' })) {
        expect(await refusalOf(put({ ...key }, equals(name, value)))).toBe(refusedCondition);
      }
    },
  );
  check('dynamodb/put-race', 'succeeds for exactly one of twenty at once for an absent row', async () => {
    const key = newKey();
    const racers = Array.from({ length: 20 }, (_, by) => refusalOf(put({ ...key, by }, absent)));
    const answers = await Promise.all(racers);
    expect(answers.filter((answer) => answer === 'accepted')).toHaveLength(1);
    expect(await get(key)).toMatchObject({ by: answers.indexOf('accepted') });
  });
  check('dynamodb/largest-item', 'may have exactly 400 KB including the names', async () => {
    expect(await refusalOf(put(itemOfBytes(maximumItemBytes)))).toBe('accepted');
    expect(await refusalOf(put(itemOfBytes(maximumItemBytes + 1)))).toBe('ValidationException');
  });
  check('dynamodb/empty-key', 'is refused with an empty key', async () => {
    expect(await refusalOf(put({ pk: '', sk: 'A' }))).toBe('ValidationException');
    expect(await refusalOf(put({ pk: 'x', sk: '' }))).toBe('ValidationException');
  });
  check(
    'dynamodb/key-lengths',
    'may have a partition key of up to 2048 bytes and a sort key of up to 1024',
    async () => {
      expect(await refusalOf(put({ pk: 'p'.repeat(2048), sk: 's'.repeat(1024) }))).toBe('accepted');
      expect(await refusalOf(put({ pk: 'p'.repeat(2049), sk: 'A' }))).toBe('ValidationException');
      expect(await refusalOf(put({ pk: 'p', sk: 's'.repeat(1025) }))).toBe('ValidationException');
    },
  );
});

describe('a value', () => {
  check('dynamodb/values', 'comes back unchanged, whatever its type, and when empty', async () => {
    const row = {
      ...newKey(),
      text: 'é\u0000😀',
      empty: '',
      numbers: [0, -1, 1e-5, 1_795_237_000_123, Number.MAX_SAFE_INTEGER],
      yes: true,
      nothing: null,
      list: [[], {}, [{ a: [1, 'x', null] }]],
      map: { $dnanexus_link: { 'a b.c': [] } },
    };
    await put(row);
    expect(await get({ pk: row.pk, sk: row.sk })).toEqual(row);
  });
  check('dynamodb/binary', 'may be bytes, or an empty sequence of bytes', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const key = await givenRow({ bytes, none: new Uint8Array() });
    const row = await get(key);
    expect(Buffer.from(row?.bytes as Uint8Array).equals(bytes)).toBe(true);
    expect((row?.none as Uint8Array | undefined)?.length).toBe(0);
  });
  check('dynamodb/depth', 'may be nested up to 32 levels deep', async () => {
    const nested = (depth: number): unknown => (depth === 0 ? 'x' : [nested(depth - 1)]);
    expect(await refusalOf(put({ ...newKey(), body: nested(31) }))).toBe('accepted');
    expect(await refusalOf(put({ ...newKey(), body: nested(40) }))).toBe('ValidationException');
  });
});

describe('an update', () => {
  const setState = (value: unknown, more = ''): Partial<UpdateCommandInput> => ({
    UpdateExpression: `SET #state = :new${more}`,
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: { ':new': value },
  });
  const exists = { ConditionExpression: 'attribute_exists(pk)' };

  check('dynamodb/update-all-new', 'returns the whole changed row', async () => {
    const key = await givenRow({ state: 'idle', kept: { a: [1] } });
    const answer = await update(key, { ...setState('runnable'), ...exists });
    expect(answer.Attributes).toEqual({ ...key, state: 'runnable', kept: { a: [1] } });
  });
  check('dynamodb/update-missing', 'that requires a row does not create one', async () => {
    const key = newKey();
    expect(await refusalOf(update(key, { ...setState('x'), ...exists }))).toBe(refusedCondition);
    expect(await get(key)).toBeUndefined();
  });
  check('dynamodb/update-creates', 'without a condition creates the row', async () => {
    const key = newKey();
    await update(key, setState('x'));
    expect(await get(key)).toEqual({ ...key, state: 'x' });
  });
  check('dynamodb/update-remove', 'sets and removes attributes together, and may remove an absent one', async () => {
    const key = await givenRow({ state: 'idle', dueAt: 1 });
    const answer = await update(key, setState('done', ' REMOVE dueAt, lacking'));
    expect(answer.Attributes).toEqual({ ...key, state: 'done' });
  });
  check('dynamodb/update-both', 'that sets and removes one attribute is refused', async () => {
    const key = await givenRow({ state: 'idle' });
    expect(await refusalOf(update(key, setState('done', ' REMOVE #state')))).toBe('ValidationException');
  });
  check('dynamodb/update-nothing', 'without an expression leaves the row as it is', async () => {
    const key = await givenRow({ state: 'idle' });
    expect((await update(key, exists)).Attributes).toEqual({ ...key, state: 'idle' });
  });
  check('dynamodb/update-condition', 'compares several attributes with the row before the change', async () => {
    const key = await givenRow({ state: 'runnable', try: 0 });
    const claim: Partial<UpdateCommandInput> = {
      UpdateExpression: 'SET #state = :next',
      ConditionExpression: '#state = :state AND #try = :try AND attribute_not_exists(#task)',
      ExpressionAttributeNames: { '#state': 'state', '#try': 'try', '#task': 'task' },
      ExpressionAttributeValues: { ':next': 'running', ':state': 'runnable', ':try': 0 },
    };
    await update(key, claim);
    expect(await refusalOf(update(key, claim))).toBe(refusedCondition);
  });
  check('dynamodb/update-race', 'succeeds for exactly one of ten at once with the same condition', async () => {
    const key = await givenRow({ state: 'runnable' });
    const claims = Array.from({ length: 10 }, () =>
      refusalOf(
        update(key, {
          UpdateExpression: 'SET #n = :new',
          ConditionExpression: '#n = :v',
          ExpressionAttributeNames: { '#n': 'state' },
          ExpressionAttributeValues: { ':v': 'runnable', ':new': 'running' },
        }),
      ),
    );
    expect((await Promise.all(claims)).filter((answer) => answer === 'accepted')).toHaveLength(1);
  });
  check('dynamodb/reserved-words', 'may name reserved words only by placeholders', async () => {
    const key = await givenRow({ name: 'a' });
    const bare = { UpdateExpression: 'SET name = :v', ExpressionAttributeValues: { ':v': 'b' } };
    expect(await refusalOf(update(key, bare))).toBe('ValidationException');
  });
  check('dynamodb/unused-placeholder', 'is refused with a placeholder that it does not use', async () => {
    const key = await givenRow();
    const spare = { ...setState('x'), ExpressionAttributeValues: { ':new': 'x', ':spare': 1 } };
    expect(await refusalOf(update(key, spare))).toBe('ValidationException');
  });
});

describe('a deletion', () => {
  check('dynamodb/delete', 'can be repeated', async () => {
    const key = await givenRow();
    await remove(key);
    await remove(key);
    expect(await get(key)).toBeUndefined();
  });
  check('dynamodb/delete-condition', 'may have a condition, which a missing row never meets', async () => {
    const key = await givenRow({ state: 'open' });
    expect(await refusalOf(remove(key, equals('state', 'closed')))).toBe(refusedCondition);
    await remove(key, equals('state', 'open'));
    expect(await refusalOf(remove(key, equals('state', 'open')))).toBe(refusedCondition);
  });
});

describe('a transaction', () => {
  check('dynamodb/transact', 'puts, updates, deletes and checks in one step', async () => {
    const [made, changed, gone, held] = [
      newKey(),
      await givenRow({ n: 1 }),
      await givenRow(),
      await givenRow({ n: 9 }),
    ];
    await transact(
      { Put: { TableName, Item: { ...made, n: 0 }, ...absent } },
      { Update: { TableName, Key: changed, UpdateExpression: 'SET n = :v', ExpressionAttributeValues: { ':v': 2 } } },
      { Delete: { TableName, Key: gone } },
      { ConditionCheck: { TableName, Key: held, ...equals('n', 9), ConditionExpression: '#n = :v' } },
    );
    expect([await get(made), await get(changed), await get(gone), await get(held)]).toEqual([
      { ...made, n: 0 },
      { ...changed, n: 2 },
      undefined,
      { ...held, n: 9 },
    ]);
  });
  check(
    'dynamodb/transact-cancelled',
    'that is cancelled changes nothing and gives a reason for each write',
    async () => {
      const [made, there, held] = [newKey(), await givenRow(), await givenRow({ n: 9 })];
      const call = transact(
        { Put: { TableName, Item: made, ...absent } },
        { Put: { TableName, Item: there, ...absent } },
        { ConditionCheck: { TableName, Key: held, ...equals('n', 8), ConditionExpression: '#n = :v' } },
      );
      expect(await reasonsOf(call)).toEqual(['None', 'ConditionalCheckFailed', 'ConditionalCheckFailed']);
      expect(await get(made)).toBeUndefined();
    },
  );
  check('dynamodb/transact-same-key', 'with two writes to one row is refused', async () => {
    const key = newKey();
    const call = transact({ Put: { TableName, Item: key } }, { Delete: { TableName, Key: key } });
    expect(await refusalOf(call)).toBe('ValidationException');
  });
  check('dynamodb/transact-largest', 'may have up to 100 writes', async () => {
    const puts = (count: number) => Array.from({ length: count }, () => ({ Put: { TableName, Item: newKey() } }));
    expect(await refusalOf(transact(...puts(100)))).toBe('accepted');
    expect(await refusalOf(transact(...puts(101)))).toBe('ValidationException');
  });
  check('dynamodb/transact-token', 'with a used token succeeds without a second effect', async () => {
    const key = await givenRow({ n: 0 });
    const input = (by: number) => ({
      ClientRequestToken: key.pk.slice(-36),
      TransactItems: [
        { Update: { TableName, Key: key, UpdateExpression: 'ADD n :by', ExpressionAttributeValues: { ':by': by } } },
      ],
    });
    await clients.rows.send(new TransactWriteCommand(input(1)));
    await clients.rows.send(new TransactWriteCommand(input(1)));
    expect(await get(key)).toMatchObject({ n: 1 });
    expect(await refusalOf(clients.rows.send(new TransactWriteCommand(input(2))))).toBe(
      'IdempotentParameterMismatchException',
    );
  });
  check('dynamodb/transact-race', 'is carried out completely or not at all beside others on the same row', async () => {
    const shared = await givenRow({ n: 0 });
    const own = Array.from({ length: 10 }, newKey);
    const bump = { UpdateExpression: 'SET n = n + :one', ExpressionAttributeValues: { ':one': 1 } };
    const answers = await Promise.all(
      own.map((Item) =>
        reasonsOf(transact({ Update: { TableName, Key: shared, ...bump } }, { Put: { TableName, Item, ...absent } })),
      ),
    );
    const won = answers.filter((answer) => answer === 'accepted').length;
    const conflicts = answers.filter(
      (answer) => Array.isArray(answer) && answer.includes('TransactionConflict'),
    ).length;
    const made = (await Promise.all(own.map(get))).filter((row) => row !== undefined).length;
    expect([won + conflicts, made, (await get(shared))?.n]).toEqual([10, won, won]);
    expect(won).toBeGreaterThan(0);
  });
});

describe('a query', () => {
  const partition = (pk: string): Partial<QueryCommandInput> => ({
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': pk },
  });
  const ranged = (pk: string, condition: string, values: Item): Partial<QueryCommandInput> => ({
    KeyConditionExpression: `pk = :pk AND ${condition}`,
    ExpressionAttributeValues: { ':pk': pk, ...values },
  });

  check('dynamodb/query-order', 'returns rows in the order of the UTF-8 bytes of their sort keys', async () => {
    const sorted = ['!doom', 'A', 'Z', 'a', 'a#1', 'a#10', 'a#2', 'é', '\uffee', '😀'];
    const pk = await givenRows(sorted.toReversed());
    expect(await sortKeysByPages(pk, partition(pk))).toEqual(sorted);
    expect(await sortKeysByPages(pk, { ...partition(pk), ScanIndexForward: false })).toEqual(sorted.toReversed());
  });
  check('dynamodb/query-prefix', 'may select sort keys by their beginning', async () => {
    const pk = await givenRows(['W', 'W#1', 'W#2', 'W!', 'X#1']);
    expect(await sortKeysByPages(pk, ranged(pk, 'begins_with(sk, :p)', { ':p': 'W#' }))).toEqual(['W#1', 'W#2']);
  });
  check('dynamodb/query-between', 'may select a range that includes both ends', async () => {
    const pk = await givenRows(['a', 'b', 'c', 'd']);
    expect(await sortKeysByPages(pk, ranged(pk, 'sk BETWEEN :a AND :b', { ':a': 'b', ':b': 'c' }))).toEqual(['b', 'c']);
  });
  check('dynamodb/query-pages', 'returns every row once in pages of any size, in both directions', async () => {
    const sorted = Array.from({ length: 7 }, (_, index) => `k${index}`);
    const pk = await givenRows([...sorted, 'other']);
    for (const Limit of [1, 2, 3, 7, 8]) {
      const range = { ...ranged(pk, 'begins_with(sk, :p)', { ':p': 'k' }), Limit };
      expect(await sortKeysByPages(pk, range)).toEqual(sorted);
      expect(await sortKeysByPages(pk, { ...range, ScanIndexForward: false })).toEqual(sorted.toReversed());
    }
  });
  check('dynamodb/query-start-absent', 'may start after a sort key without a row', async () => {
    const pk = await givenRows(['a', 'c']);
    const page = await query({ ...partition(pk), ExclusiveStartKey: { pk, sk: 'b' } });
    expect(page.Items?.map(({ sk }) => sk)).toEqual(['c']);
  });
  check('dynamodb/query-start-outside', 'is refused when it starts outside its range', async () => {
    const pk = await givenRows(['a', 'k1']);
    const call = query({ ...ranged(pk, 'begins_with(sk, :p)', { ':p': 'k' }), ExclusiveStartKey: { pk, sk: 'a' } });
    expect(await refusalOf(call)).toBe('ValidationException');
  });
  check('dynamodb/query-megabyte', 'ends a page at 1 MB', async () => {
    const sorted = ['a', 'b', 'c', 'd', 'e', 'f'];
    const pk = await givenRows(sorted, { body: 'x'.repeat(300_000) });
    const first = await query(partition(pk));
    expect(first.Items?.length).toBeLessThan(sorted.length);
    expect(first.LastEvaluatedKey).toEqual({ pk, sk: first.Items?.at(-1)?.sk });
    expect(await sortKeysByPages(pk, partition(pk))).toEqual(sorted);
  });
  check('dynamodb/read-own-write', 'and a get return the row that was just written', async () => {
    const key = await givenRow({ n: -1 });
    for (let n = 0; n < 30; n += 1) {
      await put({ ...key, n });
      expect(await get(key)).toMatchObject({ n });
      expect((await query(partition(key.pk))).Items).toMatchObject([{ n }]);
    }
  });
});

describe('a batch of reads', () => {
  const batchGet = (Keys: Item[]) =>
    clients.rows.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } }));

  check('dynamodb/batch-get', 'returns the existing rows, in any order', async () => {
    const pk = await givenRows(['a', 'b']);
    const answer = await batchGet([
      { pk, sk: 'b' },
      { pk, sk: 'missing' },
      { pk, sk: 'a' },
    ]);
    expect(answer.Responses?.[TableName]?.map(({ sk }) => sk).sort()).toEqual(['a', 'b']);
    expect(answer.UnprocessedKeys ?? {}).toEqual({});
  });
  check('dynamodb/batch-get-limits', 'may have up to 100 keys, each once', async () => {
    const keys = Array.from({ length: 101 }, newKey);
    expect(await refusalOf(batchGet(keys.slice(1)))).toBe('accepted');
    expect(await refusalOf(batchGet(keys))).toBe('ValidationException');
    expect(await refusalOf(batchGet([newKey(), ...keys.slice(99), ...keys.slice(99)]))).toBe('ValidationException');
  });
  check('dynamodb/batch-get-unprocessed', 'of more than 16 MB leaves the rest for another call', async () => {
    const sortKeys = Array.from({ length: 45 }, (_, index) => `k${index}`);
    const pk = await givenRows(sortKeys, { body: 'x'.repeat(400_000) });
    const answer = await batchGet(sortKeys.map((sk) => ({ pk, sk })));
    const rest = answer.UnprocessedKeys?.[TableName]?.Keys ?? [];
    expect(rest.length).toBeGreaterThan(0);
    const found = [...(answer.Responses?.[TableName] ?? []), ...rest].map(({ sk }) => sk);
    expect(found.sort()).toEqual(sortKeys.toSorted());
  });
});

describe('the open index', () => {
  const shard = () => Math.floor(Math.random() * 1e12);
  const due = async (openShard: number, now: number, Limit = 10) => {
    const answer = await clients.rows.send(
      new QueryCommand({
        TableName,
        IndexName: 'open',
        KeyConditionExpression: '#shard = :shard AND #due <= :now',
        ExpressionAttributeNames: { '#shard': 'openShard', '#due': 'dueAt' },
        ExpressionAttributeValues: { ':shard': openShard, ':now': now },
        Limit,
      }),
    );
    return answer.Items ?? [];
  };

  check('dynamodb/index-sparse', 'holds a row while it has both attributes', async () => {
    const openShard = shard();
    const key = await givenRow({ openShard });
    await givenRow({ dueAt: 5 });
    expect(await due(openShard, 9)).toEqual([]);
    await update(key, { UpdateExpression: 'SET dueAt = :v', ExpressionAttributeValues: { ':v': 5 } });
    await until(async () => (await due(openShard, 9)).length === 1);
    await update(key, { UpdateExpression: 'REMOVE dueAt, openShard' });
    await until(async () => (await due(openShard, 9)).length === 0);
  });
  check('dynamodb/index-keys-only', 'holds only the keys', async () => {
    const openShard = shard();
    const key = await givenRow({ openShard, dueAt: 5, state: 'idle' });
    await until(async () => (await due(openShard, 9)).length === 1);
    expect(await due(openShard, 9)).toEqual([{ ...key, openShard, dueAt: 5 }]);
  });
  check('dynamodb/index-order', 'returns rows up to a number, ordered by number', async () => {
    const openShard = shard();
    for (const dueAt of [10, 9, -1, 1_795_237_000_123, 9.5, 100]) await givenRow({ openShard, dueAt });
    await until(async () => (await due(openShard, 2e12)).length === 6);
    expect((await due(openShard, 100)).map(({ dueAt }) => dueAt)).toEqual([-1, 9, 9.5, 10, 100]);
    expect((await due(openShard, 100, 2)).map(({ dueAt }) => dueAt)).toEqual([-1, 9]);
  });
  check('dynamodb/index-type', 'refuses a row whose index attribute has another type', async () => {
    expect(await refusalOf(put({ ...newKey(), openShard: '1', dueAt: 1 }))).toBe('ValidationException');
  });
  check('dynamodb/index-inconsistent', 'cannot be read consistently', async () => {
    const call = query({
      IndexName: 'open',
      KeyConditionExpression: 'openShard = :v',
      ExpressionAttributeValues: { ':v': 1 },
    });
    expect(await refusalOf(call)).toBe('ValidationException');
  });
});

describe('accounting', () => {
  const ReturnConsumedCapacity = 'TOTAL' as const;

  check('dynamodb/write-units', 'counts one unit for each 1 KB that is written', async () => {
    const one = await put(itemOfBytes(1024), { ReturnConsumedCapacity });
    const two = await put(itemOfBytes(1025), { ReturnConsumedCapacity });
    expect([one.ConsumedCapacity?.CapacityUnits, two.ConsumedCapacity?.CapacityUnits]).toEqual([1, 2]);
  });
  check('dynamodb/write-units-index', 'also counts the write of an index entry', async () => {
    const answer = await put({ ...newKey(), openShard: 1, dueAt: 1 }, { ReturnConsumedCapacity });
    expect(answer.ConsumedCapacity?.CapacityUnits).toBe(2);
  });
  check('dynamodb/write-units-transaction', 'counts the writes of a transaction twice', async () => {
    const TransactItems = [{ Put: { TableName, Item: newKey() } }, { Put: { TableName, Item: newKey() } }];
    const answer = await clients.rows.send(new TransactWriteCommand({ TransactItems, ReturnConsumedCapacity }));
    expect(answer.ConsumedCapacity?.map(({ CapacityUnits }) => CapacityUnits)).toEqual([4]);
  });
  check('dynamodb/read-units', 'counts one unit for each 4 KB that is read consistently', async () => {
    const { body: _body, ...Key } = itemOfBytes(100);
    await put({ ...Key, body: 'x'.repeat(4096) });
    const input = { TableName, Key, ConsistentRead: true, ReturnConsumedCapacity };
    expect((await clients.rows.send(new GetCommand(input))).ConsumedCapacity?.CapacityUnits).toBe(2);
  });
  check('dynamodb/expiry', 'shows the attribute by which rows expire', async () => {
    const { TableName: own } = await givenTable(clients.raw);
    const TimeToLiveSpecification = { AttributeName: 'expiresAtSeconds', Enabled: true };
    await clients.raw.send(new UpdateTimeToLiveCommand({ TableName: own, TimeToLiveSpecification }));
    const answer = await clients.raw.send(new DescribeTimeToLiveCommand({ TableName: own }));
    expect(answer.TimeToLiveDescription).toMatchObject({ AttributeName: 'expiresAtSeconds' });
    expect(answer.TimeToLiveDescription?.TimeToLiveStatus).toMatch(/^ENABL/);
  });
});
