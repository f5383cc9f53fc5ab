// Loads the facts for the description of an analysis.

import type { AnalysisFacts } from '../../core/analysis/analysis-fields.ts';
import type { AnalysisRow } from '../../core/analysis/row.ts';
import type { AnalysisSpec } from '../../core/analysis/spec.ts';
import type { Context } from '../../core/context.ts';
import { maximumReplyBytes, replyTooLarge } from '../../core/error/reply-limit.ts';
import { given } from '../../core/given.ts';
import { isId } from '../../core/id/identifier.ts';
import { type Hash, jsonBytes } from '../../core/reference/value.ts';
import { type ExecutionRow, isJob } from '../../core/row/execution/execution.ts';
import { loadProject } from '../container/project.ts';
import { loadExecutions, loadFromOutputs, loadJobs } from '../store/load-job.ts';
import { loadAnalysisSpec } from '../store/save-analysis.ts';
import { loadChangedOfMany, madeWith } from './metadata.ts';

/** How the caller describes executions: the stages, and the one that failed first. */
export type DescribeRows = (rows: readonly ExecutionRow[], what: 'stage' | 'failure') => Promise<readonly Hash[]>;

/** The facts of an analysis, as far as the chosen fields need them. */
export async function loadAnalysisFacts(
  context: Context,
  row: AnalysisRow,
  chosen: ReadonlySet<string>,
  describe: DescribeRows,
): Promise<AnalysisFacts> {
  const spec = await loadAnalysisSpec(context, row.pk);
  const needsStages = ['stages', 'output'].some((field) => chosen.has(field));
  const stages = needsStages ? await loadStages(context, spec) : [];
  const [project, [changed]] = await Promise.all([
    loadProject(context, row.project),
    loadChangedOfMany(context, [row]),
  ]);
  const output =
    row.state === 'done' && chosen.has('output') ? await loadAnalysisOutput(context, spec, stages) : undefined;
  const failureFrom = chosen.has('failureFrom') ? await loadFailureFrom(context, row, describe) : undefined;
  return {
    row,
    spec,
    metadata: changed ?? madeWith(spec),
    region: project?.region ?? context.settings.region,
    billTo: project?.billTo ?? row.launchedBy,
    executions: chosen.has('stages') ? await describe(stages, 'stage') : [],
    ...given({ output, failureFrom }),
  };
}

/** The rows of the stages. One that is not born yet is shown as it will be born. */
async function loadStages(context: Context, { stages }: AnalysisSpec): Promise<ExecutionRow[]> {
  const rows = await loadExecutions(
    context,
    stages.map(({ execution }) => execution),
  );
  return stages.map((stage, index) => rows[index] ?? stage.row);
}

/** The outputs of all stages, or those that the workflow exports. No more is held than an answer may have. */
async function loadAnalysisOutput(context: Context, spec: AnalysisSpec, rows: readonly ExecutionRow[]): Promise<Hash> {
  const stages = new Map(spec.stages.map(({ id, execution }) => [execution, id]));
  let left = maximumReplyBytes;
  const show = (output: Hash, { pk }: ExecutionRow) => {
    const shown = shownOutput(spec.exported, stages.get(pk) ?? '', output);
    left -= jsonBytes(shown, left);
    if (left < 0) throw replyTooLarge();
    return Object.entries(shown);
  };
  const ofJobs = await loadFromOutputs(context, rows.filter(isJob), show);
  const ofAnalyses: [string, unknown][][] = [];
  for (const row of rows) {
    if (isJob(row)) continue;
    const below = await loadAnalysisSpec(context, row.pk);
    ofAnalyses.push(show(await loadAnalysisOutput(context, below, await loadStages(context, below)), row));
  }
  const found = new Map([...ofJobs.values(), ...ofAnalyses].flat());
  const names = spec.exported?.map(({ name }) => name) ?? [...found.keys()];
  return Object.fromEntries(names.flatMap((name) => (found.has(name) ? [[name, found.get(name)]] : [])));
}

/** The outputs of an analysis that one stage gives. */
function shownOutput(exported: AnalysisSpec['exported'], stage: string, output: Hash): Hash {
  const fields =
    exported?.filter((one) => one.stage === stage) ??
    Object.keys(output).map((field) => ({ name: `${stage}.${field}`, field }));
  const given = fields.filter(({ field }) => Object.hasOwn(output, field));
  return Object.fromEntries(given.map(({ name, field }) => [name, output[field]]));
}

async function loadFailureFrom(
  context: Context,
  { failureFrom }: AnalysisRow,
  describe: DescribeRows,
): Promise<Hash | undefined> {
  if (!isId(failureFrom, 'job')) return undefined;
  const [job] = await loadJobs(context, [failureFrom]);
  return job === undefined ? undefined : (await describe([job], 'failure'))[0];
}
