// Makes and checks the tokens of jobs, `<job>.<try>.<secret>`. The job row holds a hash of the secret.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from '../../core/context.ts';
import { isId, type JobId } from '../../core/id/identifier.ts';
import type { JobRow } from '../../core/job/row.ts';
import { jobKey, readJob } from '../../core/row/execution/job.ts';

/** The number of random bytes in a job token's secret. */
export const jobSecretByteCount = 32;

/**
 * A job token's text, and the hash that the job row keeps as `tokenHash`. The secret ends with the time of the token's
 * expiry, so that the hash covers it and no row needs to keep it.
 *
 * @param expiresAt in milliseconds since 1970
 */
export function makeJobToken(
  job: JobId,
  attempt: number,
  secretBytes: Uint8Array,
  expiresAt: number,
): { token: string; hash: string } {
  const secret = `${Buffer.from(secretBytes).toString('base64url')}-${expiresAt.toString(expiryRadix)}`;
  return { token: `${job}.${attempt}.${secret}`, hash: secretHash(secret) };
}

/** The time at which a job token with this secret expires, in milliseconds since 1970. */
export function tokenExpiry(secret: string): number {
  return Number.parseInt(secret.slice(secret.lastIndexOf('-') + 1), expiryRadix);
}

/** The parts of a job token, unchecked; undefined when a text does not have the form of one. */
export function parseJobToken(token: string): { job: JobId; try: number; secret: string } | undefined {
  const [, job, attempt, secret] = jobTokenPattern.exec(token) ?? [];
  if (secret === undefined || !isId(job, 'job')) return undefined;
  return { job, try: Number(attempt), secret };
}

/**
 * The row of the job that a token names; undefined unless the job is in that try and its secret is this one. The
 * operation decides whether the job may still act in its state.
 */
export async function loadJobByToken(context: Context, token: string): Promise<JobRow | undefined> {
  const parsed = parseJobToken(token);
  if (parsed === undefined) return undefined;
  const row = readJob(await context.rows.get('executions', jobKey(parsed.job)));
  if (row?.tokenHash === undefined || row.try !== parsed.try || row.tombstone === true) return undefined;
  const held = Buffer.from(row.tokenHash);
  const shown = Buffer.from(secretHash(parsed.secret));
  return held.length === shown.length && timingSafeEqual(held, shown) ? row : undefined;
}

/** 144 bits of the SHA-256, because the job row must stay small. */
function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url').slice(0, hashLength);
}

const hashLength = 24;
const expiryRadix = 36;

const jobTokenPattern = /^(job-[0-9A-Za-z]{24})\.(\d{1,4})\.([0-9A-Za-z_-]{16,128})$/;
