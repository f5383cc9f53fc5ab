// Tests the database process, the gate before it, and its tables, through the SDK that functions use.

import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BatchGetItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../../emulation/authority/authority.ts';
import { createSigV4Verifier } from '../../emulation/cloud/wire/signature.ts';
import { createDynamoClient } from '../../emulation/database/client.ts';
import { type Database, startDynoxide } from '../../emulation/database/dynoxide.ts';
import { type Gate, openGate } from '../../emulation/database/gate.ts';
import { listIdentities } from '../../emulation/database/identity-list.ts';
import { createRequestReader } from '../../emulation/database/request-reader.ts';
import { startStreamUpkeep } from '../../emulation/database/stream-store.ts';
import { createTables } from '../../emulation/database/table.ts';
import { eventually, givenTemporaryFolder } from '../machine/temporary-folder.ts';

const folder = givenTemporaryFolder();
const role = {
  type: 'AWS::IAM::Role',
  stack: 's',
  logicalId: 'R',
  name: 'r',
  arn: 'arn:aws:iam::000000000000:role/r',
  properties: {
    Policies: [
      {
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Allow',
              Action: ['dynamodb:GetItem', 'dynamodb:PutItem'],
              Resource: 'arn:aws:dynamodb:us-east-1:000000000000:table/mine',
            },
          ],
        },
      },
    ],
  },
};
const table = (TableName: string, rest: object = {}) => ({
  type: 'AWS::DynamoDB::Table',
  stack: 's',
  logicalId: TableName,
  name: TableName,
  arn: undefined,
  properties: {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    ...rest,
  },
});

describe('the gate before the database', () => {
  let database: Database;
  let gate: Gate;
  const written: string[] = [];
  const authority = createAuthority([role]);
  const key = authority.issueKey(role.arn, 'f');
  const file = join(folder, 'dynamo.sqlite');
  const clientWith = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
    new DynamoDBClient({ endpoint: `http://127.0.0.1:${gate.port}`, region: 'us-east-1', credentials, maxAttempts: 1 });
  const item = (size = 1) => ({ TableName: 'mine', Item: { pk: { S: 'k' }, text: { S: 'x'.repeat(size) } } });

  beforeAll(async () => {
    database = await startDynoxide(file, () => undefined);
    const target = { endpoint: database.endpoint, region: 'us-east-1', credentials: undefined };
    await createTables(createDynamoClient(target), [table('mine'), table('other')]);
    gate = await openGate({
      target,
      verify: createSigV4Verifier(authority.credentials),
      authorise: authority.authorise,
      onWrite: (tables) => written.push(...tables),
    });
  });
  afterAll(async () => {
    await gate.close();
    await database.close();
  });

  it('passes requests that the role allows, also large items, and reports writes', async () => {
    const client = clientWith(key);
    await client.send(new PutItemCommand(item(300_000)));
    const { Item } = await client.send(new GetItemCommand({ TableName: 'mine', Key: { pk: { S: 'k' } } }));
    expect(Item?.text?.S).toHaveLength(300_000);
    expect(written).toEqual(['mine']);
  });

  it.each([
    ['another table', new GetItemCommand({ TableName: 'other', Key: { pk: { S: 'k' } } })],
    ['another action', new BatchGetItemCommand({ RequestItems: { mine: { Keys: [{ pk: { S: 'k' } }] } } })],
  ])('refuses %s as AWS does', async (_what, command) => {
    const client = clientWith(key);
    await expect(client.send(command as GetItemCommand)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await client.send(new PutItemCommand(item()));
  });

  it('refuses a wrong secret and an unknown key', async () => {
    const wrong = clientWith({ ...key, secretAccessKey: 'wrong' });
    await expect(wrong.send(new PutItemCommand(item()))).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    const unknown = clientWith({ accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' });
    await expect(unknown.send(new PutItemCommand(item()))).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
  });

  it('closes the connection on bytes that are not a request', async () => {
    const socket = connect(gate.port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.write('SSH-2.0-x\r\n\r\n');
    await closed;
  });

  it('serves again after its database was killed', async () => {
    const client = clientWith(key);
    await client.send(new PutItemCommand(item(7)));
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const serving = pids.filter((pid) => {
      try {
        const [program = '', ...rest] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return program.endsWith('/dynoxide') && rest.includes(file);
      } catch {
        return false;
      }
    });
    expect(serving).toHaveLength(1);
    process.kill(Number(serving[0]), 'SIGKILL');
    const get = new GetItemCommand({ TableName: 'mine', Key: { pk: { S: 'k' } } });
    const read = await eventually('an answer', () => client.send(get).catch(() => undefined));
    expect(read.Item?.text?.S).toBe('x'.repeat(7));
  });
});

describe('tables of a data folder', () => {
  it('get the lists of users and tokens that an earlier version did not keep', async () => {
    const { endpoint, close } = await startDynoxide(join(folder, 'listed.sqlite'), () => undefined);
    const client = createDynamoClient({ endpoint, region: 'us-east-1', credentials: undefined });
    const name = 'x-identities';
    const keyed = {
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    };
    await createTables(client, [table(name, keyed)]);
    const sk = { S: 'A' };
    const user = { S: 'user-ann' };
    for (const Item of [
      { pk: user, sk, handle: { S: 'ann' }, created: { N: '5' }, billTo: user },
      { pk: { S: 'token#0a' }, sk, user, expiresAtSeconds: { N: '70' }, label: { S: 'x' } },
      { pk: { S: 'connection#c' }, sk, expiresAtSeconds: { N: '7' } },
    ])
      await client.call('PutItem', { TableName: name, Item });
    const all = async () => (await client.call('Scan', { TableName: name })).Items;
    await listIdentities(client, name);
    const listed = await all();
    expect(listed).toHaveLength(5);
    expect(listed).toContainEqual({ pk: { S: 'users' }, sk: user });
    expect(listed).toContainEqual({ pk: user, sk: { S: 'T#0a' }, expiresAtSeconds: { N: '70' } });
    await listIdentities(client, name);
    expect(await all()).toEqual(listed);
    client.close();
    await close();
  });

  it('are refused if they were made with other keys', async () => {
    const database = await startDynoxide(join(folder, 'old.sqlite'), () => undefined);
    const client = createDynamoClient({ endpoint: database.endpoint, region: 'us-east-1', credentials: undefined });
    await createTables(client, [table('mine')]);
    await createTables(client, [table('mine')]);
    const streaming = table('mine', { StreamSpecification: { StreamViewType: 'KEYS_ONLY' } });
    await expect(createTables(client, [streaming])).rejects.toThrow(/this version needs pk HASH; KEYS_ONLY/);
    client.close();
    await database.close();
  });
});

describe('the streams of a data folder', () => {
  const file = join(folder, 'streams.sqlite');
  const dayMs = 86_400_000;
  const countManyRecords = "SELECT count(*) AS n FROM _stream_records WHERE table_name = 'many'";
  const inFile = <Result>(work: (sqlite: DatabaseSync) => Result) => {
    const sqlite = new DatabaseSync(file);
    try {
      return work(sqlite);
    } finally {
      sqlite.close();
    }
  };
  const numbers = () =>
    inFile((sqlite) => sqlite.prepare('SELECT sequence_number AS n FROM _stream_records ORDER BY id').all()).map(
      ({ n }) => Number(n),
    );

  const trimAt = (now: number) => {
    const upkeep = startStreamUpkeep(file, () => now);
    upkeep.run();
    upkeep.close();
  };

  it('lose records older than a day, and continue their numbers', async () => {
    const database = await startDynoxide(file, () => undefined);
    const client = createDynamoClient({ endpoint: database.endpoint, region: 'us-east-1', credentials: undefined });
    await createTables(client, [table('mine', { StreamSpecification: { StreamViewType: 'KEYS_ONLY' } })]);
    const write = (pk: string) => client.call('PutItem', { TableName: 'mine', Item: { pk: { S: pk } } });
    for (const pk of ['a', 'b', 'c']) await write(pk);
    trimAt(Date.now() + dayMs / 2);
    expect(numbers()).toEqual([1, 2, 3]);
    trimAt(Date.now() + 2 * dayMs);
    expect(numbers()).toEqual([3]);
    await write('d');
    expect(numbers()).toEqual([3, 4]);
    client.close();
    await database.close();
  });

  it('lose old records in pieces, and only while the engine does not lock its file', async () => {
    const database = await startDynoxide(file, () => undefined);
    inFile((sqlite) =>
      sqlite.exec(`WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < 1200)
        INSERT INTO _stream_records (table_name, event_name, keys_json, sequence_number, shard_id, created_at)
        SELECT 'many', 'INSERT', '{}', n, 's', 1 FROM series`),
    );
    const count = () => inFile((sqlite) => sqlite.prepare(countManyRecords).get())?.n;
    const upkeep = startStreamUpkeep(file, Date.now);
    const engine = new DatabaseSync(file);
    engine.exec('BEGIN IMMEDIATE');
    upkeep.run();
    engine.exec('COMMIT');
    engine.close();
    expect(count()).toBe(1200);
    upkeep.run();
    expect(count()).toBeGreaterThanOrEqual(700);
    await eventually('the last record alone', () => count() === 1);
    upkeep.close();
    await database.close();
  });

  it('are searched by an index for the exact statements of the engine', () => {
    const plan = (statement: string) =>
      inFile((sqlite) => sqlite.prepare(`EXPLAIN QUERY PLAN ${statement}`).all('mine')).map(({ detail }) => detail);
    const next =
      'SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = ?';
    const after = `SELECT * FROM _stream_records WHERE table_name = ? AND shard_id = 's' AND CAST(sequence_number AS INTEGER) > 5
                   ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT 9`;
    expect(plan(next)).toEqual([expect.stringContaining('INDEX espalier_stream_order (table_name=?)')]);
    expect(plan(after)).toEqual([expect.stringContaining('INDEX espalier_stream_order (table_name=? AND <expr>>?)')]);
  });
});

describe('bytes of a connection', () => {
  const request = (body: string) =>
    Buffer.from(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);

  it('become the same requests, however they are cut', () => {
    const bytes = Buffer.concat([request('{"a":"ä"}'), request(''), request('x'.repeat(50))]);
    for (let size = 1; size < bytes.length; size += 1) {
      const read = createRequestReader();
      const bodies: string[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        for (const { body } of read(bytes.subarray(at, at + size))) bodies.push(body.toString());
      }
      expect(bodies).toEqual(['{"a":"ä"}', '', 'x'.repeat(50)]);
    }
  });

  it.each([
    ['a chunked body', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a body above the limit', 'POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n'],
    ['a length that is not a number', 'POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n'],
    ['an endless head', 'x'.repeat(20_000)],
  ])('are refused for %s', (_what, text) => {
    expect(() => createRequestReader()(Buffer.from(text))).toThrow();
  });
});
