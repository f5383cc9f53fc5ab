// /workflow/new: an open workflow, with the stages of the call or initialized from another workflow
// (docs/reference/api.md, "Workflows").

import type { z } from 'zod';
import { invalidInput } from '../../../core/error/api-error.ts';
import { given } from '../../../core/given.ts';
import { type AnalysisId, isId } from '../../../core/id/identifier.ts';
import { accepted } from '../../../core/run/refusal.ts';
import { checked } from '../../../core/workflow/edit.ts';
import { readExecutable, readStage } from '../../../core/workflow/read-stage.ts';
import { deriveStageId } from '../../../core/workflow/stage-id.ts';
import type { Stage, WorkflowId, WorkflowSpec } from '../../../core/workflow/workflow.ts';
import { createSight } from '../../../engine/access/sight.ts';
import { loadAnalysisSpec } from '../../../engine/store/save-analysis.ts';
import { stageLinks } from '../../../engine/workflow/edit.ts';
import { loadInterfaces } from '../../../engine/workflow/interface.ts';
import type { PlaceCall } from '../../route.ts';
import type { newWorkflowInput } from '../../schemas/workflow.ts';
import { visibleAnalysis } from '../execution/visible.ts';
import { findSource } from '../shared/initialize-from.ts';
import { newObject } from '../shared/new-object.ts';
import { ownChange } from './own-change.ts';

/** The part of a workflow with which another one begins. */
type Beginning = Omit<WorkflowSpec, 'editVersion' | 'temporary' | 'treeTurnaroundTimeThreshold'>;
type NewCall = PlaceCall<z.output<typeof newWorkflowInput>>;

export async function newWorkflow(call: NewCall): Promise<{ id: WorkflowId; editVersion: number }> {
  const { input } = call;
  const begun = input.initializeFrom == null ? undefined : await loadBeginning(call, input.initializeFrom);
  const named = { ...call, input: { ...input, name: input.name ?? begun?.name } };
  const { id } = await newObject(named, 'workflow', async (made) => {
    const spec = await plan(call, made, begun?.spec ?? emptyWorkflow);
    return { state: 'open', spec, stageLinks: stageLinks(spec.stages), editVersion: spec.editVersion };
  });
  return { id, editVersion: emptyWorkflow.editVersion };
}

/** The name and the contents of the workflow that the new one begins as. */
async function loadBeginning(
  call: NewCall,
  from: { readonly id: string; readonly project?: string | null | undefined },
): Promise<{ readonly name: string; readonly spec: WorkflowSpec }> {
  const { id } = from;
  if (isId(id, 'analysis')) {
    await visibleAnalysis({ ...call, subject: id });
    const { workflow } = await loadAnalysisSpec(call.context, id);
    const stages = workflow.stages.map(({ accessible, ...stage }) => stage);
    return { name: workflow.name, spec: copyOf({ ...workflow, stages }, id) };
  }
  if (!isId(id, 'workflow'))
    throw invalidInput('expected key "initializeFrom.id" of input to be the id of a workflow or an analysis');
  const { object, placement } = await findSource(call, 'workflow', from);
  return { name: placement.name, spec: copyOf(object.spec as WorkflowSpec, id) };
}

function copyOf(from: Beginning, id: WorkflowId | AnalysisId): WorkflowSpec {
  const { title, summary, description, outputFolder, stages, inputs, outputs, ignoreReuse } = from;
  const copied = { title, summary, description, outputFolder, stages, inputs, outputs, ignoreReuse };
  return { ...emptyWorkflow, ...copied, initializedFrom: { id } };
}

/** Stages of the call must be seen. Those that are copied may be inaccessible, as in the workflow that they come from. */
async function plan(call: NewCall, id: WorkflowId, begun: WorkflowSpec): Promise<WorkflowSpec> {
  const { input, context, caller, place } = call;
  const stages = input.stages == null ? undefined : readStages(input.stages, id);
  const { temporary, treeTurnaroundTimeThreshold } = input;
  const spec = {
    ...{ ...begun, ...ownChange(input, 'absent') },
    ...given({ stages, temporary: temporary ?? undefined }),
    ...given({ treeTurnaroundTimeThreshold: treeTurnaroundTimeThreshold ?? undefined }),
  };
  const executables = spec.stages.map(({ executable }) => executable);
  const interfaces = await loadInterfaces(createSight(context, caller, call), place, executables);
  return accepted(checked(spec, interfaces, stages === undefined ? [] : executables)).spec;
}

function readStages(given: readonly Record<string, unknown>[], id: WorkflowId): Stage[] {
  const problems: string[] = [];
  const stages = given.flatMap((value, index) => {
    const at = `stages[${index}]`;
    const { executable } = accepted(readExecutable(value.executable, `${at}.executable`));
    const read = readStage(value, executable, deriveStageId(id, emptyWorkflow.editVersion, index), at);
    if ('stage' in read) return [read.stage];
    problems.push(...read.problems);
    return [];
  });
  if (problems.length > 0) throw invalidInput(problems);
  return stages;
}

const emptyWorkflow: WorkflowSpec = {
  ...{ editVersion: 0, title: null, summary: '', description: '', outputFolder: null, stages: [] },
  ...{ inputs: null, outputs: null, ignoreReuse: [], temporary: false, treeTurnaroundTimeThreshold: null },
};
