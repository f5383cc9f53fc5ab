// Rows as JSON text. Bytes are written as `{"~bytes": base64}`. Users choose names in some rows, so a name that begins
// with "~" gets another "~" in front.

import type { Row, Value } from '../../core/context.ts';

/** The text of a row. Its attributes that are undefined are left out. */
export function printRow(row: Row): string {
  return needsCare(row) ? JSON.stringify(guarded(row as never)) : JSON.stringify(row);
}

export function parseRow(text: string): Row {
  const row = JSON.parse(text) as Row;
  return text.includes('"~') ? (unguarded(row as never) as Row) : row;
}

function needsCare(value: object): boolean {
  if (value instanceof Uint8Array) return true;
  for (const name in value) {
    if (name.startsWith(mark)) return true;
    const inner = (value as Record<string, unknown>)[name];
    if (typeof inner === 'object' && inner !== null && needsCare(inner)) return true;
  }
  return false;
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
