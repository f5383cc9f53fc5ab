// The request of an analysis: the immutable body `S`, written once before the analysis row.

import type { CallSpec } from '../execution/call-spec.ts';
import type { JobId, ProjectId } from '../id/identifier.ts';
import type { JobRow } from '../job/row.ts';
import type { Stage, WorkflowId, WorkflowSpec } from '../workflow/workflow.ts';

/** One stage of an analysis. Its job is derived from the analysis, so that a repeated birth makes the same one. */
export type StagePlan = {
  readonly id: string;
  readonly execution: JobId;
  /** The row with which its job is born. The specification of that job is its own body `S`. */
  readonly row: JobRow;
  /** Stages of a level are born together, after all stages of lower levels, which they may wait for. From 0. */
  readonly level: number;
  /** True when the failure of this stage ends the others (`onNonRestartableFailure`: failAllStages). */
  readonly failsAll: boolean;
};

/** A field of the workflow's output, and the stage and field that it shows. */
export type ExportedField = { readonly name: string; readonly stage: string; readonly field: string };

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
  /** The stages, or `*`, for which the call asked that no outputs of earlier runs are reused. */
  readonly ignoreReuse?: readonly string[];
};
