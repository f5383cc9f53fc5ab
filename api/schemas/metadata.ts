// Shapes that many inputs share: names, tags, properties, ids. Their limits are named here, once.

import { z } from 'zod';

/** Counted in UTF-8 bytes, as in the rows that hold them. */
function text(limits: { readonly min?: number; readonly max: number }) {
  const { min = 0, max } = limits;
  return z.string().refine((value) => {
    const size = Buffer.byteLength(value);
    return size >= min && size <= max && !value.includes('\0') && value.isWellFormed();
  }, `be text of ${min} to ${max} bytes in UTF-8, without the character U+0000`);
}

export const name = text({ min: 1, max: 2_048 });
export const tag = text({ min: 1, max: 1_000 });
export const tags = z.array(tag).max(1_000);
/**
 * Clients look for "be an array of valid strings for a type name" (docs/reference/api.md, "Metadata of data objects").
 */
export const types = z
  .array(z.unknown())
  .max(1_000)
  .transform((list, check) => {
    const bad = list.findIndex((type) => typeof type !== 'string' || !/^[\x20-\x7e]{1,1000}$/.test(type));
    const message = 'be an array of valid strings for a type name: printable ASCII, at most 1000 characters';
    if (bad >= 0) check.addIssue({ code: 'custom', message, input: list[bad] });
    return list as string[];
  });
const propertyKey = text({ min: 1, max: 1_000 });
const propertyValue = text({ max: 10_000 });
const maximumPropertyCount = 1_000;

/** Hashes are read by hand, so that no key has a special meaning, not even `__proto__`. */
function hashOf<Value>(value: z.ZodType<Value>) {
  return z
    .custom<Record<string, unknown>>(isHash, 'be a hash')
    .refine((hash) => Object.keys(hash).length <= maximumPropertyCount, `have at most ${maximumPropertyCount} keys`)
    .transform((hash, check) => {
      for (const [key, entry] of Object.entries(hash)) {
        const badKey = propertyKey.safeParse(key, { reportInput: true }).error?.issues.at(-1);
        if (badKey !== undefined) {
          check.addIssue({ code: 'custom', message: badKey.message.replace(/^be /, 'have keys of '), input: key });
        }
        const bad = value.safeParse(entry, { reportInput: true }).error?.issues.at(-1);
        if (bad !== undefined) check.issues.push({ ...bad, path: [key] } as z.core.$ZodRawIssue);
      }
      return Object.fromEntries(Object.entries(hash)) as Record<string, Value>;
    });
}

export const properties = hashOf(propertyValue);
export const propertyChanges = hashOf(propertyValue.nullable());

/** `details`: a hash or an array (docs/reference/api.md, "New data objects"). */
export const details = z
  .custom<Record<string, unknown> | unknown[]>(
    (value) => Array.isArray(value) || isHash(value),
    'be a hash or an array',
  )
  .describe('the details: a hash or an array');
export const nonce = text({ min: 1, max: 128 });
export const folder = z.string().refine((path) => path.startsWith('/'), 'be a non-empty string starting with "/"');
export const project = z.string().max(64);
const smallestAmount = 1e-6;
/**
 * A number that every store holds exactly enough: DynamoDB has no infinite ones, and its client refuses rounded ones.
 */
export const amount = z
  .number()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
  .refine((value) => value === 0 || value >= smallestAmount, `be 0, or at least ${smallestAmount}`);
export const shortText = text({ max: 10_000 });
export const longText = text({ max: 200_000 });

export function isHash(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
