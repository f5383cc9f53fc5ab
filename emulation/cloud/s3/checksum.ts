// The checksums that S3 verifies and stores: which a request names, computing them, and those of multipart objects.
// Rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { crc32cRunning, crc64nvmeRunning, joinCrc } from './crc.ts';
import { refuse } from './s3-error.ts';

export type Algorithm = 'crc32' | 'crc32c' | 'crc64nvme' | 'sha1' | 'sha256';
export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT';
/** A checksum that was verified: base64, with `-<parts>` after it when it is one of checksums. */
export type Checksum = { algorithm: Algorithm; value: string; type: ChecksumType };
type RunningDigest = { update(bytes: Uint8Array): void; digest(): Buffer };
type AlgorithmFacts = { bytes: number; element: string; start(): RunningDigest };

/** Name in headers (`x-amz-checksum-<name>`) → what it is. `element` is its name in XML. */
export const algorithms: Readonly<Record<Algorithm, AlgorithmFacts>> = {
  crc32: { bytes: 4, element: 'ChecksumCRC32', start: crc32Running },
  crc32c: { bytes: 4, element: 'ChecksumCRC32C', start: crc32cRunning },
  crc64nvme: { bytes: 8, element: 'ChecksumCRC64NVME', start: crc64nvmeRunning },
  sha1: { bytes: 20, element: 'ChecksumSHA1', start: () => createHash('sha1') },
  sha256: { bytes: 32, element: 'ChecksumSHA256', start: () => createHash('sha256') },
};
const names = Object.keys(algorithms) as Algorithm[];
const HEADER = 'x-amz-checksum-';

/** What a request says of its body's checksum: a value in a header, or the promise of one in a trailer. */
export type Expected = { algorithm: Algorithm; value?: string };

/** Throws InvalidRequest for more than one, and for a value that has not the algorithm's length. */
export function expectedChecksum(header: (name: string) => string | undefined): Expected | undefined {
  const given = names.filter((name) => header(HEADER + name) !== undefined);
  if (given.length > 1) throw refuse('InvalidRequest', {}, 'Expecting a single x-amz-checksum- header');
  const [algorithm] = given;
  if (algorithm) return { algorithm, value: checkedValue(algorithm, header(HEADER + algorithm) ?? '') };
  const trailer = header('x-amz-trailer')?.trim().toLowerCase();
  if (trailer === undefined) return undefined;
  const promised = names.find((name) => trailer === HEADER + name);
  if (!promised) throw refuse('InvalidRequest', {}, 'The value specified in the x-amz-trailer header is not supported');
  return { algorithm: promised };
}

/** The value that a trailer brought; throws where the promised one did not come. */
export function trailerChecksum(algorithm: Algorithm, trailers: ReadonlyMap<string, string>): string {
  const value = trailers.get(HEADER + algorithm);
  if (value === undefined) throw refuse('InvalidRequest', {}, `The promised trailer ${HEADER}${algorithm} is missing`);
  return checkedValue(algorithm, value);
}

/** `CRC32C` or `crc32c`; throws InvalidRequest for an unknown one. */
export function parseAlgorithm(text: string): Algorithm {
  const found = names.find((name) => name === text.toLowerCase());
  if (!found)
    throw refuse(
      'InvalidRequest',
      {},
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    );
  return found;
}

/** COMPOSITE unless told, but for crc64nvme, which has no composite form; SHA has no full-object form. */
export function parseChecksumType(algorithm: Algorithm, text: string | undefined): ChecksumType {
  const type = text?.toUpperCase() ?? (algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE');
  const allowed =
    algorithm === 'crc64nvme'
      ? ['FULL_OBJECT']
      : algorithm.startsWith('sha')
        ? ['COMPOSITE']
        : ['COMPOSITE', 'FULL_OBJECT'];
  if (!allowed.includes(type)) {
    throw refuse(
      'InvalidRequest',
      {},
      `The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
    );
  }
  return type as ChecksumType;
}

/** The checksum of an object made of parts: that of the whole content, or one of the parts' checksums. */
export function joinChecksums(
  algorithm: Algorithm,
  type: ChecksumType,
  parts: readonly { size: number; value: string }[],
): Checksum {
  const values: Buffer[] = parts.map(({ value }) => Buffer.from(value, 'base64'));
  if (type === 'COMPOSITE') {
    const running = algorithms[algorithm].start();
    for (const value of values) running.update(value);
    return { algorithm, type, value: `${running.digest().toString('base64')}-${parts.length}` };
  }
  let joined: Buffer = algorithms[algorithm].start().digest();
  for (const [index, value] of values.entries()) {
    joined = joinCrc(algorithm as 'crc32' | 'crc32c' | 'crc64nvme', joined, value, parts[index]?.size ?? 0);
  }
  return { algorithm, type, value: joined.toString('base64') };
}

/** Header names and values that tell a checksum. */
export function checksumHeaders(checksum: Checksum | undefined): Record<string, string> {
  if (!checksum) return {};
  return { [HEADER + checksum.algorithm]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

/** XML elements that tell a checksum. */
export function checksumElements(checksum: Checksum | undefined): Record<string, string> {
  return checksum ? { [algorithms[checksum.algorithm].element]: checksum.value, ChecksumType: checksum.type } : {};
}

function checkedValue(algorithm: Algorithm, value: string): string {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length === algorithms[algorithm].bytes && bytes.toString('base64') === value) return value;
  throw refuse('InvalidRequest', {}, `Value for ${HEADER}${algorithm} header is invalid.`);
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
