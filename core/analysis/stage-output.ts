// Names the jobs of stages, and finds the job behind an output of a stage. A stage that runs a workflow is an analysis, and
// an output of it is one of a stage below (docs/reference/api.md, "Workflows"). Pure.

import { deriveId } from '../id/derive.ts';
import { type AnalysisId, type ExecutionId, isId, type JobId } from '../id/identifier.ts';
import type { Hash } from '../reference/value.ts';
import { readStageLink } from '../workflow/link.ts';
import type { Stage, StageExecutable, WorkflowSpec } from '../workflow/workflow.ts';

/** The analysis of a workflow. */
export type Run = { readonly analysis: AnalysisId; readonly workflow: WorkflowSpec };
/** Finds the workflow that a stage runs. The result is undefined for a stage that runs a program. */
export type WorkflowOf = (executable: StageExecutable) => WorkflowSpec | undefined;

/**
 * The execution of a stage: the same one whenever it is born. An interrupted call leaves bodies of executions. If the
 * workflow is edited before the call is repeated, the repeated call makes other executions.
 */
export function stageExecution({ analysis, workflow }: Run, { id, executable }: Stage): ExecutionId {
  const className = isId(executable, 'workflow') ? 'analysis' : 'job';
  return deriveId(className, analysis, `/stage/${workflow.editVersion}`, id);
}

/** The jobs of all stages, those of workflows among the stages included. */
export function jobsOfRun(run: Run, workflowOf: WorkflowOf): JobId[] {
  return run.workflow.stages.flatMap((stage) => {
    const below = runOfStage(run, stage, workflowOf);
    if (below !== undefined) return jobsOfRun(below, workflowOf);
    const execution = stageExecution(run, stage);
    return isId(execution, 'job') ? [execution] : [];
  });
}

/** Names the analysis of a stage that runs a workflow. The result is undefined for a stage that runs a program. */
function runOfStage(run: Run, stage: Stage, workflowOf: WorkflowOf): Run | undefined {
  const workflow = workflowOf(stage.executable);
  const analysis = stageExecution(run, stage);
  return workflow !== undefined && isId(analysis, 'analysis') ? { analysis, workflow } : undefined;
}

/** Makes the reference to an output of a stage. The result is undefined when the stage has no such output. */
export function referToOutput(run: Run, of: StageOutput, workflowOf: WorkflowOf): Hash | undefined {
  const stage = run.workflow.stages.find(({ id }) => id === of.stage);
  if (stage === undefined) return undefined;
  const below = runOfStage(run, stage, workflowOf);
  if (below === undefined) return { $dnanexus_link: { job: stageExecution(run, stage), field: of.field } };
  const source = outputOfWorkflow(exportedFields(below.workflow), of.field);
  return source && referToOutput(below, source, workflowOf);
}

export type StageOutput = { readonly stage: string; readonly field: string };
/** A field of the workflow's output, and the stage and field that it shows. */
export type ExportedField = StageOutput & { readonly name: string };

/** Lists the outputs that a workflow has of its own. The result is undefined if it shows those of its stages. */
export function exportedFields({ outputs }: WorkflowSpec): readonly ExportedField[] | undefined {
  return outputs?.flatMap(({ name, outputSource }) => {
    const link = readStageLink(outputSource);
    if (link === undefined || 'problem' in link || link.kind !== 'output') return [];
    return [{ name, stage: link.stage, field: link.field }];
  });
}

/** The output of a stage that an output of the workflow is: by its name, or by `<stage>.<field>`. */
export function outputOfWorkflow(
  exported: readonly ExportedField[] | undefined,
  name: string,
): StageOutput | undefined {
  const shown = exported?.find((one) => one.name === name);
  if (shown !== undefined) return shown;
  const dot = name.indexOf('.');
  return dot < 0 ? undefined : { stage: name.slice(0, dot), field: name.slice(dot + 1) };
}
