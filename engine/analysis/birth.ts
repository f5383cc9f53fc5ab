// Creates an analysis. Its row commits the birth, and the jobs of its stages are the consequence: each look makes those
// that are missing, with the ids that the analysis gave them (docs/reference/protocols.md, "Birth").

import type { AnalysisPlan } from '../../core/analysis/plan.ts';
import { nameRow } from '../../core/analysis/plan-analysis.ts';
import { type AnalysisRow, analysisScopes } from '../../core/analysis/row.ts';
import type { AnalysisSpec, StagePlan } from '../../core/analysis/spec.ts';
import type { Context } from '../../core/context.ts';
import { invalidState, nonceReused } from '../../core/error/api-error.ts';
import type { Doom } from '../../core/execution/doom.ts';
import { given } from '../../core/given.ts';
import { isJob } from '../../core/row/execution/execution.ts';
import { listKey } from '../../core/row/execution/job.ts';
import { memberRow } from '../../core/row/execution/tree.ts';
import { checkParent } from '../job/birth.ts';
import { loadDoomOn } from '../job/doom.ts';
import { loadExecution } from '../store/load-job.ts';
import { mapLimited } from '../store/map-limited.ts';
import { insertAnalysis, loadAnalysisSpec } from '../store/save-analysis.ts';
import { insertJob } from '../store/save-job.ts';
import { saveSpecOnce } from '../store/save-spec.ts';

/**
 * Writes a planned analysis: everything else first, then its row, only if it is absent; then the jobs of its stages. It is
 * idempotent by id and digest. If the call dies behind the row, a look at the analysis makes the jobs.
 *
 * @returns the specification that the analysis has. An interrupted call may have written it, before the workflow was edited.
 * @throws ApiError InvalidInput when the id belongs to another request, InvalidState when the job that makes it has ended
 */
export async function createAnalysis(context: Context, plan: AnalysisPlan): Promise<AnalysisSpec> {
  const { id } = plan;
  const { root, parent, parentTry = 0, lineage, executable: workflow } = plan.row;
  if (parent !== undefined) {
    await context.rows.put('executions', memberRow(root, { parent, execution: id, parentTry, lineage, workflow }));
    await checkParent(context, plan.row, { root, parent });
  }
  await saveBodies(context, plan);
  const spec = await loadAnalysisSpec(context, id);
  const row = nameRow(plan.row, spec);
  await context.rows.put('executions', listKey(row.project, row.created, id));
  if (!(await insertAnalysis(context, row))) {
    const born = await loadExecution(context, id);
    if (born?.tombstone === true)
      throw invalidState(`"${parent}" cannot create executions any more: its try has ended`);
    if (born?.digest !== row.digest) throw nonceReused();
  }
  await bearStages(context, row, spec.stages);
  return spec;
}

/** The bodies of an analysis that is a stage are written before that of the analysis around it. */
async function saveBodies(context: Context, { id, row, spec, stageSpecs, analyses }: AnalysisPlan): Promise<void> {
  for (const analysis of analyses) await saveBodies(context, analysis);
  await mapLimited([...stageSpecs], ([job, body]) => saveSpecOnce(context, job, row.digest, body));
  await saveSpecOnce(context, id, row.digest, spec);
}

/**
 * Makes the executions of stages that have none, those of workflows with all their stages. A job is made after those that it waits for, so that it never misses one. None
 * is made in an analysis that is doomed: the member rows are written before the flags are read, so the end of the analysis
 * finds each job, or none is made.
 *
 * @returns the doom that the analysis is under; undefined when the jobs are made
 */
export async function bearStages(
  context: Context,
  { pk, root, lineage }: Pick<AnalysisRow, 'pk' | 'root' | 'lineage'>,
  stages: AnalysisSpec['stages'],
): Promise<Doom | undefined> {
  await mapLimited(stages, async ({ row }) => {
    const workflow = isJob(row) ? undefined : row.executable;
    const member = { parent: pk, execution: row.pk, parentTry: 0, lineage: row.lineage, ...given({ workflow }) };
    await context.rows.put('executions', memberRow(root, member));
  });
  const doom = await loadDoomOn(context, root, analysisScopes({ pk, lineage }));
  if (doom !== undefined) return doom;
  const levels = Map.groupBy(stages, ({ level }) => level);
  for (const [, level] of [...levels].sort(([one], [other]) => one - other)) await mapLimited(level, bear(context));
  return undefined;
}

const bear =
  (context: Context) =>
  async ({ row }: StagePlan): Promise<void> => {
    await context.rows.put('executions', listKey(row.project, row.created, row.pk));
    if (isJob(row)) {
      await insertJob(context, row);
      return;
    }
    await insertAnalysis(context, row);
    const { stages } = await loadAnalysisSpec(context, row.pk);
    await bearStages(context, row, stages);
  };
