// Tests streams on the real engine, and queues: filters, order, failures, restarts.

import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { InvocationResult } from '../../emulation/cloud/lambda/sandbox.ts';
import { createSqs } from '../../emulation/cloud/sqs/sqs.ts';
import { openDatabase } from '../../emulation/cloud/wire/transaction.ts';
import { createDynamoClient, type DynamoClient } from '../../emulation/database/client.ts';
import { type Database, startDynoxide } from '../../emulation/database/dynoxide.ts';
import { failedItems } from '../../emulation/trigger/batch-response.ts';
import { openPositionTable } from '../../emulation/trigger/position-table.ts';
import { startQueuePoller } from '../../emulation/trigger/queue-poller.ts';
import { type StreamMapping, type StreamPoller, startStreamPoller } from '../../emulation/trigger/stream-poller.ts';
import { createWatermark } from '../../emulation/trigger/watermark.ts';
import { eventually, givenTemporaryFolder } from '../machine/temporary-folder.ts';

const folder = givenTemporaryFolder();
const done: InvocationResult = { payload: 'null' };
const failure: InvocationResult = { error: { errorType: 'E', errorMessage: 'no' } };

describe('the failed items in the answer of a function', () => {
  const known = new Set(['a', 'b']);
  it.each([
    ['nothing', done, new Set()],
    ['an empty list', { payload: '{"batchItemFailures":[]}' }, new Set()],
    ['one failure', { payload: '{"batchItemFailures":[{"itemIdentifier":"b"}]}' }, new Set(['b'])],
    ['an unknown identifier', { payload: '{"batchItemFailures":[{"itemIdentifier":"z"}]}' }, 'all'],
    ['an empty identifier', { payload: '{"batchItemFailures":[{"itemIdentifier":""}]}' }, 'all'],
    ['a text instead of a list', { payload: '{"batchItemFailures":"b"}' }, 'all'],
    ['an error', failure, 'all'],
  ])('are read from %s', (_what, result, expected) => expect(failedItems(result, known)).toEqual(expected));
});

describe('a watermark', () => {
  it('is at the last record before the first that is not done', () => {
    const watermark = createWatermark();
    for (const record of ['1', '2', '3']) expect(watermark.add(record)).toBe(true);
    expect(watermark.add('2')).toBe(false);
    watermark.done(['2', '3']);
    expect(watermark.moved()).toBeUndefined();
    watermark.done(['1']);
    expect(watermark.moved()).toEqual({ sequenceNumber: '3' });
    expect(watermark.moved()).toBeUndefined();
    watermark.end();
    expect(watermark.moved()).toBe('end');
  });
});

describe('a stream', () => {
  let database: Database;
  let client: DynamoClient;
  const pollers: StreamPoller[] = [];
  beforeAll(async () => {
    database = await startDynoxide(join(folder, 'dynamo.sqlite'), () => undefined);
    client = createDynamoClient({ endpoint: database.endpoint, region: 'us-east-1', credentials: undefined });
  });
  afterEach(async () => {
    await Promise.all(pollers.splice(0).map((poller) => poller.close()));
  });
  afterAll(async () => {
    client.close();
    await database.close();
  });

  async function givenTable(name: string) {
    await client.call('CreateTable', {
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    });
    const put = (pk: string, state = 'new') =>
      client.call('PutItem', { TableName: name, Item: { pk: { S: pk }, state: { S: state } } });
    return { put };
  }

  function follow(table: string, answer: (keys: string[]) => InvocationResult, settings: Partial<StreamMapping> = {}) {
    const batches: string[][] = [];
    const givenUp: object[] = [];
    const positions = openPositionTable(join(folder, `${table}.sqlite`));
    const poller = startStreamPoller({
      mapping: {
        name: 'mapping',
        table,
        streamArn: `arn:aws:dynamodb:us-east-1:000000000000:table/${table}/stream/x`,
        batchSize: 10,
        laneCount: 1,
        fromStart: true,
        patterns: [],
        maxRetries: 2,
        maxRecordAgeMs: undefined,
        bisect: false,
        reportsItems: true,
        ...settings,
      },
      client,
      positions,
      idleMs: 20,
      async invoke(payload) {
        const { Records } = JSON.parse(payload) as { Records: StreamEvent[] };
        const keys = Records.map(({ dynamodb }) => dynamodb.Keys.pk.S);
        batches.push(keys);
        const result = answer(keys);
        const failed = Records.filter(
          ({ dynamodb }) => `fail ${dynamodb.Keys.pk.S}` === Reflect.get(result, 'payload'),
        );
        const batchItemFailures = failed.map(({ dynamodb }) => ({ itemIdentifier: dynamodb.SequenceNumber }));
        return failed.length > 0 ? { payload: JSON.stringify({ batchItemFailures }) } : result;
      },
      onGivenUp: (details) => void givenUp.push(details),
      onFault: (_what, fault) => {
        throw fault;
      },
      now: Date.now,
    });
    pollers.push(poller);
    return { batches, givenUp, poller, seen: () => batches.flat() };
  }
  type StreamEvent = {
    readonly dynamodb: { readonly SequenceNumber: string; readonly Keys: { readonly pk: { readonly S: string } } };
  };

  it('delivers the records that pass its filter in order', async () => {
    const { put } = await givenTable('filtered');
    await put('a', 'closed');
    await put('b', 'open');
    await put('c', 'closed');
    const pattern = '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"state":{"S":["closed"]}}}}';
    const { seen } = follow('filtered', () => done, { patterns: [pattern] });
    await eventually('both', () => seen().length === 2);
    expect(seen()).toEqual(['a', 'c']);
  });

  it('continues after a restart where it stopped, and does not miss a record', async () => {
    const { put } = await givenTable('restarted');
    await put('a');
    const first = follow('restarted', () => done);
    await eventually('the first', () => first.seen().includes('a'));
    await first.poller.close();
    await put('b');
    const second = follow('restarted', () => done);
    await eventually('the second', () => second.seen().length > 0);
    expect(second.seen()).toEqual(['b']);
  });

  it('repeats from the first item that failed', async () => {
    const { put } = await givenTable('partial');
    for (const key of ['a', 'b', 'c']) await put(key);
    let failures = 1;
    const { batches } = follow('partial', () => (failures-- > 0 ? { payload: 'fail b' } : done));
    await eventually('the repetition', () => batches.length === 2);
    expect(batches).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
    ]);
  });

  it('gives up a record that always fails, reports its position, and continues', async () => {
    const { put } = await givenTable('poison');
    for (const key of ['a', 'poison', 'c']) await put(key);
    const answer = (keys: string[]) => (keys.includes('poison') ? failure : done);
    const { seen, givenUp } = follow('poison', answer, { bisect: true, maxRetries: 1 });
    await eventually('the last', () => seen().at(-1) === 'c' && givenUp.length === 1);
    expect(givenUp[0]).toMatchObject({ DDBStreamBatchInfo: { batchSize: 1 } });
  });

  it('handles several keys at once', async () => {
    const { put } = await givenTable('lanes');
    for (const state of ['1', '2', '3']) for (const key of ['a', 'b', 'c', 'd']) await put(key, state);
    const { seen, batches } = follow('lanes', () => done, { laneCount: 4 });
    await eventually('all', () => seen().length === 12);
    expect(batches.every((keys) => keys.length <= 10)).toBe(true);
    expect([...new Set(seen())].sort()).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('a queue', () => {
  const sqs = createSqs({ database: openDatabase(join(folder, 'sqs.sqlite')), now: Date.now });
  afterAll(() => sqs.close());

  it('keeps failed messages, deletes successful ones, and waits while there is no room', async () => {
    const { arn } = sqs.createQueue({ name: 'work', visibilityTimeoutSeconds: 30 });
    for (const body of ['good', 'bad', 'good']) sqs.send(arn, { body });
    let free = 0;
    let tell: () => void = () => undefined;
    const batches: string[][] = [];
    const poller = startQueuePoller({
      mapping: { queueArn: arn, batchSize: 2, maxConcurrency: 2, reportsItems: true },
      sqs,
      async invoke(payload) {
        const { Records } = JSON.parse(payload) as { Records: { body: string; messageId: string }[] };
        batches.push(Records.map(({ body }) => body));
        const failed = Records.filter(({ body }) => body === 'bad').map(({ messageId }) => ({
          itemIdentifier: messageId,
        }));
        return { payload: JSON.stringify({ batchItemFailures: failed }) };
      },
      onFault: (_what, fault) => {
        throw fault;
      },
      room: {
        free: () => free,
        reserve: () => () => undefined,
        changed: () => new Promise((resolve) => (tell = resolve)),
      },
    });
    expect(batches).toEqual([]);
    free = 1;
    tell();
    await eventually('all three, one at a time', () => batches.length === 3);
    expect(batches.every((bodies) => bodies.length === 1)).toBe(true);
    await eventually(
      'only the failed one is left',
      () => sqs.depth(arn).inFlight === 1 && sqs.depth(arn).visible === 0,
    );
    await poller.close();
    sqs.releaseInFlight(arn);
    expect(sqs.depth(arn)).toMatchObject({ visible: 1, inFlight: 0 });
  });
});
