// Ids of stages: those that callers may choose, and those that the platform makes.

import { deriveId } from '../id/derive.ts';
import type { WorkflowId } from './workflow.ts';

/**
 * The id of a stage that was added without one. It is always the same for one edit of a workflow, so a repeated call
 * makes the same stage.
 *
 * @param index the place of the stage among the stages that the edit adds
 */
export function deriveStageId(workflow: WorkflowId, editVersion: number, index: number): string {
  const id = deriveId('workflow', workflow, 'stage', `${editVersion}/${index}`);
  return `stage-${id.slice('workflow-'.length)}`;
}

/** True for an id that a caller may give: a name, or one that the platform made for a stage elsewhere. */
export function isStageId(id: unknown): id is string {
  return typeof id === 'string' && id.length <= maximumIdLength && (namePattern.test(id) || madePattern.test(id));
}

/** The form that clients know, in the words of a refusal. */
export const stageIdForm = 'letters, digits and "_", and not begin with a digit';

const namePattern = /^[a-zA-Z_][0-9a-zA-Z_]*$/;
const madePattern = /^stage-[0-9A-Za-z]{24}$/;
const maximumIdLength = 255;
