// The digest of a request. Two requests with the same meaning have the same digest, whatever the order of their keys.

import { createHash } from 'node:crypto';

/**
 * SHA-256 (hex) of a JSON value in canonical form: keys are sorted, and the `nonce` of the outermost hash is left out.
 * A repeated creation is compared with the first by this digest (docs/reference/api.md, "Nonces").
 */
export function requestDigest(input: unknown): string {
  const hash = createHash('sha256');
  const outermost = isHash(input) ? { ...input, nonce: undefined } : input;
  hash.update(JSON.stringify(sorted(outermost)) ?? 'null');
  return hash.digest('hex');
}

/** Uses arrays of pairs instead of hashes, so that no key has a special meaning. */
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
