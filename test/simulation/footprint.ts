// What a part of a search touches: for each group of choices, the keys that it reads and writes. Sets of keys are masks,
// because a search keeps one footprint for each state.

import type { Touch } from './contention.ts';

/** The bits of the keys that are read and written. */
export type Mask = { readonly reads: bigint; readonly writes: bigint };
/** Masks by the name of a group. */
export type Footprint = ReadonlyMap<string, Mask>;
export type Footprints = {
  /** The mask of a step. */
  maskOf(touches: readonly Touch[]): Mask;
  /** True when the order of two steps may matter. */
  conflict(first: Mask, second: Mask): boolean;
  /** A footprint that is the same object for equal contents. */
  keep(footprint: Footprint): Footprint;
};

export function createFootprints(overlaps: (first: string, second: string) => boolean): Footprints {
  const keys: string[] = [];
  const indices = new Map<string, number>();
  /** For each key, the bits of the keys that it overlaps. */
  const near: bigint[] = [];
  const indexOf = (key: string): number => {
    const known = indices.get(key);
    if (known !== undefined) return known;
    const index = keys.push(key) - 1;
    indices.set(key, index);
    let mask = 0n;
    for (const [other, name] of keys.entries()) {
      if (!overlaps(name, key)) continue;
      mask |= 1n << BigInt(other);
      if (other !== index) near[other] = (near[other] ?? 0n) | (1n << BigInt(index));
    }
    near[index] = mask;
    return index;
  };
  const widened = (mask: bigint): bigint => {
    let wide = 0n;
    for (let rest = mask, index = 0; rest !== 0n; rest >>= 1n, index++) {
      if ((rest & 1n) === 1n) wide |= near[index] ?? 0n;
    }
    return wide;
  };
  const wideOf = new Map<bigint, bigint>();
  const wide = (mask: bigint): bigint => {
    let known = wideOf.get(mask);
    if (known === undefined || wideOf.size > maximumRemembered) {
      known = widened(mask);
      wideOf.set(mask, known);
    }
    return known;
  };
  const kept = new Map<string, Footprint>();
  return {
    maskOf: (touches) => {
      let reads = 0n;
      let writes = 0n;
      for (const touch of touches) {
        const size = keys.length;
        const bit = 1n << BigInt(indexOf(touch.key));
        if (keys.length > size) wideOf.clear();
        if (touch.writes) writes |= bit;
        else reads |= bit;
      }
      return { reads, writes };
    },
    conflict: (first, second) =>
      (wide(first.writes) & (second.reads | second.writes)) !== 0n || (wide(first.reads) & second.writes) !== 0n,
    keep: (footprint) => {
      const text = [...footprint]
        .map(([group, { reads, writes }]) => `${group} ${reads} ${writes}`)
        .sort()
        .join('\n');
      const known = kept.get(text);
      if (known !== undefined) return known;
      kept.set(text, footprint);
      return footprint;
    },
  };
}

/** The union of two masks. */
export function union(first: Mask | undefined, second: Mask | undefined): Mask {
  if (first === undefined || second === undefined) return first ?? second ?? nothing;
  return { reads: first.reads | second.reads, writes: first.writes | second.writes };
}

const nothing: Mask = { reads: 0n, writes: 0n };
const maximumRemembered = 10_000;
