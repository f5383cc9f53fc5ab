// The digest of a request: two requests that mean the same have the same one, whatever the order of their keys.
// Knows nothing of which request it was.

import { createHash } from 'node:crypto';

/**
 * SHA-256 (hex) of a JSON value in canonical form: keys sorted, `nonce` of the outermost hash left out. A creation that
 * is repeated with its nonce is compared by it (docs/reference/api.md, "Nonces").
 */
export function requestDigest(input: unknown): string {
  const hash = createHash('sha256');
  const outermost = isHash(input) ? { ...input, nonce: undefined } : input;
  hash.update(JSON.stringify(sorted(outermost)) ?? 'null');
  return hash.digest('hex');
}

/** Arrays of pairs instead of hashes, so that no key is special. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isHash(value)) return value;
  const keys = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort();
  return { hash: keys.map((key) => [key, sorted(value[key])]) };
}

function isHash(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
