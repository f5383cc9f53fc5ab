// JSON values as they come in requests: recognizes hashes, and refuses to walk endless nesting.

/** A JSON object. */
export type Hash = { readonly [name: string]: unknown };

/**
 * The number of levels of arrays and hashes in an input, output or details. Deeper values are refused before any walk.
 */
export const maximumDepth = 64;

/** True for a JSON object: not null, not an array. */
export function isHash(value: unknown): value is Hash {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * True when arrays and hashes nest deeper than `limit`. This check does not recurse, so call it first: every recursive
 * walk after it is bounded.
 */
export function exceedsDepth(value: unknown, limit: number = maximumDepth): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      for (const inner of Object.values(item)) if (typeof inner === 'object' && inner !== null) next.push(inner);
    }
    level = next;
  }
  return false;
}

/** The bytes of JSON of an input or an output once its references are replaced. An answer shows several of them. */
export const maximumValueBytes = 1_048_576;

/**
 * True when a value takes more bytes of JSON than `limit`. A value that came from references may hold one large part a
 * thousand times. Call this before the value is walked or written: it stops at the limit.
 */
export function exceedsBytes(value: unknown, limit: number = maximumValueBytes): boolean {
  return jsonBytes(value, limit) > limit;
}

/**
 * About the bytes of JSON that a value takes, counted up to `limit`: a larger number says only that there are more.
 * Missing elements of an array do not count.
 */
export function jsonBytes(value: unknown, limit: number): number {
  const pending: unknown[] = [value];
  let bytes = 0;
  while (pending.length > 0 && bytes <= limit) {
    const item = pending.pop();
    if (typeof item !== 'object' || item === null) bytes += Buffer.byteLength(JSON.stringify(item) ?? 'null') + 1;
    else {
      bytes += 3;
      for (const [name, inner] of Object.entries(item)) {
        if (!Array.isArray(item)) bytes += Buffer.byteLength(name) + 3;
        pending.push(inner);
      }
    }
  }
  return bytes;
}

/** True when a text or key holds half of a surrogate pair, which no store keeps. For values of limited depth. */
export function hasBrokenText(value: unknown): boolean {
  if (typeof value === 'string') return !value.isWellFormed();
  if (Array.isArray(value)) return value.some(hasBrokenText);
  return isHash(value) && Object.entries(value).some(([name, inner]) => !name.isWellFormed() || hasBrokenText(inner));
}

/**
 * True when a number is so large that JSON would write it as null: JavaScript reads 1e400 as infinite. For values of
 * limited depth.
 */
export function hasEndlessNumber(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  if (Array.isArray(value)) return value.some(hasEndlessNumber);
  return isHash(value) && Object.values(value).some(hasEndlessNumber);
}

/**
 * The same value with every hash and array rebuilt by `replace`. If `replace` returns undefined, the walk goes on
 * below.
 */
export function rebuild(value: unknown, replace: (value: Hash) => { value: unknown } | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => rebuild(item, replace));
  if (!isHash(value)) return value;
  const replaced = replace(value);
  if (replaced !== undefined) return replaced.value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, rebuild(inner, replace)]));
}
