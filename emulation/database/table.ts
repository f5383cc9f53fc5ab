// Creates the tables that the template declares.

import { setTimeout as delay } from 'node:timers/promises';
import { StartRefusal } from '../../machine/start-refusal.ts';
import type { DeployedResource } from '../template/resource-set.ts';
import type { DynamoClient } from './client.ts';

type Properties = DeployedResource['properties'];
type TableDescription = {
  readonly TableStatus?: string;
  readonly KeySchema?: unknown;
  readonly GlobalSecondaryIndexes?: readonly { readonly IndexName?: string; readonly KeySchema?: unknown }[];
  readonly StreamSpecification?: { readonly StreamEnabled?: boolean; readonly StreamViewType?: string };
};

/**
 * Creates each table that is absent. One that exists must have the same keys, indexes and stream.
 * @throws StartRefusal when it has others, because then another version of the template made the data.
 */
export async function createTables(client: DynamoClient, tables: readonly DeployedResource[]): Promise<void> {
  await Promise.all(
    tables.map(async ({ name, properties }) => {
      const existing = await describeTable(client, name);
      if (existing) checkSame(name, existing, properties);
      else await createTable(client, name, properties);
      await enableExpiry(client, name, properties);
    }),
  );
}

async function describeTable(client: DynamoClient, name: string): Promise<TableDescription | undefined> {
  try {
    return (await client.call('DescribeTable', { TableName: name })).Table as TableDescription;
  } catch (error) {
    if ((error as Error).name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

/** Local engines answer CreateTable when the table exists. AWS answers seconds earlier. */
async function createTable(client: DynamoClient, name: string, properties: Properties): Promise<void> {
  const { TableDescription } = await client.call('CreateTable', creationInput(name, properties));
  let table = TableDescription as TableDescription | undefined;
  for (const deadline = Date.now() + creationLimitMs; table?.TableStatus !== 'ACTIVE'; await delay(creationPollMs)) {
    if (Date.now() > deadline) {
      throw new StartRefusal(`The table ${name} was not created within ${creationLimitMs / 1000} s.`);
    }
    table = await describeTable(client, name);
  }
}

function creationInput(name: string, properties: Properties): object {
  const taken = creationProperties.filter((property) => properties[property] !== undefined);
  const stream = properties.StreamSpecification as object | undefined;
  return {
    ...Object.fromEntries(taken.map((property) => [property, properties[property]])),
    TableName: name,
    ...(stream ? { StreamSpecification: { StreamEnabled: true, ...stream } } : {}),
  };
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
    `The table ${name} in the data folder has ${found}, but this version needs ${declared}: start with another --data.`,
  );
}

function indexText({ IndexName, KeySchema }: { IndexName?: string | undefined; KeySchema?: unknown }): string {
  return `${IndexName} ${keysOf(KeySchema)}`;
}

function keysOf(schema: unknown): string {
  const keys = (schema ?? []) as readonly { AttributeName: string; KeyType: string }[];
  return keys.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`).join(', ');
}

async function enableExpiry(client: DynamoClient, name: string, properties: Properties): Promise<void> {
  const declared = properties.TimeToLiveSpecification as { AttributeName: string; Enabled: boolean } | undefined;
  if (!declared?.Enabled) return;
  const { TimeToLiveDescription } = await client.call('DescribeTimeToLive', { TableName: name });
  if ((TimeToLiveDescription as { TimeToLiveStatus?: string } | undefined)?.TimeToLiveStatus === 'ENABLED') return;
  await client.call('UpdateTimeToLive', { TableName: name, TimeToLiveSpecification: declared });
}

/** The properties of `AWS::DynamoDB::Table` that CreateTable takes under the same name. */
const creationProperties = [
  'TableName',
  'AttributeDefinitions',
  'KeySchema',
  'BillingMode',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
] as const;

const creationLimitMs = 120_000;
const creationPollMs = 500;
