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

/** The same value with every hash and array rebuilt by `replace`, which answers undefined to leave one to the walk. */
export function rebuild(value: unknown, replace: (value: Hash) => { value: unknown } | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => rebuild(item, replace));
  if (!isHash(value)) return value;
  const replaced = replace(value);
  if (replaced !== undefined) return replaced.value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, rebuild(inner, replace)]));
}
