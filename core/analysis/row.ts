// The row of an analysis: the one truth about the run of a workflow. Its state follows from those of its stages
// (derive.ts). engine/store/save-analysis.ts saves it.

import type { Failure } from '../execution/failure.ts';
import { type ExecutionHead, isEndState } from '../execution/head.ts';
import { analysisScope, lineageEntry, readLineageEntry, type Scope } from '../execution/scope.ts';
import type { AnalysisId, Id } from '../id/identifier.ts';
import { childLineage, type EnclosingAnalysis, type JobRow } from '../job/row.ts';

/** The states of an analysis, in the words of the API, with their meanings. */
export const analysisStates = {
  in_progress: 'Stages wait or run, and none has failed.',
  partially_failed: 'A stage has failed or was terminated, and others have not ended. They may still be done.',
  terminating: 'It was terminated, or a stage failed that ends all others. Its stages are being ended.',
  done: 'All stages are done.',
  failed: 'All stages have ended, and one has failed.',
  terminated: 'It was terminated, and all stages have ended.',
} as const;
export type AnalysisState = keyof typeof analysisStates;

export type AnalysisRow = ExecutionHead<AnalysisId, AnalysisState> & {
  readonly executable: Id<'workflow'> | Id<'globalworkflow'>;
};

/** Every scope that an analysis is in, outermost first, and its own. */
export function analysisScopes({ pk, lineage }: Pick<AnalysisRow, 'pk' | 'lineage'>): Scope[] {
  return [...lineage.map(readLineageEntry), analysisScope(pk)];
}

/** Names the analysis around one that is a stage. The result is undefined for any other. */
export function enclosingAnalysis({ parent, lineage }: AnalysisRow): AnalysisId | undefined {
  const scope = lineage.map(readLineageEntry).at(-1);
  return parent === undefined && scope?.kind === 'analysis' ? scope.execution : undefined;
}

/** The facts that decide how the row of a new analysis looks. */
export type NewAnalysis = Pick<AnalysisRow, 'executable' | 'project' | 'launchedBy' | 'priority' | 'digest'> & {
  readonly id: AnalysisId;
  readonly now: number;
  /** The job that makes it in its own tree, or the analysis whose stage it is. Without it the analysis is a root. */
  readonly above?: Above | undefined;
};
type Above = { readonly job: JobRow; readonly restartsAlone?: boolean } | { readonly analysis: EnclosingAnalysis };

/** The row of an analysis that is about to be born, without its name. */
export function newAnalysisRow({ id, now, above, ...facts }: NewAnalysis): AnalysisRow {
  return {
    pk: id,
    state: 'in_progress',
    try: 0,
    ...placeBelow(id, above),
    ...facts,
    created: now,
    modified: now,
    transitions: [['in_progress', now]],
  };
}

function placeBelow(
  id: AnalysisId,
  above: Above | undefined,
): Pick<AnalysisRow, 'root' | 'lineage' | 'parent' | 'parentTry'> {
  if (above === undefined) return { root: id, lineage: [] };
  if ('analysis' in above) {
    const { analysis } = above;
    return { root: analysis.root, lineage: [...analysis.lineage, lineageEntry(analysisScope(analysis.pk))] };
  }
  const { job, restartsAlone = false } = above;
  return { root: job.root, lineage: childLineage(job, restartsAlone), parent: job.pk, parentTry: job.try };
}

/** The row in another state, with the failure that led there. */
export function enterState(
  row: AnalysisRow,
  state: AnalysisState,
  failure: Failure | undefined,
  now: number,
): AnalysisRow {
  const entered: AnalysisRow = { ...row, state, modified: now, transitions: [...row.transitions, [state, now]] };
  if (failure === undefined) return entered;
  const { reason, message, from } = failure;
  const { failureFrom, ...rest } = entered;
  return {
    ...rest,
    failureReason: reason,
    failureMessage: message.length <= messageLimit ? message : `${message.slice(0, messageLimit - 1).toWellFormed()}…`,
    ...(from === undefined || from === row.pk ? {} : { failureFrom: from }),
  };
}

/** True for an analysis that no stage and no user changes any more. */
export function hasAnalysisEnded(
  row: AnalysisRow,
): row is AnalysisRow & { readonly state: 'done' | 'failed' | 'terminated' } {
  return isEndState(row.state);
}

/** Characters. The job that failed first holds the whole message. */
const messageLimit = 300;
