// Rows on SQLite, with the conditions of aws/dynamo/rows.ts. A row is JSON text. Every call is one step of the open
// transaction, and a change is reported in the same step.

import { isDeepStrictEqual } from 'node:util';
import { startOf } from '../../aws/dynamo/expression.ts';
import type { Change, Expected, Key, QueryRange, Row, Rows, TableName, Write } from '../../core/context.ts';
import { given } from '../../core/given.ts';
import type { Database } from './database.ts';
import { openStatements, type Statements } from './row-statement.ts';
import { parseRow, printRow } from './row-text.ts';

/** Is called in the same step in which a row changes. `after` is undefined when the row was deleted. */
export type OnChange = (table: TableName, before: Row | undefined, after: Row | undefined) => void;

type Store = {
  /** A row that is kept as an object. */
  known(table: TableName, key: Key): Row | undefined;
  read(table: TableName, key: Key): Row | undefined;
  save(table: TableName, before: Row | undefined, row: Row): Row;
  remove(table: TableName, before: Row | undefined, key: Key): void;
};

/** The tables of a platform, which are made in the file if it does not have them. */
export function createRows({ sqlite, write }: Database, onChange: OnChange): Rows {
  const statements = openStatements(sqlite);
  const store = createStore(statements, onChange);
  const change = (one: Write): { readonly row: Row | undefined } | undefined => {
    const before = store.read(one.table, keyOf(one));
    if (!allows(before, one)) return undefined;
    return { row: write(() => carryOut(store, one, before)) };
  };
  return {
    get: async (table, key) => store.read(table, key),
    getMany: async (table, keys) => keys.map((key) => store.read(table, key)),
    query: async (table, range) =>
      page(statements[table], range, {
        known: (sk) => store.known(table, { pk: range.pk, sk }),
        read: (sk) => store.read(table, { pk: range.pk, sk }),
      }),
    put: async (table, row, expected) => change({ kind: 'put', table, row, expected }) !== undefined,
    update: async (table, key, how, expected) => change({ kind: 'update', table, key, change: how, expected })?.row,
    delete: async (table, key, expected) => change({ kind: 'delete', table, key, expected }) !== undefined,
    async transact(writes) {
      checkTransaction(writes);
      const before = writes.map((one) => store.read(one.table, keyOf(one)));
      if (!writes.every((one, index) => allows(before[index], one))) return false;
      write(() => {
        for (const [index, one] of writes.entries()) carryOut(store, one, before[index]);
      });
      return true;
    },
    due: async (shard, now, limit) =>
      statements.executions.due
        .all(shard, now, limit)
        .map(({ pk, dueAt }) => ({ id: String(pk), dueAt: Number(dueAt) })),
  };
}

/** Reads and writes rows. The ones that were read or written last are kept as objects, because parsing costs the most. */
function createStore(statements: Statements, onChange: OnChange): Store {
  const recent = new Map<string, Row>();
  const nameOf = (table: TableName, { pk, sk }: Key) => `${table}\0${pk}\0${sk}`;
  const keep = (name: string, row: Row) => {
    recent.delete(name);
    recent.set(name, row);
    if (recent.size <= recentRowCount) return;
    const [oldest] = recent.keys();
    if (oldest !== undefined) recent.delete(oldest);
  };
  return {
    known: (table, key) => recent.get(nameOf(table, key)),
    read(table, key) {
      const name = nameOf(table, key);
      const known = recent.get(name);
      if (known !== undefined) return known;
      const found = statements[table].get.get(key.pk, key.sk);
      if (found === undefined) return undefined;
      const row = parseRow(String(found.text));
      keep(name, row);
      return row;
    },
    save(table, before, after) {
      const row: Row = given(after);
      if (before !== undefined && isDeepStrictEqual(before, row)) return before;
      statements[table].put(row, printRow(row));
      keep(nameOf(table, row), row);
      onChange(table, before, row);
      return row;
    },
    remove(table, before, key) {
      if (before === undefined) return;
      statements[table].remove.run(key.pk, key.sk);
      recent.delete(nameOf(table, key));
      onChange(table, before, undefined);
    },
  };
}

function carryOut(store: Store, one: Write, before: Row | undefined): Row | undefined {
  switch (one.kind) {
    case 'put':
      return store.save(one.table, before, one.row);
    case 'update':
      return store.save(one.table, before, changed(before, one.change));
    case 'delete':
      return void store.remove(one.table, before, one.key);
    case 'check':
      return before;
    default:
      return one satisfies never;
  }
}

function keyOf(one: Write): Key {
  return one.kind === 'put' ? one.row : one.key;
}

/** A missing row has no attributes, and an update never makes one. */
function allows(row: Row | undefined, { kind, expected }: Write): boolean {
  if (kind === 'update' && row === undefined) return false;
  return meets(row, expected);
}

function meets(row: Row | undefined, expected: 'absent' | Expected | undefined): boolean {
  if (expected === undefined) return true;
  if (expected === 'absent') return row === undefined;
  return Object.entries(expected).every(([name, value]) => row?.[name] === value);
}

function changed(row: Row | undefined, { set = {}, remove = [] }: Change): Row {
  const next: Record<string, unknown> = { ...row, ...given(set) };
  for (const name of remove) delete next[name];
  if (next.pk !== row?.pk || next.sk !== row?.sk) throw new Error('an update may not change the key');
  return next as Row;
}

/** One row more than the limit is read, to know whether there is a next page. */
function page(
  statements: Statements[TableName],
  range: QueryRange,
  store: { known(sk: string): Row | undefined; read(sk: string): Row | undefined },
): { rows: Row[]; next?: string } {
  const { pk, prefix = '', descending = false, limit } = range;
  if (!(limit > 0)) throw new Error('a query needs a positive limit');
  const start = startOf(range);
  if (start === 'nothing') return { rows: [] };
  // The row to continue after ends the range, and is left out.
  const after = start === 'beginning' ? undefined : start.sk;
  const least = (descending ? undefined : after) ?? prefix;
  const greatest = (descending ? after : undefined) ?? prefix + lastText;
  const bounds = [pk, least, greatest, after ?? '', limit + 1] as const;
  const keys = (descending ? statements.descendingKeys : statements.ascendingKeys).all(...bounds);
  const found = keys.slice(0, limit).map(({ sk }) => String(sk));
  const next = keys.length > limit ? { next: String(found.at(-1)) } : {};
  const known = found.map((sk) => store.known(sk));
  if (known.filter((row) => row === undefined).length <= fewRows) {
    // Their texts are not read, which takes the longest.
    return { rows: found.flatMap((sk, index) => known[index] ?? store.read(sk) ?? []), ...next };
  }
  const texts = (descending ? statements.descending : statements.ascending).all(...bounds).slice(0, limit);
  return { rows: texts.map(({ text }, index) => known[index] ?? parseRow(String(text))), ...next };
}

function checkTransaction(writes: readonly Write[]): void {
  if (writes.length > maximumTransactionWrites)
    throw new Error(`a transaction has ${writes.length} writes, at most ${maximumTransactionWrites} are possible`);
  const keys = writes.map((one) => `${one.table} ${keyOf(one).pk}\0${keyOf(one).sk}`);
  if (new Set(keys).size !== keys.length) throw new Error('a transaction may name each key once');
}

/** DynamoDB's limit. What runs here must run there. */
const maximumTransactionWrites = 100;
const recentRowCount = 2_000;
/** So many rows are read one by one, and more together. */
const fewRows = 10;
/** No sort key has this character, and its bytes come after those of every other one. */
const lastText = '\u{10ffff}';
