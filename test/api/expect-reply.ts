// Checks of replies and rows that hold for every request.

import { expect } from 'vitest';
import type { Reply } from '../../api/serve.ts';
import type { Row } from '../../core/context.ts';
import { errorStatuses } from '../../core/error/api-error.ts';

/** Checks that a refusal is a listed error, and that its message is short and free of control characters. */
export function expectRefusal({ status, body }: Pick<Reply, 'status' | 'body'>): string {
  const { error } = body as { error: { type: keyof typeof errorStatuses; message: string } };
  expect(errorStatuses[error.type]).toBe(status);
  expect(status).toBeLessThan(500);
  expect(error.message.length).toBeGreaterThan(10);
  expect(error.message.length).toBeLessThan(5_000);
  expect(error.message).not.toMatch(/[\u0000-\u001f\u202e]/);
  return error.type;
}

/** Checks that DynamoDB accepts a row: its keys are neither empty nor too long, its size and numbers are allowed. */
export function expectStorable(row: Row | undefined): void {
  if (row === undefined) return;
  expect(Buffer.byteLength(row.pk)).toBeLessThanOrEqual(2_048);
  expect(Buffer.byteLength(row.sk)).toBeLessThanOrEqual(1_024);
  expect(Math.min(row.pk.length, row.sk.length)).toBeGreaterThan(0);
  expect(JSON.stringify(row).length).toBeLessThan(400_000);
  expectStorableNumbers(row);
}

/** The SDK refuses integers that JavaScript rounds, and DynamoDB refuses magnitudes below 1e-130. */
function expectStorableNumbers(value: unknown): void {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) expectStorableNumbers(inner);
  if (typeof value !== 'number' || value === 0) return;
  expect(Math.abs(value)).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
  expect(Math.abs(value)).toBeGreaterThan(1e-130);
}
