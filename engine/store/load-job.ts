// Reads jobs: rows, always consistently, and what belongs to them.

import type { Context } from '../../core/context.ts';
import type { JobId } from '../../core/id/identifier.ts';
import { asJob, type JobRow, jobKey, outputBodyId } from '../../core/job/row.ts';
import type { JobSpec } from '../../core/job/spec.ts';
import { findReferences } from '../../core/reference/find.ts';
import { type Hash, isHash } from '../../core/reference/value.ts';

/** The row of a job; undefined when there is none. */
export async function loadJob(context: Context, job: JobId): Promise<JobRow | undefined> {
  return asJob(await context.rows.get('executions', jobKey(job)));
}

/** Rows of many jobs, parallel to `jobs`. */
export async function loadJobs(context: Context, jobs: readonly JobId[]): Promise<(JobRow | undefined)[]> {
  if (jobs.length === 0) return [];
  return (await context.rows.getMany('executions', jobs.map(jobKey))).map(asJob);
}

/**
 * What a job was asked to do.
 *
 * @throws Error when it is missing: it is written before the row, so that is a fault of the platform
 */
export async function loadSpec(context: Context, job: JobId): Promise<JobSpec> {
  const spec = await context.bodies.load(job, 'S');
  if (!isHash(spec)) throw new Error(`${job} has a row but no specification`);
  return spec as unknown as JobSpec;
}

/** A job's input as far as it is known: resolved once it has become runnable, as given with defaults before. */
export async function loadInput(context: Context, job: JobId, spec: JobSpec): Promise<Hash> {
  if (!findReferences(spec.originalInput).some(({ kind }) => kind !== 'object')) return spec.originalInput;
  const resolved = await context.bodies.load(job, 'I');
  return isHash(resolved) ? resolved : spec.originalInput;
}

/** The output that the worker of this try handed over; once the job is done, with its references resolved. */
export async function loadOutput(context: Context, row: JobRow): Promise<Hash> {
  const body = await context.bodies.load(outputBodyId(row), 'O');
  return isHash(body) && isHash(body.output) ? body.output : {};
}
