// The tables in SQLite, and the statements that read and write them. A text is in the order of its UTF-8 bytes, as in
// DynamoDB.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { openIndex, tables } from '../../aws/dynamo/tables.ts';
import type { Row, TableName, Value } from '../../core/context.ts';

type TableStatements = {
  /** `(pk, sk)` → `text` */
  readonly get: StatementSync;
  put(row: Row, text: string): void;
  readonly remove: StatementSync;
  /** `(pk, least sk, greatest sk, sk to leave out, limit)` → `sk` and `text` */
  readonly ascending: StatementSync;
  readonly descending: StatementSync;
  /** The same, without the texts. */
  readonly ascendingKeys: StatementSync;
  readonly descendingKeys: StatementSync;
};
export type Statements = { readonly [table in Exclude<TableName, 'executions'>]: TableStatements } & {
  /** `(shard, now, limit)` → `pk` and `dueAt`, the soonest first */
  readonly executions: TableStatements & { readonly due: StatementSync };
};

/** Makes the tables that are missing. */
export function openStatements(sqlite: DatabaseSync): Statements {
  const of = (table: TableName) => openTable(sqlite, table);
  return {
    executions: {
      ...of('executions'),
      due: sqlite.prepare(
        'SELECT pk, dueAt FROM executions WHERE openShard = ? AND dueAt <= ? ORDER BY dueAt LIMIT ? + 0',
      ),
    },
    objects: of('objects'),
    containers: of('containers'),
    identities: of('identities'),
  };
}

function openTable(sqlite: DatabaseSync, table: TableName): TableStatements {
  const { index, ttl } = tables[table];
  const numbers = [
    ...(index === undefined ? [] : [openIndex.partitionKey, openIndex.sortKey]),
    ...(ttl === undefined ? [] : [ttl]),
  ];
  const columns = ['pk', 'sk', 'text', ...numbers];
  const declared = [
    'pk TEXT NOT NULL',
    'sk TEXT NOT NULL',
    'text TEXT NOT NULL',
    ...numbers.map((name) => `${name} INT`),
  ];
  sqlite.exec(`CREATE TABLE IF NOT EXISTS ${table} (${declared.join(', ')}, PRIMARY KEY (pk, sk))`);
  if (index !== undefined) addIndex(sqlite, table, [openIndex.partitionKey, openIndex.sortKey]);
  if (ttl !== undefined) addIndex(sqlite, table, [ttl]);
  const put = sqlite.prepare(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
     ON CONFLICT DO UPDATE SET ${columns
       .slice(2)
       .map((name) => `${name} = excluded.${name}`)
       .join(', ')}`,
  );
  const select = (order: string, what = 'sk, text') =>
    sqlite.prepare(
      `SELECT ${what} FROM ${table} WHERE pk = ? AND sk >= ? AND sk <= ? AND sk <> ? ORDER BY sk ${order} LIMIT ? + 0`,
    );
  return {
    get: sqlite.prepare(`SELECT text FROM ${table} WHERE pk = ? AND sk = ?`),
    put: (row, text) => void put.run(row.pk, row.sk, text, ...numbers.map((name) => numberOf(row[name]))),
    remove: sqlite.prepare(`DELETE FROM ${table} WHERE pk = ? AND sk = ?`),
    ascending: select('ASC'),
    descending: select('DESC'),
    ascendingKeys: select('ASC', 'sk'),
    descendingKeys: select('DESC', 'sk'),
  };
}

/** Most rows are in no index, so the index holds only those that have its last column. */
function addIndex(sqlite: DatabaseSync, table: TableName, columns: readonly string[]): void {
  const last = columns.at(-1);
  sqlite.exec(
    `CREATE INDEX IF NOT EXISTS ${table}_${last} ON ${table} (${columns.join(', ')}) WHERE ${last} IS NOT NULL`,
  );
}

function numberOf(value: Value | undefined): number | null {
  return typeof value === 'number' ? value : null;
}
