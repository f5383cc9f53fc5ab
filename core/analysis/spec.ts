// The request of an analysis: the immutable body `S`, written once before the analysis row.

import type { ExecutionHead } from '../execution/head.ts';
import type { ExecutionId, JobId, ProjectId } from '../id/identifier.ts';
import type { JobRow } from '../job/row.ts';
import type { Hash } from '../reference/value.ts';
import type { Stage, WorkflowId, WorkflowSpec } from '../workflow/workflow.ts';
import type { AnalysisState } from './row.ts';

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

export type AnalysisSpec = {
  /** The input as given. */
  readonly runInput: Hash;
  /** The inputs of all stages, by `<stage>.<field>`, with defaults; references are unresolved. */
  readonly originalInput: Hash;
  readonly name: string;
  /** The folder of the analysis in the project. Stages may have folders of their own. */
  readonly folder: string;
  readonly tags: readonly string[];
  readonly properties: { readonly [key: string]: string };
  readonly details: unknown;
  readonly dependsOn: readonly string[];
  readonly executableName: string;
  /** The workflow as it was when the analysis began, as its describe showed it. */
  readonly workflow: FrozenWorkflow;
  /** In the order of the workflow. */
  readonly stages: readonly StagePlan[];
  /** Present when the workflow has outputs of its own. */
  readonly exported?: readonly ExportedField[];
  readonly priority: ExecutionHead<ExecutionId, AnalysisState>['priority'];
  readonly delayWorkspaceDestruction: boolean;
  /** The stages, or `*`, for which the call asked that no outputs of earlier runs are reused. */
  readonly ignoreReuse?: readonly string[];
  /** The job that started a detached tree, and its try at that time. */
  readonly detachedFrom?: JobId;
  readonly detachedFromTry?: number;
  /** Fields of the call that describe shows, such as `rank`. They have no effect (core/job/without-effect.ts). */
  readonly shown: Hash;
};
