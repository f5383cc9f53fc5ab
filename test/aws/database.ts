// A DynamoDB for one test file: dynoxide in memory, with the product's tables. It ends with the tests.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { openIndex, tables } from '../../aws/dynamo/tables.ts';

export const tablePrefix = 'espalier-test-';
const program = join(import.meta.dirname, '../../node_modules/@dynoxide/linux-x64/dynoxide');
const startDeadlineMs = 20_000;

export type Database = {
  readonly endpoint: string;
  /** A client without retries of its own. A request handler may be wrapped around its connection. */
  client(config?: Partial<DynamoDBClientConfig>): DynamoDBClient;
  close(): Promise<void>;
};

export async function startDatabase(): Promise<Database> {
  const port = await freePort();
  const child = spawn(program, ['--port', String(port)], { stdio: 'ignore' });
  const client = (config: Partial<DynamoDBClientConfig> = {}) =>
    new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
      ...config,
    });
  await createTables(client(), child);
  return { endpoint: `http://127.0.0.1:${port}`, client, close: () => end(child) };
}

async function createTables(client: DynamoDBClient, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + startDeadlineMs;
  for (const { suffix, index } of Object.values(tables)) {
    const command = new CreateTableCommand({
      TableName: tablePrefix + suffix,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
        ...(index === undefined
          ? []
          : ([
              { AttributeName: openIndex.partitionKey, AttributeType: 'N' },
              { AttributeName: openIndex.sortKey, AttributeType: 'N' },
            ] as const)),
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      ...(index === undefined
        ? {}
        : {
            GlobalSecondaryIndexes: [
              {
                IndexName: openIndex.name,
                KeySchema: [
                  { AttributeName: openIndex.partitionKey, KeyType: 'HASH' },
                  { AttributeName: openIndex.sortKey, KeyType: 'RANGE' },
                ],
                Projection: { ProjectionType: 'KEYS_ONLY' },
              },
            ],
          }),
    });
    await whenItListens(() => client.send(command), child, deadline);
  }
}

/** Asks until the server listens. Any other error is thrown. */
async function whenItListens(ask: () => Promise<unknown>, child: ChildProcess, deadline: number): Promise<void> {
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      const refused = (error as { code?: string }).code === 'ECONNREFUSED';
      if (!refused || Date.now() > deadline || child.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
