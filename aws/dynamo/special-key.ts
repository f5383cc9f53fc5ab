// Protects keys of hashes that the SDK's translation loses or takes for a class: `__proto__` and `constructor`. They
// are stored with a `~` before them. A key that looks like a stored one gets one more. Pure.

import type { Row, Value } from '../../core/context.ts';

/** The row in a form that the SDK accepts: the same row, unless a hash in it has such a key. */
export function withSafeKeys<Fields extends { readonly [name: string]: Value | undefined }>(row: Fields): Fields {
  return mapValues(row, (value) => renamed(value, (key) => (special.test(key) ? `~${key}` : key)));
}

/** The row as it was given to `withSafeKeys`. */
export function withOwnKeys(row: Row): Row {
  return mapValues(row, (value) => renamed(value, (key) => (travelling.test(key) ? key.slice(1) : key)));
}

function mapValues<Fields extends { readonly [name: string]: Value | undefined }>(
  row: Fields,
  change: (value: Value) => Value,
): Fields {
  const changed = Object.entries(row).flatMap(([name, value]): [string, Value][] => {
    if (value === undefined) return [];
    const after = change(value);
    return after === value ? [] : [[name, after]];
  });
  return changed.length === 0 ? row : { ...row, ...Object.fromEntries(changed) };
}

function renamed(value: Value, rename: (key: string) => string): Value {
  if (Array.isArray(value)) {
    const items = value.map((item) => renamed(item, rename));
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const before = Object.entries(value);
  const after = before.map(([key, inner]): [string, Value] => [rename(key), renamed(inner, rename)]);
  const isSame = after.every(([key, inner], index) => key === before[index]?.[0] && inner === before[index]?.[1]);
  return isSame ? value : Object.fromEntries(after);
}

const special = /^~*(?:__proto__|constructor)$/;
const travelling = /^~+(?:__proto__|constructor)$/;
