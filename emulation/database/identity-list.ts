// Puts users and tokens that an earlier version made on their lists, which it did not keep.

import type { Row } from '../../core/context.ts';
import { entryOf } from '../../core/row/identities.ts';
import type { DynamoClient } from './client.ts';

type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

/** @param TableName the table of users and tokens */
export async function listIdentities(client: DynamoClient, TableName: string): Promise<void> {
  let ExclusiveStartKey: unknown;
  do {
    const page = await client.call('Scan', { TableName, ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}) });
    const entries = (page.Items as readonly Item[]).map((item) => entryOf(rowOf(item)));
    for (const entry of entries) if (entry !== undefined) await putIfAbsent(client, TableName, entry);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
}

async function putIfAbsent(client: DynamoClient, TableName: string, row: Row): Promise<void> {
  try {
    await client.call('PutItem', { TableName, Item: itemOf(row), ConditionExpression: 'attribute_not_exists(pk)' });
  } catch (error) {
    if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
  }
}

/** The texts and numbers of an item. */
function rowOf(item: Item): Row {
  const values = Object.entries(item).map(([name, { S, N }]) => [name, S ?? Number(N)]);
  return Object.fromEntries(values) as Row;
}

function itemOf(row: Row): Item {
  const values = Object.entries(row).map(([name, value]) => [
    name,
    typeof value === 'number' ? { N: String(value) } : { S: String(value) },
  ]);
  return Object.fromEntries(values) as Item;
}
