// Makes new ids: from a nonce, so that a repeated request names the same thing, or from random bytes.

import { createHash } from 'node:crypto';
import type { Id, IdClass } from './identifier.ts';

/** The alphabet of ids (docs/reference/api.md, "Ids"): 32 letters and digits without look-alikes, so 5 bits each. */
export const idAlphabet = '0123456789BFGJKPQVXYZbfgjkpqvxyz';

/** Random bytes that `randomId` needs: 22 characters of 5 bits. */
export const randomIdByteCount = 14;

/**
 * The id that a request with a nonce creates. It is always the same for the same caller, route and nonce
 * (docs/reference/api.md, "Nonces", docs/reference/protocols.md, "Derived ids"), so a repeated request finds what the
 * first one made.
 *
 * @param caller the user's id, or the job's id for a request with a job's token
 * @param route for example `/applet/new`; the whole path for a route with an id in it
 */
export function deriveId<Class extends IdClass>(
  className: Class,
  caller: string,
  route: string,
  nonce: string,
): Id<Class> {
  const digest = createHash('sha256')
    .update(JSON.stringify([className, caller, route, nonce]))
    .digest();
  return fromBytes(className, digest);
}

/** An id from at least `randomIdByteCount` random bytes. */
export function randomId<Class extends IdClass>(className: Class, bytes: Uint8Array): Id<Class> {
  if (bytes.length < randomIdByteCount) {
    throw new RangeError(`an id needs ${randomIdByteCount} random bytes, not ${bytes.length}`);
  }
  return fromBytes(className, bytes);
}

/** The id ends in `00`. For jobs these two places count the tries in the ids of their workspaces (workspace.ts). */
function fromBytes<Class extends IdClass>(className: Class, bytes: Uint8Array): Id<Class> {
  let characters = '';
  for (let place = 0; place < derivedLength; place++) characters += idAlphabet[fiveBits(bytes, place * 5)];
  return `${className}-${characters}00`;
}

function fiveBits(bytes: Uint8Array, bit: number): number {
  const index = bit >> 3;
  const pair = ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
  return (pair >> (11 - (bit & 7))) & 31;
}

/** Characters that come from the digest: 110 bits. */
const derivedLength = 22;
