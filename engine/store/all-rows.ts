// Reads all rows of a partition, or all of one kind, page by page.

import type { Context, QueryRange, Row, TableName } from '../../core/context.ts';

/** A partition, or the rows in it whose sort keys begin with a prefix or follow one of them. */
export type Partition = Pick<QueryRange, 'pk' | 'prefix' | 'after'> & {
  /** Rows in one read. */
  readonly pageSize?: number;
  /** The number of rows after which the reading ends; absent to read the whole partition. */
  readonly maximumRowCount?: number;
};

/** The rows in the order of their sort keys. A page is read when all rows of the page before have been used. */
export async function* allRows(context: Context, table: TableName, partition: Partition): AsyncGenerator<Row> {
  for await (const rows of allPages(context, table, partition)) yield* rows;
}

/** The same rows in pages, for callers that handle many rows at once. A page may hold few rows, or none. */
export async function* allPages(context: Context, table: TableName, partition: Partition): AsyncGenerator<Row[]> {
  const { pk, prefix, pageSize = usualPageSize, maximumRowCount = Infinity } = partition;
  let { after } = partition;
  let left = maximumRowCount;
  do {
    const { rows, next } = await context.rows.query(table, { pk, prefix, after, limit: Math.min(pageSize, left) });
    yield rows;
    left -= rows.length;
    after = next;
  } while (after !== undefined && left > 0);
}

const usualPageSize = 1_000;
