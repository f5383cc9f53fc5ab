// Rows on SQLite: the contract of the port, agreement with the rows in memory on random calls, and what survives.

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Key, Row, Rows, TableName, Write } from '../../core/context.ts';
import { type Durability, openDatabase } from '../../embedded/database/database.ts';
import { createRows } from '../../embedded/database/rows.ts';
import { checkRows } from '../contract/port/rows.ts';
import { seededRandom } from '../memory/context.ts';
import { createMemoryRows } from '../memory/rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));

function openRows(name: string, durability: Durability = 'kernel') {
  const lost: unknown[] = [];
  const changes: unknown[] = [];
  const database = openDatabase(join(folder, name), durability, (fault) => lost.push(fault));
  const rows = createRows(database, (table, before, after) => changes.push({ table, before, after }));
  return { database, rows, lost, changes, close: () => database.close() };
}

describe('the contract', () => {
  checkRows(async () => openRows('contract.sqlite'));
});

test('random calls are answered as by the rows in memory, and report the same changes', async () => {
  const seed = Date.now() % 1_000_000;
  console.info(`seed ${seed}`);
  const random = seededRandom(seed);
  const memory = createMemoryRows();
  const expected: unknown[] = [];
  memory.onChange = ({ table, before, after }) => expected.push({ table, before, after });
  const { rows, changes, close } = openRows('random.sqlite');
  for (let count = 0; count < 4_000; count++) {
    const call = randomCall(random);
    expect(await call(rows)).toEqual(await call(memory));
  }
  expect(changes).toEqual(expected);
  await close();
  const again = openRows('random.sqlite');
  for (const row of memory.all('executions')) expect(await again.rows.get('executions', row)).toEqual(row);
  await again.close();
});

test.each(['kernel', 'disk'] as const)(
  'what was kept is there after a reopening, by durability %s',
  async (durability) => {
    const name = `kept-${durability}.sqlite`;
    const { rows, database } = openRows(name, durability);
    await rows.put('objects', { pk: 'file-1', sk: 'A', state: 'open' });
    await database.kept();
    // A second connection reads what this one committed, as a start after SIGKILL does.
    const second = openRows(name, durability);
    expect(await second.rows.get('objects', { pk: 'file-1', sk: 'A' })).toEqual({
      pk: 'file-1',
      sk: 'A',
      state: 'open',
    });
    await second.close();
    await database.close();
  },
);

test('nothing is kept after a failed commit, and the platform is told once', async () => {
  const { rows, database, lost } = openRows('lost.sqlite');
  await rows.put('objects', { pk: 'file-1', sk: 'A' });
  database.sqlite.exec('ROLLBACK');
  let isKept = false;
  void database.kept().then(() => {
    isKept = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect({ isKept, lost: lost.length }).toEqual({ isKept: false, lost: 1 });
  await expect(rows.put('objects', { pk: 'file-2', sk: 'A' })).rejects.toThrow('was lost');
  await database.close();
});

test('the log stays short while rows are written without a pause', { timeout: 60_000 }, async () => {
  const { rows, database, lost } = openRows('log.sqlite', 'disk');
  const text = 'x'.repeat(20_000);
  let longest = 0;
  for (let round = 0; round < 300; round++) {
    for (let index = 0; index < 25; index++) await rows.put('objects', { pk: `file-${index}`, sk: 'A', text, round });
    // The next writes do not wait for these to be kept.
    const kept = database.kept();
    await rows.put('objects', { pk: 'file-0', sk: 'B', round });
    await kept;
    longest = Math.max(longest, statSync(join(folder, 'log.sqlite-wal')).size);
  }
  expect(lost).toEqual([]);
  expect(longest).toBeGreaterThan(8 * 1024 * 1024);
  expect(longest).toBeLessThan(80 * 1024 * 1024);
  expect(await rows.get('objects', { pk: 'file-24', sk: 'A' })).toMatchObject({ round: 299 });
  await database.close();
});

test('names and bytes that look like the marks of the file survive', async () => {
  const { rows, close } = openRows('mark.sqlite');
  const row: Row = {
    pk: 'record-1',
    sk: 'A',
    properties: { '~bytes': 'AAAA', '~': 'x', '~~bytes': 'y' },
    b: new Uint8Array([0, 255]),
  };
  await rows.put('objects', row);
  await close();
  const again = openRows('mark.sqlite');
  expect(await again.rows.get('objects', row)).toEqual(row);
  await again.close();
});

type Call = (rows: Rows) => Promise<unknown>;

/** A call on few keys, so that calls meet. */
function randomCall(random: () => number): Call {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const table: TableName = pick(['executions', 'objects', 'identities']);
  const key = (): Key => ({
    pk: pick(['job-1', 'job-2', 'é']),
    sk: pick(['A', 'B#1', 'B#2', 'B#é', 'B#\u{1f600}', 'B#\uffee', 'C']),
  });
  const row = (): Row => ({
    ...key(),
    n: Math.floor(random() * 3),
    ...(random() < 0.5 ? { openShard: Math.floor(random() * 2), dueAt: Math.floor(random() * 100) } : {}),
    text: pick(['', 'x', undefined]),
  });
  const expected = () => pick([undefined, 'absent' as const, { n: 1 }, { n: 1, text: undefined }, { text: '' }]);
  const condition = () => pick([undefined, { n: 1 }, { n: 2, text: undefined }]);
  const change = () => ({
    set: { n: Math.floor(random() * 3), dueAt: pick([undefined, 5]) },
    remove: random() < 0.3 ? ['text'] : [],
  });
  const write = (): Write =>
    pick<Write>([
      { kind: 'put', table, row: row(), expected: expected() },
      { kind: 'update', table, key: key(), change: change(), expected: condition() },
      { kind: 'delete', table, key: key(), expected: condition() },
      { kind: 'check', table, key: key(), expected: pick(['absent' as const, { n: 1 }]) },
    ]);
  const writes = [
    ...new Map(
      Array.from({ length: 3 }, write).map((one) => [
        JSON.stringify(one.kind === 'put' ? [one.row.pk, one.row.sk] : [one.key.pk, one.key.sk]),
        one,
      ]),
    ).values(),
  ];
  const range = {
    pk: key().pk,
    prefix: pick([undefined, '', 'B#']),
    after: pick([undefined, 'A', 'B#1', 'B#é', 'B', 'Z']),
    descending: random() < 0.5,
    limit: pick([1, 2, 10]),
  };
  const [put, updated, deleted, where, unless, how] = [row(), key(), key(), condition(), condition(), change()];
  const absent = expected();
  const many = [key(), key(), key()];
  const shard = Math.floor(random() * 2);
  return pick<Call>([
    (rows) => rows.put(table, put, absent),
    (rows) => rows.update(table, updated, how, where),
    (rows) => rows.delete(table, deleted, unless),
    (rows) => rows.transact(writes),
    (rows) => rows.query(table, range),
    (rows) => rows.getMany(table, many),
    async (rows) => (await rows.due(shard, 50, 100)).map(({ dueAt }) => dueAt),
  ]);
}
