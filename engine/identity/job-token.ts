// Tokens of jobs: `<job>.<try>.<secret>`, of which the job row holds the secret's hash. No row of their own.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from '../../core/context.ts';
import { isId, type JobId } from '../../core/id/identifier.ts';
import type { JobRow } from '../../core/job/row.ts';
import { jobKey, readJob } from '../../core/row/execution/job.ts';

/** Random bytes of a job token's secret. */
export const jobSecretByteCount = 32;

/** A job token's text, and the hash that the job row keeps as `tokenHash`. */
export function makeJobToken(job: JobId, attempt: number, secretBytes: Uint8Array): { token: string; hash: string } {
  const secret = Buffer.from(secretBytes).toString('base64url');
  return { token: `${job}.${attempt}.${secret}`, hash: secretHash(secret) };
}

/** What a text says it is a token of; undefined when it has not the form of a job token. */
export function parseJobToken(token: string): { job: JobId; try: number; secret: string } | undefined {
  const [, job, attempt, secret] = jobTokenPattern.exec(token) ?? [];
  if (secret === undefined || !isId(job, 'job')) return undefined;
  return { job, try: Number(attempt), secret };
}

/**
 * The job row that a job token is good for: of its job, in its try, with its secret; undefined otherwise. Whether the
 * job's state still lets it act is for the operation to say.
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

/** 144 bits of SHA-256: the job row has little room. */
function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url').slice(0, hashLength);
}

const hashLength = 24;

const jobTokenPattern = /^(job-[0-9A-Za-z]{24})\.(\d{1,4})\.([0-9A-Za-z_-]{16,128})$/;
