// Rows on a real engine: the contract of the port, and the faults that AWS leaves to its callers.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDocumentClient } from '../../aws/clients.ts';
import { createRows } from '../../aws/dynamo/rows.ts';
import { AwsFailure } from '../../aws/failure.ts';
import type { Rows } from '../../core/context.ts';
import { checkRows } from '../contract/port/rows.ts';
import { type Database, startDatabase, tablePrefix } from './database.ts';
import { type Fault, firstTimes, refusal, withFaults } from './faults.ts';

let database: Database;
let rows: Rows;
let count = 0;

beforeAll(async () => {
  database = await startDatabase();
  rows = createRows(createDocumentClient(database.client()), tablePrefix);
});
afterAll(() => database.close());

/** A partition that no other test uses. */
function freshKey(): string {
  count += 1;
  return `job-${count}`;
}

function givenFaults(fault: Fault, attempts = 5) {
  const { requestHandler, sent } = withFaults(database.client(), fault);
  const client = createDocumentClient(database.client({ requestHandler }));
  const patience = { attempts, firstDelayMs: 1, longestDelayMs: 4 };
  return { faulty: createRows(client, tablePrefix, patience), sent };
}

checkRows(async () => ({
  rows: createRows(createDocumentClient(database.client()), tablePrefix),
  close: () => undefined,
}));

describe('faults', () => {
  const conflict = refusal('TransactionCanceledException', {
    CancellationReasons: [{ Code: 'None' }, { Code: 'TransactionConflict' }],
  });
  const writes = (pk: string) =>
    [
      { kind: 'put', table: 'executions', row: { pk, sk: 'A' }, expected: 'absent' },
      { kind: 'put', table: 'executions', row: { pk, sk: 'B' } },
    ] as const;

  test('a transaction in conflict is tried again under one token', async () => {
    const pk = freshKey();
    const tokens = new Set<unknown>();
    const conflicts = firstTimes(3, 'TransactWriteItems', conflict);
    const { faulty, sent } = givenFaults((operation, body) => {
      tokens.add(body.ClientRequestToken);
      return conflicts(operation, body);
    });
    expect(await faulty.transact(writes(pk))).toBe(true);
    expect([sent.length, tokens.size]).toEqual([4, 1]);
    expect(await rows.get('executions', { pk, sk: 'B' })).toBeDefined();
  });

  test('a failed condition beside a conflict is an answer, not a reason to try again', async () => {
    const reasons = [{ Code: 'ConditionalCheckFailed' }, { Code: 'TransactionConflict' }];
    const both = refusal('TransactionCanceledException', { CancellationReasons: reasons });
    const { faulty, sent } = givenFaults(firstTimes(9, 'TransactWriteItems', both));
    expect(await faulty.transact(writes(freshKey()))).toBe(false);
    expect(sent).toHaveLength(1);
  });

  test('endless conflict is reported as a transient failure, after a limited time', async () => {
    const { faulty, sent } = givenFaults(firstTimes(99, 'TransactWriteItems', conflict), 4);
    const failure = await faulty.transact(writes(freshKey())).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AwsFailure);
    expect(failure).toMatchObject({ operation: 'TransactWriteItems', transient: true });
    expect(sent).toHaveLength(4);
  });

  test.each([
    ['throttled', refusal('ThrottlingException')],
    ['out of throughput', refusal('ProvisionedThroughputExceededException')],
    ['in conflict with a transaction', refusal('TransactionConflictException')],
    ['met by a fault of the service', { statusCode: 500, body: { __type: 'InternalServerError', message: '' } }],
    ['cut off', 'connection reset'],
  ] as const)('an update that is %s is tried again', async (_name, fault) => {
    const key = { pk: freshKey(), sk: 'A' };
    await rows.put('executions', key);
    const { faulty, sent } = givenFaults(firstTimes(2, 'UpdateItem', fault));
    expect(await faulty.update('executions', key, { set: { try: 1 } })).toEqual({ ...key, try: 1 });
    expect(sent).toHaveLength(3);
  });

  test('a mistake of ours is reported at once, under its own name', async () => {
    const { faulty, sent } = givenFaults(firstTimes(9, 'GetItem', refusal('ValidationException')));
    const failure = await faulty.get('executions', { pk: 'x', sk: 'A' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AwsFailure);
    expect(failure).toMatchObject({ code: 'ValidationException', transient: false, operation: 'GetItem' });
    expect(sent).toHaveLength(1);
  });

  test('only keys that were not processed are read again', async () => {
    const pk = freshKey();
    const keys = ['1', '2', '3'].map((sk) => ({ pk, sk }));
    for (const key of keys) await rows.put('executions', key);
    const asked: number[] = [];
    const { faulty } = givenFaults((operation, body) => {
      if (operation !== 'BatchGetItem') return undefined;
      const name = `${tablePrefix}executions`;
      const Keys = (body.RequestItems as Record<string, { Keys: Record<string, unknown>[] }>)[name]?.Keys ?? [];
      asked.push(Keys.length);
      // The first two requests get only the first key.
      if (asked.length > 2) return undefined;
      const [first, ...rest] = Keys;
      return { statusCode: 200, body: { Responses: { [name]: [first] }, UnprocessedKeys: { [name]: { Keys: rest } } } };
    });
    expect(await faulty.getMany('executions', keys)).toEqual(keys);
    expect(asked).toEqual([3, 2, 1]);
  });

  test('keys that are never processed are a transient failure, after a limited time', async () => {
    const name = `${tablePrefix}executions`;
    const { faulty, sent } = givenFaults((_operation, body) => {
      const { Keys } = (body.RequestItems as Record<string, { Keys: object[] }>)[name] ?? { Keys: [] };
      return { statusCode: 200, body: { Responses: {}, UnprocessedKeys: { [name]: { Keys } } } };
    }, 3);
    const failure = await faulty.getMany('executions', [{ pk: 'a', sk: 'A' }]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'AwsFailure', code: 'UnprocessedKeys', transient: true });
    expect(sent).toHaveLength(3);
  });
});
