// Shapes of the inputs of workflows (docs/reference/api.md, "Workflows"). core/workflow checks stages, links, inputs and
// outputs as a whole.

import { z } from 'zod';
import { maximumStageCount } from '../../core/workflow/workflow.ts';
import { isHash, longText, project, shortText } from './metadata.ts';
import { newObjectInput } from './object.ts';

const hash = z.custom<Record<string, unknown>>(isHash, 'be a hash');
const anything = z.unknown().optional();
const editVersion = z.number().int().nonnegative();
const stageId = z.string().max(255);
const executable = z.unknown();
/** Null is the same as absent for a new workflow, and resets the field in an update. */
const ownFields = {
  title: shortText.nullish(),
  summary: shortText.nullish(),
  description: longText.nullish(),
  outputFolder: z.string().nullish(),
  inputs: anything,
  outputs: anything,
  ignoreReuse: z.array(stageId).max(maximumStageCount).nullish(),
};
const source = z.object({ id: z.string(), project: project.nullish() });

export const newWorkflowInput = newObjectInput.extend({
  ...ownFields,
  stages: z.array(hash).max(maximumStageCount).nullish(),
  temporary: z.boolean().nullish(),
  treeTurnaroundTimeThreshold: z.number().int().nonnegative().nullish(),
  initializeFrom: source.nullish(),
});
const stageFields = {
  ...{ name: anything, folder: anything, input: anything, executionPolicy: anything, systemRequirements: anything },
};
export const addStageInput = z.object({ editVersion, executable, id: anything, ...stageFields });
export const removeStageInput = z.object({ editVersion, stage: stageId });
export const moveStageInput = z.object({ editVersion, stage: stageId, newIndex: z.number().int().nonnegative() });
export const updateWorkflowInput = z.object({ editVersion, ...ownFields, stages: hash.nullish() });
export const updateStageExecutableInput = z.object({
  ...{ editVersion, stage: stageId, executable },
  force: z.boolean().default(false),
});
export const isStageCompatibleInput = z.object({
  ...{ editVersion: editVersion.nullish(), stage: stageId, executable },
});
export const overwriteInput = z.object({
  editVersion,
  from: z.union([z.string(), source], 'be the id of a workflow, or a hash with "id" and "project"'),
});
