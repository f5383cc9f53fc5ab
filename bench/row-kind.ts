// Which kinds of rows a DynamoDB request is about, in the words of ARCHITECTURE.md, "Rows": keys without their ids.

export type Access = { readonly table: string; readonly kind: string };

type Key = { readonly pk?: { S?: string }; readonly sk?: { S?: string } };
type Input = {
  readonly TableName?: string;
  readonly Key?: Key;
  readonly Item?: Key;
  readonly IndexName?: string;
  readonly ExpressionAttributeValues?: Readonly<Record<string, { S?: string }>>;
  readonly RequestItems?: Readonly<Record<string, { Keys?: readonly Key[] } | readonly WriteRequest[]>>;
  readonly TransactItems?: readonly Readonly<Record<string, Input>>[];
};
type WriteRequest = { readonly PutRequest?: { Item: Key }; readonly DeleteRequest?: { Key: Key } };

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
      keysOf(requests).map((key) => ({ table: shortName(name), kind: kindOf(key) })),
    );
  }
  const table = shortName(TableName);
  const key = Key ?? Item;
  if (key) return [{ table, kind: kindOf(key) }];
  if (IndexName) return [{ table, kind: `index ${IndexName}` }];
  const values = Object.values(ExpressionAttributeValues ?? {}).flatMap(({ S }) => S ?? []);
  return [{ table, kind: values.map(withoutIds).join(' ') }];
}

function keysOf(requests: { Keys?: readonly Key[] } | readonly WriteRequest[]): readonly Key[] {
  if ('Keys' in requests) return requests.Keys ?? [];
  return (requests as readonly WriteRequest[]).flatMap(
    ({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key ?? [],
  );
}

function kindOf({ pk, sk }: Key): string {
  return `${withoutIds(pk?.S ?? '')} · ${withoutIds(sk?.S ?? '')}`;
}

function withoutIds(text: string): string {
  return text
    .replace(/\b([a-z]+)-[0-9A-Za-z]{24}\b/g, '$1')
    .replace(/\buser-\S+/g, 'user')
    .replace(/\b[0-9a-f]{64}\b/g, '<hash>')
    .replace(/\b\d{10,}\b/g, '<time>');
}

/** `espalier-local-executions` → `executions`. */
function shortName(table: string): string {
  return table.slice(table.lastIndexOf('-') + 1);
}
