// Lays out what the commands list.

/** Columns under their names, with a line for each row. */
export function table(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = names.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ');
  return [names, ...rows].map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** The day of a time in milliseconds since 1970, as 2026-11-30. */
export function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
