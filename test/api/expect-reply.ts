// What holds of every reply and every row, whatever was sent.

import { expect } from 'vitest';
import type { Reply } from '../../api/serve.ts';
import type { Row } from '../../core/context.ts';
import { errorStatuses } from '../../core/error/api-error.ts';

/** A refusal is one of the errors that the API lists, with a message of some length that steers no terminal. */
export function expectRefusal({ status, body }: Reply): string {
  const { error } = body as { error: { type: keyof typeof errorStatuses; message: string } };
  expect(errorStatuses[error.type]).toBe(status);
  expect(status).toBeLessThan(500);
  expect(error.message.length).toBeGreaterThan(10);
  expect(error.message.length).toBeLessThan(5_000);
  expect(error.message).not.toMatch(/[\u0000-\u001f\u202e]/);
  return error.type;
}

/** What DynamoDB accepts: keys that are not empty and not too long, rows of at most 400 KB, numbers that it can hold. */
export function expectStorable(row: Row | undefined): void {
  if (row === undefined) return;
  expect(Buffer.byteLength(row.pk)).toBeLessThanOrEqual(2_048);
  expect(Buffer.byteLength(row.sk)).toBeLessThanOrEqual(1_024);
  expect(Math.min(row.pk.length, row.sk.length)).toBeGreaterThan(0);
  expect(JSON.stringify(row).length).toBeLessThan(400_000);
  expectStorableNumbers(row);
}

/** The SDK refuses integers that JavaScript rounds, DynamoDB magnitudes below 1e-130. */
function expectStorableNumbers(value: unknown): void {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) expectStorableNumbers(inner);
  if (typeof value !== 'number' || value === 0) return;
  expect(Math.abs(value)).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
  expect(Math.abs(value)).toBeGreaterThan(1e-130);
}
