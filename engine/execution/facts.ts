// Loads the facts for the description of jobs: many jobs in few reads, and bodies only for fields that show them.

import type { Context } from '../../core/context.ts';
import { given } from '../../core/given.ts';
import type { ExecutionId } from '../../core/id/identifier.ts';
import type { FailedJob, JobFacts } from '../../core/job/job-fields.ts';
import { type JobRow, outputBodyId } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { isTerminal } from '../../core/job/state.ts';
import { isHash } from '../../core/reference/value.ts';
import { expectJob } from '../../core/row/execution/execution.ts';
import { loadProjects } from '../container/project.ts';
import { loadInput } from '../job/input.ts';
import { loadExecutions, loadSpec, loadSpecs, specMissing } from '../store/load-job.ts';
import { loadFailureCounts } from '../store/load-try.ts';
import { mapLimited } from '../store/map-limited.ts';
import { loadMetadataOfMany } from './metadata.ts';

/**
 * The facts of each row (of a try), parallel to `rows`.
 *
 * @param chosen the fields that will be shown
 * @param reader the reader of the input (`loadInput`)
 */
export async function loadJobFacts(
  context: Context,
  rows: readonly JobRow[],
  chosen: ReadonlySet<string>,
  reader: 'itself' | 'client',
): Promise<JobFacts[]> {
  const entries = await withSpecs(context, rows);
  const targets = entries.map(({ row, spec }) => ({ job: row.pk, try: row.try, spec }));
  const [metadata, billTo, failed] = await Promise.all([
    loadMetadataOfMany(context, targets),
    chosen.has('billTo') ? loadBillTo(context, rows) : new Map<string, string>(),
    chosen.has('failureFrom') ? loadFailed(context, rows) : new Map<ExecutionId, FailedJob>(),
  ]);
  return mapLimited([...entries.entries()], async ([index, { row, spec }]): Promise<JobFacts> => {
    const input = chosen.has('input') ? await loadInput(context, row, spec, reader) : undefined;
    const result = await loadResult(context, row, chosen);
    const failureFrom = row.state === 'failed' ? failed.get(row.failureFrom ?? row.pk) : undefined;
    return {
      row,
      spec,
      metadata: metadata[index] ?? { tags: spec.tags, properties: spec.properties, details: spec.details },
      region: context.settings.region,
      billTo: billTo.get(row.project) ?? row.launchedBy,
      failureCounts: chosen.has('failureCounts') && row.try > 0 ? await loadFailureCounts(context, row) : {},
      ...given({ input, failureFrom }),
      ...result,
    };
  });
}

type Entry = { readonly row: JobRow; readonly spec: ExecutionSpec };

/** Each row with the specification of its job. */
async function withSpecs(context: Context, rows: readonly JobRow[]): Promise<Entry[]> {
  const [first, second] = rows;
  if (first !== undefined && second === undefined) return [{ row: first, spec: await loadSpec(context, first.pk) }];
  const specs = await loadSpecs(
    context,
    rows.map(({ pk }) => pk),
  );
  return rows.map((row, index) => {
    const spec = specs[index];
    if (spec === undefined) throw specMissing(row.pk);
    return { row, spec };
  });
}

/** The output of a job that is done, or the whole failure message where the row holds only its beginning. */
async function loadResult(context: Context, row: JobRow, chosen: ReadonlySet<string>) {
  const hasFailed = isTerminal(row.state) || row.state === 'debug_hold';
  const showsOutput = row.state === 'done' && chosen.has('output');
  const isCut = row.failureMessage?.endsWith('…') === true;
  const showsMessage = hasFailed && isCut && (chosen.has('failureMessage') || chosen.has('failureFrom'));
  if (!showsOutput && !showsMessage) return {};
  const body = await context.bodies.load(outputBodyId(row), 'output');
  const { output, failure } = isHash(body) ? body : {};
  if (showsOutput) return { output: isHash(output) ? output : {} };
  const message = isHash(failure) ? failure.message : undefined;
  return typeof message === 'string' ? { failureMessage: message } : {};
}

async function loadBillTo(context: Context, rows: readonly JobRow[]): Promise<Map<string, string>> {
  const ids = [...new Set(rows.map(({ project }) => project))];
  const projects = await loadProjects(context, ids);
  return new Map(projects.flatMap((project) => (project === undefined ? [] : [[project.id, project.billTo]])));
}

/** The jobs that the failed rows name as the first to fail in their trees. Most name themselves. */
async function loadFailed(context: Context, rows: readonly JobRow[]): Promise<Map<ExecutionId, FailedJob>> {
  const ids = new Set(rows.filter(({ state }) => state === 'failed').map(({ failureFrom, pk }) => failureFrom ?? pk));
  if (ids.size === 0) return new Map();
  const found = (await loadExecutions(context, [...ids]))
    .map((row) => row && expectJob(row))
    .filter((row) => row !== undefined);
  return new Map((await withSpecs(context, found)).map((entry) => [entry.row.pk, toFailedJob(entry)]));
}

function toFailedJob({ row, spec }: Entry): FailedJob {
  const { pk, try: attempt, executable, function: entryPoint, failureReason, failureMessage } = row;
  const names = { name: spec.name, executableName: spec.executableName };
  const why = { failureReason: failureReason ?? 'JMInternalError', failureMessage: failureMessage ?? '' } as const;
  return { pk, try: attempt, ...names, executable, function: entryPoint, ...why };
}
