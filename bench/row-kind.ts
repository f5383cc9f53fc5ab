// Which kinds of rows a DynamoDB request is about, by the names of docs/rows.md.

import { rowKinds } from '../core/row/row-kinds.ts';

export type Access = { readonly table: string; readonly kind: string };

type Key = { readonly pk?: { readonly S?: string }; readonly sk?: { readonly S?: string } };
type Input = {
  readonly TableName?: string;
  readonly Key?: Key;
  readonly Item?: Key;
  readonly IndexName?: string;
  readonly ExpressionAttributeValues?: Readonly<Record<string, { readonly S?: string }>>;
  readonly RequestItems?: Readonly<Record<string, { readonly Keys?: readonly Key[] } | readonly WriteRequest[]>>;
  readonly TransactItems?: readonly Readonly<Record<string, Input>>[];
};
type WriteRequest = { readonly PutRequest?: { readonly Item: Key }; readonly DeleteRequest?: { readonly Key: Key } };

/** One access for each item that is named, and one for a query. */
export function accessesOf(operation: string, input: Readonly<Record<string, unknown>>): Access[] {
  const {
    TableName = '',
    Key,
    Item,
    IndexName,
    ExpressionAttributeValues,
    RequestItems,
    TransactItems,
  } = input as Input;
  if (TransactItems)
    return TransactItems.flatMap((item) => Object.values(item).flatMap((one) => accessesOf(operation, one)));
  if (RequestItems) {
    return Object.entries(RequestItems).flatMap(([name, requests]) =>
      keysOf(requests).map((key) => ({ table: shortName(name), kind: kindOf(shortName(name), key) })),
    );
  }
  const table = shortName(TableName);
  const key = Key ?? Item;
  if (key) return [{ table, kind: kindOf(table, key) }];
  if (IndexName) return [{ table, kind: `index ${IndexName}` }];
  const { ':pk': pk, ':prefix': prefix } = ExpressionAttributeValues ?? {};
  return [{ table, kind: kindsOf(table, pk?.S ?? '', prefix?.S ?? '') }];
}

function keysOf(requests: { Keys?: readonly Key[] } | readonly WriteRequest[]): readonly Key[] {
  if ('Keys' in requests) return requests.Keys ?? [];
  return (requests as readonly WriteRequest[]).flatMap(
    ({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key ?? [],
  );
}

function kindOf(table: string, { pk, sk }: Key): string {
  const key = { pk: pk?.S ?? '', sk: sk?.S ?? '' };
  return rowKinds.find((kind) => kind.table === table && kind.matches(key))?.name ?? 'unknown';
}

/** A query may find rows of several kinds. */
function kindsOf(table: string, pk: string, prefix: string): string {
  const names = rowKinds.filter((kind) => kind.table === table && kind.mayBeFound(pk, prefix)).map(({ name }) => name);
  return `query: ${names.join(', ') || 'unknown'}`;
}

/** `espalier-local-executions` → `executions`. */
function shortName(table: string): string {
  return table.slice(table.lastIndexOf('-') + 1);
}
