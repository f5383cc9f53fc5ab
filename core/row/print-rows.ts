// Prints docs/rows.md from the kinds of rows: `npm run docs`.

import type { TableName } from '../context.ts';
import { rowKinds } from './row-kinds.ts';

/** The page about rows. */
export function printRows(): string {
  return `${opening}\n${tableNames.map(printTable).join('\n')}`;
}

function printTable(table: TableName): string {
  const lines = rowKinds
    .filter((kind) => kind.table === table)
    .map(({ name, pk, sk, meaning }) => `| ${name} | \`${pk}\` | \`${sk}\` | ${meaning} |`);
  return [
    '',
    `## ${table}`,
    '',
    '| row | partition key | sort key | meaning |',
    '| --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

const tableNames: readonly TableName[] = [...new Set(rowKinds.map(({ table }) => table))];
const opening = `# Rows

Printed from \`core/row/\` by \`npm run docs\`; a test fails when it is stale. Words in braces stand for a part of a key.
A workspace has no row: its id is \`container-\`, the first 22 characters of its master job's id, and the try.`;
