// The request of an analysis: the immutable body `S`, written once before the analysis row.

import type { CallSpec } from '../execution/call-spec.ts';
import type { ExecutionId, ProjectId } from '../id/identifier.ts';
import type { JobRow } from '../job/row.ts';
import type { Stage, WorkflowId, WorkflowSpec } from '../workflow/workflow.ts';
import type { AnalysisRow } from './row.ts';
import type { ExportedField } from './stage-output.ts';

/**
 * One stage of an analysis: a job, or the analysis of a workflow. Its id is derived from the analysis, so that a repeated
 * birth makes the same one.
 */
export type StagePlan = {
  readonly id: string;
  readonly execution: ExecutionId;
  /** The row with which it is born. Its specification is a body `S` of its own. */
  readonly row: JobRow | AnalysisRow;
  /** Stages of a level are born together, after all stages of lower levels, which they may wait for. From 0. */
  readonly level: number;
  /** True when the failure of this stage ends the others (`onNonRestartableFailure`: failAllStages). */
  readonly failsAll: boolean;
};

/** A workflow as it was, in the form of its describe. */
export type FrozenWorkflow = Omit<WorkflowSpec, 'lastEdit' | 'stages'> & {
  readonly id: WorkflowId;
  readonly class: 'workflow';
  readonly project: ProjectId;
  readonly name: string;
  readonly stages: readonly (Stage & { readonly accessible: true })[];
};

export type AnalysisSpec = CallSpec & {
  /** The workflow as it was when the analysis began, as its describe showed it. */
  readonly workflow: FrozenWorkflow;
  /** In the order of the workflow. */
  readonly stages: readonly StagePlan[];
  /** Present when the workflow has outputs of its own. */
  readonly exported?: readonly ExportedField[];
  /** The stage that the analysis is, if it is one. */
  readonly stage?: string;
  /** The stages, or `*`, for which the call asked that no outputs of earlier runs are reused. */
  readonly ignoreReuse?: readonly string[];
};
