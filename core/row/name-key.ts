// Names as parts of sort keys, which hold at most 1,024 bytes.

import { createHash } from 'node:crypto';

/**
 * A name as part of a sort key: the name itself or, when it is long, its beginning and its digest, so that names never
 * collide.
 */
export function nameKey(name: string): string {
  if (Buffer.byteLength(name) <= maximumKeyBytes) return name;
  return `${nameKeyPrefix(name)}#${createHash('sha256').update(name).digest('base64url')}`;
}

/** The beginning that the keys of all names with this beginning share. */
export function nameKeyPrefix(beginning: string): string {
  let kept = '';
  for (const character of beginning) {
    if (Buffer.byteLength(kept + character) > maximumPrefixBytes) break;
    kept += character;
  }
  return kept;
}

/** Room for a folder id or an object id, and for the digest. */
const maximumKeyBytes = 900;
const maximumPrefixBytes = 800;
