// Reads the rows of jobs, always consistently, and their specifications and outputs.

import type { Context } from '../../core/context.ts';
import type { ExecutionId, JobId } from '../../core/id/identifier.ts';
import { type JobRow, outputBodyId } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import type { Outputs } from '../../core/reference/resolve.ts';
import { type Hash, isHash } from '../../core/reference/value.ts';
import { readSpec } from '../../core/row/execution/body.ts';
import { type ExecutionRow, executionKey, readExecution } from '../../core/row/execution/execution.ts';
import { jobKey, readJob } from '../../core/row/execution/job.ts';
import { mapLimited } from './map-limited.ts';

/** The row of an execution; undefined when there is none. */
export async function loadExecution(context: Context, execution: ExecutionId): Promise<ExecutionRow | undefined> {
  return readExecution(await context.rows.get('executions', executionKey(execution)));
}

/** Rows of many executions, parallel to `executions`. */
export async function loadExecutions(
  context: Context,
  executions: readonly ExecutionId[],
): Promise<(ExecutionRow | undefined)[]> {
  if (executions.length === 0) return [];
  return (await context.rows.getMany('executions', executions.map(executionKey))).map(readExecution);
}

/** The row of a job; undefined when there is none. */
export async function loadJob(context: Context, job: JobId): Promise<JobRow | undefined> {
  return readJob(await context.rows.get('executions', jobKey(job)));
}

/** Rows of many jobs, parallel to `jobs`. */
export async function loadJobs(context: Context, jobs: readonly JobId[]): Promise<(JobRow | undefined)[]> {
  if (jobs.length === 0) return [];
  return (await context.rows.getMany('executions', jobs.map(jobKey))).map(readJob);
}

/**
 * The specification of a job: the request that created it.
 *
 * @throws Error when it is missing or malformed. It is written before the row, so that is a fault of the platform.
 */
export async function loadSpec(context: Context, job: JobId): Promise<ExecutionSpec> {
  const spec = readSpec(job, await context.bodies.load(job, 'spec'));
  if (spec === undefined) throw specMissing(job);
  return spec;
}

/** A row is written after its specification, so this is a fault of the platform. */
export function specMissing(job: string): Error {
  return new Error(`${job} has a row but no specification`);
}

/** The specifications of many jobs, parallel to `jobs`; undefined where one is missing. Each is read once. */
export async function loadSpecs(context: Context, jobs: readonly JobId[]): Promise<(ExecutionSpec | undefined)[]> {
  const distinct = [...new Set(jobs)];
  const bodies = await context.bodies.loadMany(distinct, 'spec');
  const specs = new Map(distinct.map((job, index) => [job, readSpec(job, bodies[index])]));
  return jobs.map((job) => specs.get(job));
}

/** The output that the worker of this try reported. Once the job is done, its references are resolved. */
export async function loadOutput(context: Context, row: JobRow): Promise<Hash> {
  const body = await context.bodies.load(outputBodyId(row), 'output');
  return isHash(body) && isHash(body.output) ? body.output : {};
}

/** The outputs of those of the jobs that are done. */
export async function loadOutputs(context: Context, rows: readonly (JobRow | undefined)[]): Promise<Outputs> {
  const outputs = new Map<ExecutionId, Hash>();
  await mapLimited(rows, async (row) => {
    if (row?.state === 'done') outputs.set(row.pk, await loadOutput(context, row));
  });
  return outputs;
}
