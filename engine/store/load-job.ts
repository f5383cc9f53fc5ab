// Reads the rows of jobs, always consistently, and their specifications and outputs.

import type { Context } from '../../core/context.ts';
import type { CallSpec } from '../../core/execution/call-spec.ts';
import { type ExecutionId, isId, type JobId } from '../../core/id/identifier.ts';
import { type JobRow, outputBodyId } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { createPicker, type Outputs } from '../../core/reference/pick.ts';
import type { Reference } from '../../core/reference/reference.ts';
import { type Hash, isHash } from '../../core/reference/value.ts';
import { readAnalysisSpec } from '../../core/row/execution/analysis.ts';
import { readSpec } from '../../core/row/execution/body.ts';
import { type ExecutionRow, executionKey, readExecution } from '../../core/row/execution/execution.ts';
import { jobKey, readJob } from '../../core/row/execution/job.ts';

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

/**
 * What is kept of the specifications of many jobs; a job without one is absent. A specification may take megabytes, so
 * only one is held at a time.
 */
export async function loadFromSpecs<Kept>(
  context: Context,
  jobs: readonly JobId[],
  keep: (spec: ExecutionSpec) => Kept,
): Promise<Map<JobId, Kept>> {
  const distinct = [...new Set(jobs)];
  const kept = new Map<JobId, Kept>();
  let index = 0;
  for await (const body of context.bodies.loadEach(distinct, 'spec')) {
    const job = distinct[index++];
    const spec = job === undefined ? undefined : readSpec(job, body);
    if (job !== undefined && spec !== undefined) kept.set(job, keep(spec));
  }
  return kept;
}

/** The same for executions of both classes, with the parts that both have. */
export async function loadFromAnySpecs<Kept>(
  context: Context,
  executions: readonly ExecutionId[],
  keep: (spec: CallSpec) => Kept,
): Promise<Map<ExecutionId, Kept>> {
  const distinct = [...new Set(executions)];
  const kept = new Map<ExecutionId, Kept>();
  let index = 0;
  for await (const body of context.bodies.loadEach(distinct, 'spec')) {
    const id = distinct[index++];
    const spec = id === undefined ? undefined : readAnySpec(id, body);
    if (id !== undefined && spec !== undefined) kept.set(id, keep(spec));
  }
  return kept;
}

function readAnySpec(id: ExecutionId, body: unknown) {
  return isId(id, 'job') ? readSpec(id, body) : readAnalysisSpec(id, body);
}

/** The output that the worker of this try reported. Once the job is done, its references are resolved. */
export async function loadOutput(context: Context, row: JobRow): Promise<Hash> {
  return outputOf(await context.bodies.load(outputBodyId(row), 'output'));
}

/** What is kept of the outputs of many jobs. Only one output is held at a time. */
export async function loadFromOutputs<Kept>(
  context: Context,
  rows: readonly JobRow[],
  keep: (output: Hash, row: JobRow) => Kept,
): Promise<Map<JobId, Kept>> {
  const kept = new Map<JobId, Kept>();
  let index = 0;
  for await (const body of context.bodies.loadEach(rows.map(outputBodyId), 'output')) {
    const row = rows[index++];
    if (row !== undefined) kept.set(row.pk, keep(outputOf(body), row));
  }
  return kept;
}

/**
 * The parts that references name, of the outputs of those jobs that are done. Together they have at most as many bytes
 * as a resolved value may have; an output beyond that is too large to be put in, and `outputs` says so.
 */
export async function loadOutputs(
  context: Context,
  rows: readonly (JobRow | undefined)[],
  references: readonly Reference[],
): Promise<Outputs> {
  const done = rows.filter((row) => row?.state === 'done').map((row) => row as JobRow);
  const picker = createPicker(references);
  return loadFromOutputs(context, done, (output, { pk }) => picker(pk, output));
}

function outputOf(body: unknown): Hash {
  return isHash(body) && isHash(body.output) ? body.output : {};
}
