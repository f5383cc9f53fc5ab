// Makes the inputs of a batch's runs from its columns (docs/reference/api.md, "Batches").

import type { Hash } from '../reference/value.ts';

/** The number of runs that one batch may ask for. */
export const maximumRowCount = 10_000;

/**
 * One input for each row: the common part, and the row's value of each column. Columns of different lengths are
 * problems, and so are names that are both a column and in the common part.
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
    return { problem: `all columns of a batch must have the same number of values: ${told}` };
  }
  if (count > maximumRowCount) return { problem: `a batch has at most ${maximumRowCount} rows, not ${count}` };
  const both = entries.map(([name]) => name).filter((name) => Object.hasOwn(common, name));
  if (both.length > 0)
    return { problem: `${both.join(', ')}: given both for each row and for all rows; leave one out` };
  const rows = Array.from({ length: count }, (_, index) =>
    Object.fromEntries([...Object.entries(common), ...entries.map(([name, values]) => [name, values[index]])]),
  );
  return { rows };
}
