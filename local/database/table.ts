// Makes the tables that the template declares. It knows nothing of rows.
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type TableDescription,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { StartRefusal } from '../start-refusal.ts';
import type { DeployedResource } from '../template/resource-set.ts';

/** Properties of the template's type that CreateTable takes under the same name. */
const CREATION_PROPERTIES = [
  'TableName',
  'AttributeDefinitions',
  'KeySchema',
  'BillingMode',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
] as const;

type Properties = DeployedResource['properties'];

/**
 * Creates each table that is absent. One that exists must have the same keys, indexes and stream.
 * @throws StartRefusal when it has others: the data was made by another version of the template.
 */
export async function createTables(client: DynamoDBClient, tables: readonly DeployedResource[]): Promise<void> {
  await Promise.all(
    tables.map(async ({ name, properties }) => {
      const existing = await describeTable(client, name);
      if (existing) checkSame(name, existing, properties);
      else await client.send(new CreateTableCommand(creationInput(name, properties)));
      await enableExpiry(client, name, properties);
    }),
  );
}

async function describeTable(client: DynamoDBClient, name: string): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: name }))).Table;
  } catch (error) {
    if ((error as Error).name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

function creationInput(name: string, properties: Properties): CreateTableCommandInput {
  const taken = CREATION_PROPERTIES.filter((property) => properties[property] !== undefined);
  const stream = properties.StreamSpecification as object | undefined;
  return {
    ...Object.fromEntries(taken.map((property) => [property, properties[property]])),
    TableName: name,
    ...(stream ? { StreamSpecification: { StreamEnabled: true, ...stream } } : {}),
  } as CreateTableCommandInput;
}

function checkSame(name: string, existing: TableDescription, properties: Properties): void {
  const indexes = (properties.GlobalSecondaryIndexes ?? []) as readonly { IndexName: string; KeySchema: unknown }[];
  const stream = (properties.StreamSpecification as { StreamViewType?: string } | undefined)?.StreamViewType;
  const declared = [keysOf(properties.KeySchema), ...indexes.map(indexText).sort(), String(stream)].join('; ');
  const found = [
    keysOf(existing.KeySchema),
    ...(existing.GlobalSecondaryIndexes ?? []).map(indexText).sort(),
    String(existing.StreamSpecification?.StreamEnabled ? existing.StreamSpecification.StreamViewType : undefined),
  ].join('; ');
  if (declared === found) return;
  throw new StartRefusal(
    `The table ${name} in the data folder has ${found}, this version needs ${declared}: start with another --data.`,
  );
}

function indexText({ IndexName, KeySchema }: { IndexName?: string | undefined; KeySchema?: unknown }): string {
  return `${IndexName} ${keysOf(KeySchema)}`;
}

function keysOf(schema: unknown): string {
  const keys = (schema ?? []) as readonly { AttributeName: string; KeyType: string }[];
  return keys.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`).join(', ');
}

async function enableExpiry(client: DynamoDBClient, name: string, properties: Properties): Promise<void> {
  const declared = properties.TimeToLiveSpecification as { AttributeName: string; Enabled: boolean } | undefined;
  if (!declared?.Enabled) return;
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: name }));
  if (TimeToLiveDescription?.TimeToLiveStatus === 'ENABLED') return;
  await client.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification: declared }));
}
