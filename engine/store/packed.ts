// Compresses large JSON values of objects, so that they fit into a row of 400 KB.

import { gunzipSync, gzipSync } from 'node:zlib';
import { invalidInput } from '../../core/error/api-error.ts';

/**
 * Packs a value for the attribute `body`.
 *
 * @param what the name of the value in the message of a refusal
 * @throws ApiError InvalidInput when the value does not fit into a row
 */
export function pack(value: unknown, what: string): Uint8Array {
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > maximumTextBytes) {
    throw invalidInput(`expected ${what} to be at most ${maximumTextBytes} bytes of JSON`);
  }
  const packed = gzipSync(text);
  if (packed.length > maximumPackedBytes) {
    throw invalidInput(`expected ${what} to be at most ${maximumPackedBytes} bytes when compressed`);
  }
  return new Uint8Array(packed);
}

/** The value that `pack` packed; undefined for undefined. */
export function unpack(packed: Uint8Array | undefined): unknown {
  if (packed === undefined) return undefined;
  return JSON.parse(gunzipSync(packed, { maxOutputLength: maximumTextBytes }).toString());
}

const maximumTextBytes = 5_000_000;
const maximumPackedBytes = 380_000;
