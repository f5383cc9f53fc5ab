// Tests reading a partition to its end: every row comes once and in order, in pages, and only as far as needed.

import { expect, test } from 'vitest';
import { allPages, allRows } from '../../engine/store/all-rows.ts';
import { createMemoryContext } from '../memory/context.ts';

async function givenPartition(sortKeys: readonly string[]) {
  const context = createMemoryContext();
  for (const sk of sortKeys) await context.rows.put('objects', { pk: 'x', sk });
  let queryCount = 0;
  context.setHook({
    before: ({ name }) => {
      if (name === 'query') queryCount++;
    },
  });
  return { context, queries: () => queryCount };
}

const sortKeys = ['A', 'P#1', 'P#2', 'P#3', 'P#4', 'P#5', 'Q'];

test('every row of a range comes once and in order, across several pages', async () => {
  const { context, queries } = await givenPartition(sortKeys);
  const found: string[] = [];
  const range = { pk: 'x', prefix: 'P#', pageSize: 2 };
  for await (const { sk } of allRows(context, 'objects', range)) found.push(sk);
  expect(found).toEqual(['P#1', 'P#2', 'P#3', 'P#4', 'P#5']);
  expect(queries()).toBe(3);
});

test('a maximum ends the reading and shortens the last page', async () => {
  const { context, queries } = await givenPartition(sortKeys);
  const found: string[][] = [];
  const range = { pk: 'x', prefix: 'P#', pageSize: 2, maximumRowCount: 3 };
  for await (const rows of allPages(context, 'objects', range)) found.push(rows.map(({ sk }) => sk));
  expect(found).toEqual([['P#1', 'P#2'], ['P#3']]);
  expect(queries()).toBe(2);
});

test('the next page is not read when the caller stops before it', async () => {
  const { context, queries } = await givenPartition(sortKeys);
  for await (const { sk } of allRows(context, 'objects', { pk: 'x', pageSize: 2 })) if (sk === 'P#1') break;
  expect(queries()).toBe(1);
});
