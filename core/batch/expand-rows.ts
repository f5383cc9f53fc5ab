// Columns of a batch to the inputs of its runs (docs/reference/api.md, "Batches"). Knows no executable.

import type { Hash } from '../reference/value.ts';

/** Runs that one batch may ask for. */
export const maximumRowCount = 10_000;

/**
 * One input for each row: what all have in common, and the row's value of each column. Columns of different lengths, and
 * names that are a column and common as well, are problems.
 */
export function expandRows(
  columns: Readonly<Record<string, readonly unknown[]>>,
  common: Hash,
): { readonly rows: Hash[] } | { readonly problem: string } {
  const entries = Object.entries(columns);
  const lengths = new Set(entries.map(([, values]) => values.length));
  const [count = 0] = lengths;
  if (lengths.size > 1) {
    const told = entries.map(([name, values]) => `"${name}" ${values.length}`).join(', ');
    return { problem: `all columns of a batch must have as many values: ${told}` };
  }
  if (count > maximumRowCount) return { problem: `a batch has at most ${maximumRowCount} rows, not ${count}` };
  const both = entries.map(([name]) => name).filter((name) => Object.hasOwn(common, name));
  if (both.length > 0) return { problem: `${both.join(', ')}: given for each row and for all rows as well` };
  const rows = Array.from({ length: count }, (_, index) =>
    Object.fromEntries([...Object.entries(common), ...entries.map(([name, values]) => [name, values[index]])]),
  );
  return { rows };
}
