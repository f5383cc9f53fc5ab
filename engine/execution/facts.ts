// Loads the facts for the description of jobs: many jobs in few reads, and bodies only for fields that show them.

import type { Context } from '../../core/context.ts';
import type { CallSpec } from '../../core/execution/call-spec.ts';
import { given } from '../../core/given.ts';
import type { ExecutionId, JobId, ProjectId } from '../../core/id/identifier.ts';
import type { FailedExecution, JobFacts } from '../../core/job/job-fields.ts';
import { type JobRow, outputBodyId } from '../../core/job/row.ts';
import { isMessageCut } from '../../core/job/size.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { isTerminal } from '../../core/job/state.ts';
import { isHash } from '../../core/reference/value.ts';
import { type ExecutionRow, isJob } from '../../core/row/execution/execution.ts';
import { loadProjects, type Project } from '../container/project.ts';
import { loadInput } from '../job/input.ts';
import { loadQueued } from '../launch/worker-number.ts';
import { loadExecutions, loadFromAnySpecs, loadFromSpecs, loadSpec, specMissing } from '../store/load-job.ts';
import { loadFailureCounts } from '../store/load-try.ts';
import { mapLimited } from '../store/map-limited.ts';
import { loadChangedOfMany, madeWith } from './metadata.ts';

/**
 * The facts of each row (of a try), in the order of `rows`. Inputs and outputs may take megabytes each, so only those of
 * a few jobs are held at a time: the caller takes out what it needs before it asks for the next.
 *
 * @param chosen the fields that will be shown
 * @param reader the reader of the input (`loadInput`)
 */
export async function* loadJobFacts(
  context: Context,
  rows: readonly JobRow[],
  chosen: ReadonlySet<string>,
  reader: 'itself' | 'client',
): AsyncGenerator<JobFacts> {
  const showsBodies = bodyFields.some((field) => chosen.has(field));
  const [projects, failed, queued] = await Promise.all([
    projectFields.some((field) => chosen.has(field)) ? loadProjectsOf(context, rows) : new Map<ProjectId, Project>(),
    chosen.has('failureFrom') ? loadFailed(context, rows) : new Map<ExecutionId, FailedExecution>(),
    chosen.has('waitsForWorker') ? loadQueued(context, rows) : new Set<JobId>(),
  ]);
  const size = showsBodies ? jobsAtATime : smallJobsAtATime;
  for (let start = 0; start < rows.length; start += size) {
    const group = rows.slice(start, start + size);
    const specs = await loadSpecsOf(context, group, showsBodies);
    const changed = await loadChangedOfMany(context, group);
    yield* await mapLimited([...group.entries()], async ([index, row]): Promise<JobFacts> => {
      const spec = specs.get(row.pk);
      if (spec === undefined) throw specMissing(row.pk);
      const input = chosen.has('input') ? await loadInput(context, row, spec, reader) : undefined;
      const result = await loadResult(context, row, chosen);
      const failureFrom = row.state === 'failed' ? failed.get(row.failureFrom ?? row.pk) : undefined;
      return {
        row,
        spec,
        metadata: changed[index] ?? madeWith(spec),
        region: projects.get(row.project)?.region ?? context.settings.region,
        billTo: projects.get(row.project)?.billTo ?? row.launchedBy,
        failureCounts: chosen.has('failureCounts') && row.try > 0 ? await loadFailureCounts(context, row) : {},
        ...given({ input, failureFrom, waitsForWorker: queued.has(row.pk) || undefined }),
        ...result,
      };
    });
  }
}

/** The specifications of a few jobs. Their inputs are left out unless they are shown. */
async function loadSpecsOf(
  context: Context,
  rows: readonly JobRow[],
  withInputs: boolean,
): Promise<Map<JobId, ExecutionSpec>> {
  const [first, second] = rows;
  // The specification of a single job may still be known from an earlier read.
  if (first !== undefined && second === undefined) return new Map([[first.pk, await loadSpec(context, first.pk)]]);
  return loadFromSpecs(
    context,
    rows.map(({ pk }) => pk),
    (spec) => (withInputs ? spec : { ...spec, originalInput: {}, runInput: {} }),
  );
}

/** The output of a job that is done, or the whole failure message where the row holds only its beginning. */
async function loadResult(context: Context, row: JobRow, chosen: ReadonlySet<string>) {
  const hasFailed = isTerminal(row.state) || row.state === 'debug_hold';
  const showsOutput = row.state === 'done' && chosen.has('output');
  const showsMessage = hasFailed && isMessageCut(row) && (chosen.has('failureMessage') || chosen.has('failureFrom'));
  if (!showsOutput && !showsMessage) return {};
  const body = await context.bodies.load(outputBodyId(row), 'output');
  const { output, failure } = isHash(body) ? body : {};
  if (showsOutput) return { output: isHash(output) ? output : {} };
  const message = isHash(failure) ? failure.message : undefined;
  return typeof message === 'string' ? { failureMessage: message } : {};
}

async function loadProjectsOf(context: Context, rows: readonly JobRow[]): Promise<Map<ProjectId, Project>> {
  const ids = [...new Set(rows.map(({ project }) => project))];
  const projects = await loadProjects(context, ids);
  return new Map(projects.flatMap((project) => (project === undefined ? [] : [[project.id, project]])));
}

/** The executions that the failed rows name as the first to fail in their trees. Most name themselves. */
async function loadFailed(context: Context, rows: readonly JobRow[]): Promise<Map<ExecutionId, FailedExecution>> {
  const ids = new Set(rows.filter(({ state }) => state === 'failed').map(({ failureFrom, pk }) => failureFrom ?? pk));
  if (ids.size === 0) return new Map();
  const found = (await loadExecutions(context, [...ids])).filter((row) => row !== undefined);
  const names = await loadFromAnySpecs(
    context,
    found.map(({ pk }) => pk),
    ({ name, executableName }) => ({ name, executableName }),
  );
  return new Map(found.map((row) => [row.pk, toFailed(row, names.get(row.pk))]));
}

function toFailed(row: ExecutionRow, names: Pick<CallSpec, 'name' | 'executableName'> | undefined): FailedExecution {
  if (names === undefined) throw specMissing(row.pk);
  const { pk, try: attempt, executable, failureReason, failureMessage } = row;
  const why = { failureReason: failureReason ?? 'JMInternalError', failureMessage: failureMessage ?? '' } as const;
  return { pk, try: attempt, ...names, executable, ...(isJob(row) ? { function: row.function } : {}), ...why };
}

/** The fields that show whole inputs and outputs. */
const bodyFields = ['input', 'originalInput', 'runInput', 'output'];
/** The fields that the project of a job decides. */
const projectFields = ['region', 'billTo'];
/** Jobs whose inputs and outputs are held at a time. One may take 20 MB of memory. */
const jobsAtATime = 4;
const smallJobsAtATime = 50;
