// A job's input as its describe shows it to clients while some of the referenced outputs are not there yet
// (docs/reference/api.md, "References").

import type { Outputs } from '../reference/pick.ts';
import { resolveKnown } from '../reference/resolve.ts';
import { exceedsBytes, type Hash } from '../reference/value.ts';

/**
 * True when a client can be shown the resolved input. Clients compare arrays with the input as given element by
 * element, and fail on a shorter one. An array that flattening made shorter is therefore shown as it was before.
 */
export function isShowable(original: Hash, resolved: Hash): boolean {
  return Object.entries(original).every(([name, value]) => {
    const flat = resolved[name];
    return !(Array.isArray(value) && Array.isArray(flat) && flat.length < value.length);
  });
}

/**
 * The input as given, with the known outputs put in. A value that would be too large for an input keeps its references.
 */
export function showInput(original: Hash, outputs: Outputs): Hash {
  const shown = resolveKnown(original, outputs) as Hash;
  return exceedsBytes(shown) ? original : shown;
}
