// Rows as JSON text. Bytes are written as `{"~bytes": base64}`. Users choose names in some rows, so a name that begins
// with "~" gets another "~" in front.

import type { Row, Value } from '../../core/context.ts';

/** The text of a row. Bytes are attributes of the row itself, not of a map in it. */
export function printRow(row: Row): string {
  for (const name in row) if (row[name] instanceof Uint8Array) return JSON.stringify(guarded(row as never));
  const text = JSON.stringify(row);
  return text.includes(`"${mark}`) ? JSON.stringify(guarded(row as never)) : text;
}

export function parseRow(text: string): Row {
  const row = JSON.parse(text) as Row;
  return text.includes('"~') ? (unguarded(row as never) as Row) : row;
}

function guarded(value: Value | undefined): unknown {
  if (value instanceof Uint8Array) return { [bytesName]: Buffer.from(value).toString('base64') };
  return rebuilt(value, guarded, (name) => (name.startsWith(mark) ? mark + name : name));
}

function unguarded(value: Value | undefined): unknown {
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, bytesName)) {
    return new Uint8Array(Buffer.from(String((value as Record<string, unknown>)[bytesName]), 'base64'));
  }
  return rebuilt(value, unguarded, (name) => (name.startsWith(mark) ? name.slice(mark.length) : name));
}

/** A copy with other values and names. The name `__proto__` is a name like any other. */
function rebuilt(
  value: Value | undefined,
  change: (inner: Value | undefined) => unknown,
  rename: (name: string) => string,
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(change);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [rename(name), change(inner)]));
}

const mark = '~';
const bytesName = '~bytes';
