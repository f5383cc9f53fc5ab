// The functions that Step Functions adds to JSONata. It knows nothing of states.
// Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html (JSONata functions).
import { createHash, randomUUID } from 'node:crypto';

const HASHES: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** JSONata's own limit on the range operator. */
const MAX_RANGE_LENGTH = 10_000_000;

type AddedFunction = { name: string; implementation(...args: unknown[]): unknown };

export const addedFunctions: readonly AddedFunction[] = [
  { name: 'partition', implementation: partition },
  { name: 'range', implementation: range },
  { name: 'hash', implementation: hash },
  { name: 'random', implementation: random },
  { name: 'uuid', implementation: () => randomUUID() },
  { name: 'parse', implementation: parse },
];

/** `$partition(array, size)`: chunks of `size` (rounded down) elements. */
function partition(array: unknown, size: unknown): unknown[][] | undefined {
  if (array === undefined) return undefined;
  const list = Array.isArray(array) ? array : [array];
  const step = typeof size === 'number' ? Math.floor(size) : Number.NaN;
  if (!(step >= 1)) throw new Error(`$partition: the chunk size must be a positive integer, but was ${String(size)}`);
  return Array.from({ length: Math.ceil(list.length / step) }, (_, index) =>
    list.slice(index * step, (index + 1) * step),
  );
}

/** `$range(first, last, step)`: a JSONata sequence, so that one value comes out as itself, as observed on AWS. */
function range(first: unknown, last: unknown, step: unknown): number[] {
  if (![first, last, step].every(Number.isInteger) || step === 0) {
    throw new Error('$range: the first value, the last value and a step other than 0 must be integers');
  }
  const [from, to, by] = [first as number, last as number, step as number];
  const length = Math.max(0, Math.floor((to - from) / by) + 1);
  if (length > MAX_RANGE_LENGTH) throw new Error(`$range: more than ${MAX_RANGE_LENGTH} values`);
  const values = Array.from({ length }, (_, index) => from + index * by);
  Object.defineProperty(values, 'sequence', { value: true, enumerable: false });
  return values;
}

/** `$hash(content, algorithm)`: hexadecimal. */
function hash(content: unknown, algorithm: unknown): string | undefined {
  if (content === undefined) return undefined;
  const known = typeof algorithm === 'string' && Object.hasOwn(HASHES, algorithm) ? HASHES[algorithm] : undefined;
  if (!known) throw new Error(`$hash: the algorithm must be one of ${Object.keys(HASHES).join(', ')}`);
  if (typeof content !== 'string') throw new Error('$hash: the content must be a string');
  return createHash(known).update(content).digest('hex');
}

/** `$random(seed?)`: 0 ≤ n < 1; the same seed gives the same number (java.util.Random's generator). */
function random(seed: unknown): number {
  if (seed === undefined) return Math.random();
  if (typeof seed !== 'number') throw new Error('$random: the seed must be a number');
  const mask = (1n << 48n) - 1n;
  let state = (BigInt(Math.trunc(seed)) ^ 0x5deece66dn) & mask;
  const next = (bits: bigint) => {
    state = (state * 0x5deece66dn + 0xbn) & mask;
    return state >> (48n - bits);
  };
  return Number((next(26n) << 27n) + next(27n)) / 2 ** 53;
}

/** `$parse(text)`: the value of a JSON text; it stands for JSONata's $eval, which is not available. */
function parse(text: unknown): unknown {
  if (text === undefined) return undefined;
  if (typeof text !== 'string') throw new Error('$parse: the argument must be a string');
  return JSON.parse(text);
}
