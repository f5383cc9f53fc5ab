// Replaces references to outputs of an analysis by references to the jobs of its stages, which are there from its birth
// (docs/reference/api.md, "References"). Nothing else then waits for analyses. Pure.

import { type AnalysisId, type ExecutionId, isId } from '../id/identifier.ts';
import { findReferences } from '../reference/find.ts';
import { type AnalysisReference, readReference } from '../reference/reference.ts';
import { type Hash, rebuild } from '../reference/value.ts';
import type { AnalysisSpec, StagePlan } from './spec.ts';
import { outputOfWorkflow } from './stage-output.ts';

/** The part of an analysis that its references need. */
export type Referred = Pick<AnalysisSpec, 'exported'> & { readonly stages: readonly ReferredStage[] };
/** `below`: the analysis that a stage is, if it is one. */
type ReferredStage = Pick<StagePlan, 'id' | 'execution'> & { readonly below?: Referred | undefined };

/** The analyses that a value and a list of executions name, each once. */
export function namedAnalyses(value: unknown, executions: readonly string[] = []): AnalysisId[] {
  const inValue = findReferences(value).flatMap((one) => (one.kind === 'analysis' ? [one.analysis] : []));
  return [...new Set([...inValue, ...executions.filter((id) => isId(id, 'analysis'))])];
}

/**
 * The value with references to stages' jobs, and a sentence for each reference to an output that its analysis does not
 * have.
 *
 * @param analyses all that `namedAnalyses` named
 */
export function referToStages(
  value: Hash,
  analyses: ReadonlyMap<AnalysisId, Referred>,
): { readonly value: Hash; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const replaced = rebuild(value, (hash) => {
    const reference = readReference(hash);
    if (reference === undefined) return undefined;
    if (reference.kind !== 'analysis') return { value: hash };
    const analysis = analyses.get(reference.analysis);
    const found = analysis === undefined ? undefined : findStage(analysis, reference);
    if (found === undefined) problems.push(`${reference.analysis} has no output "${reference.field}"`);
    return { value: found ?? hash };
  });
  return { value: replaced as Hash, problems };
}

/** The executions with the jobs of its stages in place of each analysis: it is done when they are. */
export function dependOnStages(
  executions: readonly string[],
  analyses: ReadonlyMap<AnalysisId, Referred>,
): readonly string[] {
  return executions.flatMap((id): readonly (ExecutionId | string)[] => {
    const analysis = isId(id, 'analysis') ? analyses.get(id) : undefined;
    return analysis === undefined ? [id] : jobsOf(analysis);
  });
}

function jobsOf({ stages }: Referred): ExecutionId[] {
  return stages.flatMap(({ execution, below }) => (below === undefined ? [execution] : jobsOf(below)));
}

/** The field is `<stage>.<field>`, or an output of the workflow. A stage that is an analysis names its own in the same way. */
function findStage(
  { stages, exported }: Referred,
  { kind, analysis, field, ...pick }: AnalysisReference,
): Hash | undefined {
  const wanted = outputOfWorkflow(exported, field);
  const stage = stages.find(({ id }) => id === wanted?.stage);
  if (wanted === undefined || stage === undefined) return undefined;
  if (stage.below !== undefined) return findStage(stage.below, { kind, analysis, field: wanted.field, ...pick });
  return { $dnanexus_link: { job: stage.execution, ...pick, field: wanted.field } };
}
