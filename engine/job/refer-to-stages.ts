// Loads the analyses that a value names, as far as the caller sees them, and names the jobs of their stages instead.

import { dependOnStages, namedAnalyses, type Referred, referToStages } from '../../core/analysis/refer.ts';
import type { Context } from '../../core/context.ts';
import { invalidInput, resourceNotFound } from '../../core/error/api-error.ts';
import { given } from '../../core/given.ts';
import { type AnalysisId, isId } from '../../core/id/identifier.ts';
import { exceedsDepth, type Hash } from '../../core/reference/value.ts';
import { type Sight, seesExecution } from '../access/sight.ts';
import { loadExecutions } from '../store/load-job.ts';
import { mapLimited } from '../store/map-limited.ts';
import { loadAnalysisSpec } from '../store/save-analysis.ts';

type Asked = { readonly input: Hash; readonly dependsOn: readonly string[] };

/**
 * The input and dependencies of a call without references to analyses.
 *
 * @throws ApiError ResourceNotFound for an analysis that the caller does not see, InvalidInput for an output that an
 *   analysis does not have
 */
export async function withoutAnalyses<Call extends Asked>(sight: Sight, call: Call): Promise<Call> {
  const named = namedAnalyses(call.input, call.dependsOn);
  if (named.length === 0) return call;
  const analyses = await loadSeen(sight, named);
  const unseen = named.find((id) => !analyses.has(id));
  if (unseen !== undefined) throw resourceNotFound(unseen);
  const { value, problems } = referToStages(call.input, analyses);
  if (problems.length > 0) throw invalidInput(problems);
  return { ...call, input: value, dependsOn: dependOnStages(call.dependsOn, analyses) };
}

/**
 * The output of a job without references to analyses that it sees. A reference to another one stays, and is refused with
 * those to jobs that it does not see. An output that nests too deep stays as it is, and is refused later.
 */
export async function outputWithoutAnalyses(
  sight: Sight,
  output: Hash,
): Promise<{ readonly value: Hash; readonly problems: readonly string[] }> {
  const named = exceedsDepth(output) ? [] : namedAnalyses(output);
  if (named.length === 0) return { value: output, problems: [] };
  const analyses = await loadSeen(sight, named);
  const { value, problems } = referToStages(output, analyses);
  return { value, problems: analyses.size < named.length ? [] : problems };
}

async function loadSeen(sight: Sight, named: readonly AnalysisId[]): Promise<ReadonlyMap<AnalysisId, Referred>> {
  const rows = await loadExecutions(sight.context, named);
  const found = await mapLimited([...named.entries()], async ([index, id]): Promise<[AnalysisId, Referred][]> => {
    const row = rows[index];
    if (row === undefined || !(await seesExecution(sight, row))) return [];
    return [[id, await loadReferred(sight.context, id)]];
  });
  return new Map(found.flat());
}

async function loadReferred(context: Context, id: AnalysisId): Promise<Referred> {
  const { stages, exported } = await loadAnalysisSpec(context, id);
  const found = await mapLimited(stages, async ({ id: stage, execution }) => {
    const below = isId(execution, 'analysis') ? await loadReferred(context, execution) : undefined;
    return { id: stage, execution, ...given({ below }) };
  });
  return { stages: found, ...given({ exported }) };
}
