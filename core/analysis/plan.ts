// An analysis that was decided on, as it will be written.

import type { AnalysisId, JobId } from '../id/identifier.ts';
import type { ExecutionSpec } from '../job/spec.ts';
import type { AnalysisRow } from './row.ts';
import type { AnalysisSpec } from './spec.ts';

export type AnalysisPlan = {
  readonly id: AnalysisId;
  readonly row: AnalysisRow;
  readonly spec: AnalysisSpec;
  /** The specifications of the jobs of its stages. */
  readonly stageSpecs: ReadonlyMap<JobId, ExecutionSpec>;
  /** The stages that run workflows. */
  readonly analyses: readonly AnalysisPlan[];
};
