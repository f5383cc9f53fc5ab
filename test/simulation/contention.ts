// Records which actors have touched which keys in all runs of a search. Only steps on a key that two actors touch, one
// of them by a write, can depend on their order.

import type { Step } from '../memory/rows.ts';

export type Contention = {
  readonly touched: Map<string, { readonly writers: Set<string>; readonly all: Set<string> }>;
  readonly contended: Map<string, boolean>;
  /** Whether every key counts as contended. */
  readonly isWhole: boolean;
  grown: boolean;
};
/** A key that a step touched, which ends with `*` for all keys that begin so. */
export type Touch = { readonly key: string; readonly writes: boolean };

export function createContention(isWhole = false): Contention {
  return { touched: new Map(), contended: new Map(), isWhole, grown: false };
}

/** True when another actor may touch a key that this step touches, and one of the two writes. */
export function meets(contention: Contention, actor: string, step: Step): boolean {
  if (contention.isWhole) return true;
  let found = false;
  for (const key of step.keys ?? []) {
    noteTouch(contention, actor, key, step.writes);
    if (!contention.contended.has(key)) contention.contended.set(key, isContended(contention, key));
    found ||= contention.contended.get(key) === true;
  }
  return found;
}

/** Whether a new key has become contended since the last call. */
export function takeGrown(contention: Contention): boolean {
  const grown = contention.grown;
  contention.grown = false;
  return grown;
}

function noteTouch(contention: Contention, actor: string, key: string, writes: boolean): void {
  const here = contention.touched.get(key) ?? { writers: new Set<string>(), all: new Set<string>() };
  if (here.all.has(actor) && (!writes || here.writers.has(actor))) return;
  contention.touched.set(key, here);
  here.all.add(actor);
  if (writes) here.writers.add(actor);
  for (const [other, contended] of contention.contended) {
    if (contended || !overlaps(other, key) || !isContended(contention, other)) continue;
    contention.contended.set(other, true);
    contention.grown = true;
  }
}

function isContended(contention: Contention, key: string): boolean {
  const writers = new Set<string>();
  const all = new Set<string>();
  for (const [other, actors] of contention.touched) {
    if (!overlaps(other, key)) continue;
    for (const actor of actors.writers) writers.add(actor);
    for (const actor of actors.all) all.add(actor);
  }
  return writers.size > 0 && all.size > 1;
}

/** True when two keys may be the same. Each is a key, or a range: `<prefix>*`, and `<key>` after it if the range begins there. */
export function overlaps(first: string, second: string): boolean {
  if (first.includes('*')) return covers(first, second);
  return second.includes('*') ? covers(second, first) : first === second;
}

function covers(range: string, key: string): boolean {
  const [prefix = '', after = ''] = range.split('*');
  return key.startsWith(prefix) && (key.includes('*') || key > after);
}
