// Reads, computes and compares the checksums that S3 verifies and stores. CRC32C and CRC64NVME, which the SDK does not
// choose by itself, and checksums of multipart objects are not implemented.
// Rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { refuse } from './s3-error.ts';

export type Algorithm = 'crc32' | 'sha1' | 'sha256';
/** A verified checksum of a whole object, in base64. */
export type Checksum = { readonly algorithm: Algorithm; readonly value: string };
type RunningDigest = { update(bytes: Uint8Array): void; digest(): Buffer };
type AlgorithmFacts = { readonly bytes: number; start(): RunningDigest };

/** Each algorithm by its name in headers (`x-amz-checksum-<name>`). */
export const algorithms: Readonly<Record<Algorithm, AlgorithmFacts>> = {
  crc32: { bytes: 4, start: crc32Running },
  sha1: { bytes: 20, start: () => createHash('sha1') },
  sha256: { bytes: 32, start: () => createHash('sha256') },
};

/** The checksum that a request announces for its body: its value comes in a header, or later in a trailer. */
export type Expected = { readonly algorithm: Algorithm; readonly value?: string };

/** Throws InvalidRequest for more than one checksum, and for a value of the wrong length for its algorithm. */
export function expectedChecksum(header: (name: string) => string | undefined): Expected | undefined {
  const given = names.filter((name) => header(checksumPrefix + name) !== undefined);
  if (given.length > 1) throw refuse('InvalidRequest', {}, 'Expecting a single x-amz-checksum- header');
  const [algorithm] = given;
  if (algorithm) return { algorithm, value: checkedValue(algorithm, header(checksumPrefix + algorithm) ?? '') };
  const trailer = header('x-amz-trailer')?.trim().toLowerCase();
  if (trailer === undefined) return undefined;
  const promised = names.find((name) => trailer === checksumPrefix + name);
  if (!promised) throw refuse('InvalidRequest', {}, 'The value specified in the x-amz-trailer header is not supported');
  return { algorithm: promised };
}

/** The checksum from the trailers. Throws if the promised one is missing. */
export function trailerChecksum(algorithm: Algorithm, trailers: ReadonlyMap<string, string>): string {
  const value = trailers.get(checksumPrefix + algorithm);
  if (value === undefined)
    throw refuse('InvalidRequest', {}, `The promised trailer ${checksumPrefix}${algorithm} is missing`);
  return checkedValue(algorithm, value);
}

/** The headers that report a checksum. */
export function checksumHeaders(checksum: Checksum | undefined): Record<string, string> {
  if (!checksum) return {};
  return { [checksumPrefix + checksum.algorithm]: checksum.value, 'x-amz-checksum-type': 'FULL_OBJECT' };
}

function checkedValue(algorithm: Algorithm, value: string): string {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length === algorithms[algorithm].bytes && bytes.toString('base64') === value) return value;
  throw refuse('InvalidRequest', {}, `Value for ${checksumPrefix}${algorithm} header is invalid.`);
}

function crc32Running(): RunningDigest {
  let value = 0;
  return {
    update(bytes) {
      value = crc32(bytes, value);
    },
    digest() {
      const result = Buffer.alloc(4);
      result.writeUInt32BE(value);
      return result;
    },
  };
}

const names = Object.keys(algorithms) as Algorithm[];
const checksumPrefix = 'x-amz-checksum-';
