// JSON values as they come in requests: telling hashes apart, and refusing to walk what is nested without end.

/** A JSON object. */
export type Hash = { readonly [name: string]: unknown };

/** Levels of arrays and hashes that an input, output or details may nest; deeper ones are refused before any walk. */
export const maximumDepth = 64;

/** True for a JSON object: not null, not an array. */
export function isHash(value: unknown): value is Hash {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * True when arrays and hashes nest deeper than `limit`. Needs no stack of its own, so that it may be asked first: every
 * recursive walk after it is bounded.
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

/** Bytes of JSON that an input or an output may have once its references are replaced: an answer shows several of them. */
export const maximumValueBytes = 1_048_576;

/**
 * True when a value takes more bytes of JSON than `limit`. A value that came out of references may hold one large part
 * a thousand times: it is asked before the value is walked or written, and stops at the limit.
 */
export function exceedsBytes(value: unknown, limit: number = maximumValueBytes): boolean {
  const pending: unknown[] = [value];
  for (let bytes = 0; pending.length > 0; ) {
    const item = pending.pop();
    if (typeof item !== 'object' || item === null) bytes += Buffer.byteLength(JSON.stringify(item) ?? 'null') + 1;
    else {
      bytes += 3;
      for (const [name, inner] of Object.entries(item)) {
        if (!Array.isArray(item)) bytes += Buffer.byteLength(name) + 3;
        pending.push(inner);
      }
    }
    if (bytes > limit) return true;
  }
  return false;
}

/** True when a text or key holds half of a surrogate pair, which no store keeps. For values of bounded depth. */
export function hasBrokenText(value: unknown): boolean {
  if (typeof value === 'string') return !value.isWellFormed();
  if (Array.isArray(value)) return value.some(hasBrokenText);
  return isHash(value) && Object.entries(value).some(([name, inner]) => !name.isWellFormed() || hasBrokenText(inner));
}

/** True when a number is so large that JSON would write it as null: JavaScript reads 1e400 as infinite. Of bounded depth. */
export function hasEndlessNumber(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  if (Array.isArray(value)) return value.some(hasEndlessNumber);
  return isHash(value) && Object.values(value).some(hasEndlessNumber);
}

/** The same value with every hash and array rebuilt by `replace`, which answers undefined to leave one to the walk. */
export function rebuild(value: unknown, replace: (value: Hash) => { value: unknown } | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => rebuild(item, replace));
  if (!isHash(value)) return value;
  const replaced = replace(value);
  if (replaced !== undefined) return replaced.value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, rebuild(inner, replace)]));
}
