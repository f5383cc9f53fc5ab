// Shared by the DynamoDB suites: clients as the product makes them, tables as the template declares them, and readers
// of refusals.

import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createDocumentClient } from '../../aws/clients.ts';
import { openIndex } from '../../aws/dynamo/tables.ts';
import { contractRegion, type Endpoint } from './endpoint.ts';

export type Clients = {
  readonly raw: DynamoDBClient;
  readonly rows: DynamoDBDocumentClient;
  readonly streams: DynamoDBStreamsClient;
};

const tableLimitSeconds = 30;

/** Makes clients without the SDK's own retries, as in `aws/clients.ts`. */
export function clientsOf({ endpoint, credentials }: Endpoint): Clients {
  const config = { region: contractRegion, endpoint, credentials, maxAttempts: 1 };
  const raw = new DynamoDBClient(config);
  return { raw, rows: createDocumentClient(raw), streams: new DynamoDBStreamsClient(config) };
}

/** Creates a table with the `open` index and a stream, as `executions` has. */
export async function givenTable(client: DynamoDBClient): Promise<{ TableName: string; streamArn: string }> {
  const TableName = `contract-${randomUUID()}`;
  const key = (AttributeName: string, AttributeType: 'S' | 'N') => ({ AttributeName, AttributeType });
  const schema = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ];
  const { partitionKey, sortKey, name } = openIndex;
  const answer = await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [key('pk', 'S'), key('sk', 'S'), key(partitionKey, 'N'), key(sortKey, 'N')],
      KeySchema: schema('pk', 'sk'),
      GlobalSecondaryIndexes: [
        { IndexName: name, KeySchema: schema(partitionKey, sortKey), Projection: { ProjectionType: 'KEYS_ONLY' } },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: tableLimitSeconds }, { TableName });
  return { TableName, streamArn: answer.TableDescription?.LatestStreamArn ?? '' };
}

/** The name of a refusal, or `accepted`. */
export function refusalOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'accepted',
    (error: Error) => error.name,
  );
}

/** The reason for each write of a cancelled transaction: `None` if that write was possible. */
export function reasonsOf(call: Promise<unknown>): Promise<(string | undefined)[] | string> {
  return call.then(
    () => 'accepted',
    (error: Error & { CancellationReasons?: { Code?: string }[] }) =>
      error.CancellationReasons?.map(({ Code }) => Code) ?? error.name,
  );
}
