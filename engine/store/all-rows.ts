// Reads whole partitions, or all rows of one kind in them, page by page.

import type { Context, QueryRange, Row, TableName } from '../../core/context.ts';

/** A part of one partition, from its beginning. */
export type Partition = Pick<QueryRange, 'pk' | 'prefix'> & {
  /** Rows that are read together. */
  readonly pageSize?: number;
  /** The reading ends with this row; without it, with the partition. */
  readonly maximumRowCount?: number;
};

/** The rows in the order of their sort keys. A page is read when the rows of the one before have been used. */
export async function* allRows(context: Context, table: TableName, partition: Partition): AsyncGenerator<Row> {
  for await (const rows of allPages(context, table, partition)) yield* rows;
}

/** The same in pages, for callers that do something to many rows at once. A page may hold few rows, even none. */
export async function* allPages(context: Context, table: TableName, partition: Partition): AsyncGenerator<Row[]> {
  const { pk, prefix, pageSize = usualPageSize, maximumRowCount = Infinity } = partition;
  let after: string | undefined;
  let left = maximumRowCount;
  do {
    const { rows, next } = await context.rows.query(table, { pk, prefix, after, limit: Math.min(pageSize, left) });
    yield rows;
    left -= rows.length;
    after = next;
  } while (after !== undefined && left > 0);
}

const usualPageSize = 1_000;
