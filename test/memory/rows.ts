// The tables in memory, with the exact conditions of the port: they accept and refuse what DynamoDB would. Every call
// is one atomic step, and a hook around each lets tests interleave calls, crash callers and lose answers. Stored rows
// are frozen, so that they are handed out without a copy.

import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { openIndex } from '../../aws/dynamo/tables.ts';
import type { Change, Expected, Key, QueryRange, Row, Rows, TableName, Write } from '../../core/context.ts';

/** One call of a port. `detail` is printed in schedules. */
export type Step = {
  readonly port: string;
  readonly name: string;
  readonly detail: string;
  readonly writes: boolean;
  /** What it was called with. Two steps of one name and equal arguments are the same call. */
  readonly args: unknown;
  /** The keys that it touches as `table pk/sk`, for a query as `rangeOf`. Absent when other steps cannot meet it. */
  readonly keys?: readonly string[];
};
/**
 * Runs around every call. `before` may wait (interleaving) or throw (the call never happened). `after` may throw (the
 * answer was lost, or the caller died).
 */
export type Hook = {
  before?(step: Step): Promise<void> | void;
  after?(step: Step, result: unknown): Promise<void> | void;
  /** Makes the call, or answers in its place. */
  answer?<Result>(step: Step, act: () => Result): Result;
};
/** One record of the stream of a table. */
export type RowChange = {
  readonly table: TableName;
  readonly before: Row | undefined;
  readonly after: Row | undefined;
};

export interface MemoryRows extends Rows {
  /** May be replaced at any time. */
  hook: Hook;
  /** Is called in the same step in which a row changes. */
  onChange: ((change: RowChange) => void) | undefined;
  /** Every row of a table, for assertions. */
  all(table: TableName): Row[];
  /** A text that is equal when all rows are equal. */
  digest(): string;
  /** Reads a row without a step and without hooks, for assertions. */
  peek(table: TableName, key: Key): Row | undefined;
}

/** `keys`: the sort keys in their order. */
type Partition = { readonly rows: Map<string, Row>; readonly keys: string[] };
type Table = Map<string, Partition>;

/** Makes one call of a port with its hook around it. */
export async function around<Result>(hook: Hook, step: Step, act: () => Result): Promise<Result> {
  await hook.before?.(step);
  const result = hook.answer === undefined ? act() : hook.answer(step, act);
  await hook.after?.(step, result);
  return result;
}

/** Empty tables. */
export function createMemoryRows(): MemoryRows {
  const tables: Record<TableName, Table> = {
    executions: new Map(),
    objects: new Map(),
    containers: new Map(),
    identities: new Map(),
  };
  const read = (table: TableName, { pk, sk }: Key): Row | undefined => tables[table].get(pk)?.rows.get(sk);
  const write = (table: TableName, key: Key, after: Row | undefined): void => {
    const before = read(table, key);
    const partition = tables[table].get(key.pk) ?? { rows: new Map<string, Row>(), keys: [] };
    if (before === undefined && after !== undefined)
      partition.keys.splice(positionOf(partition.keys, key.sk), 0, key.sk);
    if (before !== undefined && after === undefined) partition.keys.splice(positionOf(partition.keys, key.sk), 1);
    if (after === undefined) partition.rows.delete(key.sk);
    else partition.rows.set(key.sk, after);
    if (partition.rows.size > 0) tables[table].set(key.pk, partition);
    else tables[table].delete(key.pk);
    if (before !== undefined || after !== undefined) {
      if (rows.onChange !== undefined && !isDeepStrictEqual(before, after)) rows.onChange({ table, before, after });
    }
  };
  const step = <Result>(
    name: string,
    detail: string,
    writes: boolean,
    act: () => Result,
    args: unknown,
    keys: readonly string[] = [detail],
  ): Promise<Result> => {
    const which: Step = { port: 'rows', name, detail, writes, args, keys };
    return around(rows.hook, which, act);
  };
  const apply = (one: Write): void => {
    if (one.kind === 'put') write(one.table, one.row, clean(one.row));
    else if (one.kind === 'delete') write(one.table, one.key, undefined);
    else if (one.kind === 'update') write(one.table, one.key, changed(read(one.table, one.key), one.change));
  };
  const allows = (one: Write): boolean => {
    const found = read(one.table, one.kind === 'put' ? one.row : one.key);
    if (one.kind === 'update' && found === undefined) return false;
    return meets(found, one.expected);
  };
  const rows: MemoryRows = {
    hook: {},
    onChange: undefined,
    all: (table) => [...tables[table].values()].flatMap(({ rows }) => [...rows.values()]),
    digest: () => {
      const digests: string[] = [];
      for (const table of Object.values(tables)) {
        for (const partition of table.values()) for (const row of partition.rows.values()) digests.push(rowDigest(row));
      }
      return digests.sort().join(' ');
    },
    peek: read,
    get: (table, key) => step('get', print(table, key), false, () => read(table, key), key),
    getMany: (table, keys) =>
      step(
        'getMany',
        keys.map((key) => print(table, key)).join(' '),
        false,
        () => keys.map((key) => read(table, key)),
        keys,
        keys.map((key) => print(table, key)),
      ),
    query: (table, range) =>
      step(
        'query',
        `${table} ${range.pk}/${range.prefix ?? ''}* after ${range.after ?? '-'}`,
        false,
        () => page(tables[table].get(range.pk), range),
        range,
        [rangeOf(table, range)],
      ),
    put: (table, row, expected) => {
      const one: Write = { kind: 'put', table, row, expected };
      const act = () => {
        if (!allows(one)) return false;
        apply(one);
        return true;
      };
      return step('put', print(table, row), true, act, one, keysOf(one));
    },
    update: (table, key, change, expected) => {
      const one: Write = { kind: 'update', table, key, change, expected };
      const detail = `${print(table, key)} ${JSON.stringify(change.set ?? {}).slice(0, 120)}`;
      const act = () => {
        if (!allows(one)) return undefined;
        apply(one);
        return read(table, key);
      };
      return step('update', detail, true, act, one, keysOf(one));
    },
    delete: (table, key, expected) => {
      const one: Write = { kind: 'delete', table, key, expected };
      const act = () => {
        if (!allows(one)) return false;
        apply(one);
        return true;
      };
      return step('delete', print(table, key), true, act, one, keysOf(one));
    },
    transact: (writes) =>
      step(
        'transact',
        writes.map((one) => one.kind).join(' '),
        true,
        () => {
          checkTransaction(writes);
          if (!writes.every(allows)) return false;
          for (const one of writes) apply(one);
          return true;
        },
        writes,
        writes.flatMap(keysOf),
      ),
    due: (shard, now, limit) => {
      const act = () =>
        rows
          .all('executions')
          .filter((row) => row[openIndex.partitionKey] === shard && Number(row[openIndex.sortKey]) <= now)
          .sort((first, second) => Number(first[openIndex.sortKey]) - Number(second[openIndex.sortKey]))
          .slice(0, limit)
          .map((row) => ({ id: row.pk, dueAt: Number(row[openIndex.sortKey]) }));
      return step('due', String(shard), false, act, { shard, now, limit }, [indexEntry('*')]);
    },
  };
  return rows;
}

/** The keys that a query may touch: `<prefix>*`, and behind it the key after which they begin. */
function rangeOf(table: TableName, { pk, prefix = '', after, descending }: QueryRange): string {
  const from = after === undefined || descending === true ? '' : print(table, { pk, sk: after });
  return `${print(table, { pk, sk: prefix })}*${from}`;
}

/** The keys that a write touches: its row, and the entry of the row in the index if the write may change that. */
function keysOf(one: Write): string[] {
  const row = one.kind === 'put' ? one.row : one.key;
  return [print(one.table, row), ...(isIndexed(one) ? [indexEntry(row.pk)] : [])];
}

function isIndexed(one: Write): boolean {
  if (one.table !== 'executions' || one.kind === 'check') return false;
  if (one.kind === 'delete') return true;
  const names = one.kind === 'put' ? Object.keys(one.row) : Object.keys(one.change.set ?? {});
  const removed = one.kind === 'put' ? [] : (one.change.remove ?? []);
  return [...names, ...removed].some((name) => name === openIndex.partitionKey || name === openIndex.sortKey);
}

/** The key of a row's entry in the index of the sweep; `*` for all of them. */
export function indexEntry(pk: string): string {
  return `index ${pk}`;
}

/** True for the key of an entry in that index, which is not an item of its own. */
export function isIndexEntry(key: string): boolean {
  return key.startsWith(indexEntry(''));
}

/** Whether a row meets a condition. A missing row has no attributes. */
function meets(row: Row | undefined, expected: 'absent' | Expected | undefined): boolean {
  if (expected === undefined) return true;
  if (expected === 'absent') return row === undefined;
  return Object.entries(expected).every(
    ([name, value]) => row?.[name] === value || isDeepStrictEqual(row?.[name], value),
  );
}

function changed(row: Row | undefined, change: Change): Row {
  const next: Record<string, unknown> = { ...row, ...clean(change.set ?? {}) };
  for (const name of change.remove ?? []) delete next[name];
  if (next.pk !== row?.pk || next.sk !== row?.sk) throw new Error('an update may not change the key');
  return Object.freeze(next) as Row;
}

function page(partition: Partition | undefined, range: QueryRange): { rows: Row[]; next?: string } {
  if (!(range.limit > 0)) throw new Error('a query needs a positive limit');
  const { prefix = '', after, descending = false, limit } = range;
  const { rows: found, keys } = partition ?? { rows: new Map<string, Row>(), keys: [] };
  const first = positionOf(keys, prefix);
  const end = firstAfter(keys, first, (key) => !key.startsWith(prefix));
  const past =
    after === undefined ? undefined : firstAfter(keys, first, (key) => inKeyOrder(key, after) >= (descending ? 0 : 1));
  const [from, to] = descending ? [first, Math.min(end, past ?? end)] : [Math.max(first, past ?? first), end];
  const chosen = descending
    ? keys.slice(Math.max(from, to - limit), to).reverse()
    : keys.slice(from, Math.min(to, from + limit));
  const last = chosen.at(-1);
  const rows = chosen.map((sk) => found.get(sk) as Row);
  return to - from > limit && last !== undefined ? { rows, next: last } : { rows };
}

/** The position of a key, or the one where it belongs. */
function positionOf(keys: readonly string[], key: string): number {
  return firstAfter(keys, 0, (one) => inKeyOrder(one, key) >= 0);
}

/** The first position, not before `from`, whose key and all behind it are past something. */
function firstAfter(keys: readonly string[], from: number, isPast: (key: string) => boolean): number {
  let [low, high] = [from, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isPast(keys[middle] as string)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function checkTransaction(writes: readonly Write[]): void {
  if (writes.length === 0 || writes.length > 100)
    throw new Error(`a transaction has 1 to 100 writes, not ${writes.length}`);
  const keys = writes.map((one) => print(one.table, one.kind === 'put' ? one.row : one.key));
  if (new Set(keys).size !== keys.length) throw new Error('a transaction may name each key once');
}

/** A text that is equal for equal rows. Each stored row is printed once. */
export function rowDigest(row: Row): string {
  const known = digests.get(row);
  if (known !== undefined) return known;
  const digest = hash('sha1', JSON.stringify(Object.entries(row).sort(byName)), 'base64');
  digests.set(row, digest);
  return digest;
}

function byName([first]: [string, unknown], [second]: [string, unknown]): number {
  return byCodeUnit(first, second);
}

function byCodeUnit(first: string, second: string): number {
  return first < second ? -1 : first > second ? 1 : 0;
}

/** Sort keys are in the order of their UTF-8 bytes. Only from the surrogates on does UTF-16 have another order. */
function inKeyOrder(first: string, second: string): number {
  if (!lateCharacter.test(first) && !lateCharacter.test(second)) return byCodeUnit(first, second);
  return Buffer.compare(Buffer.from(first), Buffer.from(second));
}

function print(table: TableName, { pk, sk }: Key): string {
  return `${table} ${pk}/${sk}`;
}

/** A frozen copy of a row. Attributes that are undefined are not stored. */
function clean<Attributes extends object>(row: Attributes): Attributes {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) if (value !== undefined) result[name] = frozen(value);
  return Object.freeze(result) as Attributes;
}

/** A frozen copy of a value. Bytes are only copied, because they cannot be frozen. */
function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return Object.freeze(value.map(frozen));
  const result: Record<string, unknown> = {};
  for (const name in value) result[name] = frozen((value as Record<string, unknown>)[name]);
  return Object.freeze(result);
}

const lateCharacter = /[\ud800-\uffff]/;
const digests = new WeakMap<Row, string>();
