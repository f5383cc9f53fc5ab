// The row of an analysis: the one truth about the run of a workflow. Workflows cannot be run yet, so none is written.
// Edges, waits, messages, dooms, the sweep and searches can name one already.

import type { ExecutionHead } from '../execution/head.ts';
import type { AnalysisId, Id } from '../id/identifier.ts';

/** The states of an analysis, in the words of the API. */
export const analysisStates = [
  'in_progress',
  'partially_failed',
  'terminating',
  'done',
  'failed',
  'terminated',
] as const;
export type AnalysisState = (typeof analysisStates)[number];

export type AnalysisRow = ExecutionHead<AnalysisId, AnalysisState> & {
  readonly executable: Id<'workflow'> | Id<'globalworkflow'>;
};
