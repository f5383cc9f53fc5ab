// The conditions that must hold before an execution can continue, and the lot by which a wait chooses among many of
// them.

import type { ExecutionId, ObjectId } from '../id/identifier.ts';

/** An execution must be done; an object must be closed, with the hidden objects that it links to. */
export type Dependency =
  | { readonly kind: 'execution'; readonly execution: ExecutionId }
  | { readonly kind: 'object'; readonly object: ObjectId };

/** A number from 0 to 2³² − 1 that looks random, but is always the same for one waiter and one dependency. */
export function lotOf(waiter: ExecutionId, dependency: Dependency): number {
  const text = `${waiter} ${dependency.kind === 'execution' ? dependency.execution : dependency.object}`;
  let mixed = fnvOffset;
  for (const character of text) mixed = Math.imul(mixed ^ character.charCodeAt(0), fnvPrime);
  mixed = Math.imul(mixed ^ (mixed >>> 16), mixFactor);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** The constants of FNV-1a with 32 bits (https://www.rfc-editor.org/rfc/rfc9923). */
const fnvOffset = 0x811c9dc5;
const fnvPrime = 0x01000193;
/** An odd number. Multiplying by it lets the last characters change all bits. */
const mixFactor = 0x2c1b3c6d;
