// What every implementation of the port `Rows` does: conditions, pages, transactions, the index of due executions.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Row, Rows } from '../../../core/context.ts';

/** Runs the suite on rows that `open` makes. They are empty, or hold nothing of these tests. */
export function checkRows(open: () => Promise<{ rows: Rows; close(): Promise<void> | void }>): void {
  let opened: Awaited<ReturnType<typeof open>>;
  let rows: Rows;
  let count = 0;

  beforeAll(async () => {
    opened = await open();
    rows = opened.rows;
  });
  afterAll(() => opened.close());

  /** A partition that no other test uses. */
  function freshKey(): string {
    count += 1;
    return `job-contract-${count}`;
  }

  describe('conditions', () => {
    test('a row is put once when it must be absent', async () => {
      const row = { pk: freshKey(), sk: 'A', state: 'idle', try: 0 };
      expect(await rows.put('executions', row, 'absent')).toBe(true);
      expect(await rows.put('executions', { ...row, state: 'done' }, 'absent')).toBe(false);
      expect(await rows.get('executions', row)).toEqual(row);
    });

    test('attributes survive unchanged: undefined is absent, bytes are bytes, lists and maps stay', async () => {
      const row: Row = {
        pk: freshKey(),
        sk: 'S',
        bytes: new Uint8Array([1, 2, 255]),
        list: ['job-x:0', ['done', 17]],
        map: { nothing: null, yes: true, text: '' },
        missing: undefined,
      };
      await rows.put('executions', row);
      const { missing: _, ...kept } = row;
      expect(await rows.get('executions', row)).toStrictEqual(kept);
    });

    test('every key of a hash survives unchanged: put, changed, read alone and in a page', async () => {
      const hostile = JSON.parse(
        '{"__proto__":"a","constructor":"b","~constructor":"c","~~__proto__":"d","toString":"e"}',
      );
      const row: Row = { pk: freshKey(), sk: 'A', properties: hostile, list: [{ constructor: 1 }] };
      expect(await rows.transact([{ kind: 'put', table: 'objects', row, expected: 'absent' }])).toBe(true);
      const [one] = await rows.getMany('objects', [row]);
      const { rows: page } = await rows.query('objects', { pk: row.pk, limit: 10 });
      const updated = await rows.update('objects', row, { set: { properties: { ...hostile, x: '1' } } });
      const entriesOf = (found: Row | undefined) => Object.entries(found?.properties ?? {}).sort();
      for (const found of [one, page[0]]) expect(entriesOf(found)).toEqual(Object.entries(hostile).sort());
      expect(one?.list).toEqual([{ constructor: 1 }]);
      expect(entriesOf(updated)).toEqual([...Object.entries(hostile), ['x', '1']].sort());
    });

    test('an update needs a row, its values, and the absence of what must be absent', async () => {
      const key = { pk: freshKey(), sk: 'A' };
      expect(await rows.update('executions', key, { set: { state: 'x' } })).toBeUndefined();
      expect(await rows.get('executions', key)).toBeUndefined();
      await rows.put('executions', { ...key, state: 'runnable', try: 0, size: 1 });
      expect(await rows.update('executions', key, { set: { state: 'x' } }, { state: 'idle' })).toBeUndefined();
      expect(await rows.update('executions', key, { set: { state: 'x' } }, { size: undefined })).toBeUndefined();
      const change = { set: { state: 'running', task: 't', ignored: undefined }, remove: ['size'] };
      const expected = { state: 'runnable', try: 0, task: undefined };
      expect(await rows.update('executions', key, change, expected)).toEqual({
        ...key,
        state: 'running',
        try: 0,
        task: 't',
      });
      expect(await rows.update('executions', key, {}, { try: 0 })).toMatchObject({ state: 'running' });
    });

    test('a delete without a condition always succeeds', async () => {
      const key = { pk: freshKey(), sk: 'A' };
      expect(await rows.delete('objects', key)).toBe(true);
      await rows.put('objects', { ...key, state: 'open' });
      expect(await rows.delete('objects', key, { state: 'closed' })).toBe(false);
      expect(await rows.delete('objects', key, { state: 'open' })).toBe(true);
      expect(await rows.get('objects', key)).toBeUndefined();
    });
  });

  describe('queries', () => {
    test('pages are in order, from any key on, in both directions', async () => {
      const pk = freshKey();
      for (const sk of ['A', 'W#1', 'W#2', 'W#3', 'X']) await rows.put('executions', { pk, sk });
      const names = async (range: object) => {
        const page = await rows.query('executions', { pk, limit: 10, ...range });
        return page.rows.map(({ sk }) => sk);
      };
      expect(await names({})).toEqual(['A', 'W#1', 'W#2', 'W#3', 'X']);
      expect(await names({ prefix: 'W#' })).toEqual(['W#1', 'W#2', 'W#3']);
      expect(await names({ prefix: 'W#', after: 'W#1' })).toEqual(['W#2', 'W#3']);
      expect(await names({ prefix: 'W#', after: 'W#10' })).toEqual(['W#2', 'W#3']);
      expect(await names({ prefix: 'W#', after: 'A' })).toEqual(['W#1', 'W#2', 'W#3']);
      expect(await names({ prefix: 'W#', after: 'X' })).toEqual([]);
      expect(await names({ prefix: 'W#', descending: true, after: 'W#3' })).toEqual(['W#2', 'W#1']);
      expect(await names({ prefix: 'W#', descending: true, after: 'X' })).toEqual(['W#3', 'W#2', 'W#1']);
      expect(await names({ prefix: 'W#', descending: true, after: 'A' })).toEqual([]);
      const first = await rows.query('executions', { pk, prefix: 'W#', limit: 2 });
      expect(first.next).toBe('W#2');
      const last = await rows.query('executions', { pk, prefix: 'W#', limit: 2, after: first.next ?? '' });
      expect([last.rows.map(({ sk }) => sk), last.next]).toEqual([['W#3'], undefined]);
    });

    test('many rows are returned in the order of their keys, also for keys that repeat or do not exist', async () => {
      const pk = freshKey();
      const keys = Array.from({ length: 230 }, (_, index) => ({ pk, sk: String(index) }));
      await Promise.all(keys.map((key, index) => (index % 2 === 0 ? rows.put('executions', key) : undefined)));
      const found = await rows.getMany('executions', [...keys, keys[0] ?? { pk, sk: '' }]);
      expect(found).toHaveLength(231);
      expect(found.every((row, index) => (index % 2 === 0) === (row !== undefined))).toBe(true);
      expect(found.at(-1)).toEqual(keys[0]);
    });

    test('the open index returns due executions', async () => {
      const due = { pk: freshKey(), sk: 'A', openShard: 3, dueAt: 100 };
      await rows.put('executions', due);
      await rows.put('executions', { pk: freshKey(), sk: 'A', openShard: 3, dueAt: 300 });
      await rows.put('executions', { pk: freshKey(), sk: 'A', openShard: 4, dueAt: 100 });
      expect(await rows.due(3, 200, 10)).toEqual([{ id: due.pk, dueAt: 100 }]);
      await rows.update('executions', due, { remove: ['openShard', 'dueAt'] });
      expect(await rows.due(3, 200, 10)).toEqual([]);
    });
  });

  describe('transactions', () => {
    test('a transaction writes all or nothing', async () => {
      const pk = freshKey();
      await rows.put('executions', { pk, sk: 'A', state: 'idle' });
      const write = (expected: string) =>
        rows.transact([
          { kind: 'check', table: 'executions', key: { pk, sk: 'A' }, expected: { state: expected } },
          { kind: 'check', table: 'executions', key: { pk, sk: 'Z' }, expected: 'absent' },
          { kind: 'put', table: 'objects', row: { pk, sk: 'A', of: expected }, expected: 'absent' },
          { kind: 'delete', table: 'objects', key: { pk, sk: 'B' } },
        ]);
      expect(await write('running')).toBe(false);
      expect(await rows.get('objects', { pk, sk: 'A' })).toBeUndefined();
      expect(await write('idle')).toBe(true);
      expect(await rows.get('objects', { pk, sk: 'A' })).toEqual({ pk, sk: 'A', of: 'idle' });
      const change = { set: { state: 'runnable' } };
      const update = { kind: 'update', table: 'executions', key: { pk, sk: 'A' }, change } as const;
      expect(await rows.transact([{ ...update, expected: { state: 'idle' } }])).toBe(true);
      expect(await rows.transact([{ ...update, key: { pk, sk: 'missing' } }])).toBe(false);
      await expect(rows.transact(Array.from({ length: 101 }, () => update))).rejects.toThrow('at most 100');
    });
  });
}
