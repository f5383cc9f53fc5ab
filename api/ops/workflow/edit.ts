// /workflow-xxxx/addStage, removeStage, moveStage, update, updateStageExecutable, isStageCompatible and overwrite
// (docs/reference/api.md, "Workflows"). core/workflow/edit.ts decides about each edit.

import type { z } from 'zod';
import { invalidInput } from '../../../core/error/api-error.ts';
import { isId } from '../../../core/id/identifier.ts';
import { callerScope } from '../../../core/identity/caller.ts';
import { requestDigest } from '../../../core/object/digest.ts';
import { type Hash, isHash } from '../../../core/reference/value.ts';
import { accepted } from '../../../core/run/refusal.ts';
import { noSuchStage } from '../../../core/workflow/check-links.ts';
import * as edit from '../../../core/workflow/edit.ts';
import { readChange, readExecutable, type StageChange } from '../../../core/workflow/read-stage.ts';
import { deriveStageId } from '../../../core/workflow/stage-id.ts';
import type { Interfaces, StageExecutable, WorkflowId, WorkflowSpec } from '../../../core/workflow/workflow.ts';
import { createSight } from '../../../engine/access/sight.ts';
import { editWorkflow } from '../../../engine/workflow/edit.ts';
import { loadInterfaces } from '../../../engine/workflow/interface.ts';
import type { ObjectCall } from '../../route.ts';
import type * as schema from '../../schemas/workflow.ts';
import { findSource } from '../shared/initialize-from.ts';
import { ownChange } from './own-change.ts';

type Call<Schema extends z.ZodType> = ObjectCall<z.output<Schema>>;
type Answer = { readonly id: WorkflowId; readonly editVersion: number };

export async function addStage(call: Call<typeof schema.addStageInput>): Promise<Answer & { readonly stage: string }> {
  const { input } = call;
  const id = workflowOf(call);
  const { executable } = accepted(readExecutable(input.executable, 'executable'));
  const madeId = deriveStageId(id, input.editVersion, 0);
  const spec = await save(call, input.editVersion, async (before) => {
    const interfaces = await load(call, before, [executable]);
    return edit.addStage(before, { given: input, executable, madeId }, interfaces);
  });
  return { id, editVersion: input.editVersion + 1, stage: spec.stages.at(-1)?.id ?? madeId };
}

export async function removeStage(call: Call<typeof schema.removeStageInput>): Promise<Answer> {
  const { editVersion, stage } = call.input;
  await save(call, editVersion, (before) => edit.removeStage(before, stage));
  return answer(call, editVersion);
}

export async function moveStage(call: Call<typeof schema.moveStageInput>): Promise<Answer> {
  const { editVersion, stage, newIndex } = call.input;
  await save(call, editVersion, (before) => edit.moveStage(before, stage, newIndex));
  return answer(call, editVersion);
}

export async function updateWorkflow(call: Call<typeof schema.updateWorkflowInput>): Promise<Answer> {
  const { input } = call;
  const own = ownChange(input, 'reset');
  const stages = readChanges(input.stages ?? {});
  await save(call, input.editVersion, async (before) => edit.update(before, { own, stages }, await load(call, before)));
  return answer(call, input.editVersion);
}

export async function updateStageExecutable(call: Call<typeof schema.updateStageExecutableInput>): Promise<Answer> {
  const { editVersion, stage, executable: named, force } = call.input;
  const { executable } = accepted(readExecutable(named, 'executable'));
  await save(call, editVersion, async (before) => {
    return edit.updateStageExecutable(before, { stage, executable, force }, await load(call, before, [executable]));
  });
  return answer(call, editVersion);
}

/** Says whether `updateStageExecutable` would take the executable without `force`. */
export async function isStageCompatible(call: Call<typeof schema.isStageCompatibleInput>) {
  const { stage: wanted, executable: named } = call.input;
  const { executable } = accepted(readExecutable(named, 'executable'));
  const spec = call.object.spec as WorkflowSpec;
  const stage = spec.stages.find(({ id }) => id === wanted);
  if (stage === undefined) throw invalidInput(noSuchStage(wanted, spec.stages));
  const { problems } = accepted(edit.compareExecutable(stage, executable, await load(call, spec, [executable])));
  return { id: workflowOf(call), compatible: problems.length === 0, incompatibilities: problems };
}

export async function overwriteWorkflow(call: Call<typeof schema.overwriteInput>): Promise<Answer> {
  const { editVersion, from } = call.input;
  const source = await findSource(call, 'workflow', typeof from === 'string' ? { id: from } : from);
  await save(call, editVersion, async (before) => {
    const spec = edit.overwrite(before, source.object.spec as WorkflowSpec);
    return edit.checked(spec, await load(call, spec));
  });
  return answer(call, editVersion);
}

async function save(
  { context, caller, object, path, rawInput }: ObjectCall<unknown>,
  editVersion: number,
  change: (before: WorkflowSpec) => Promise<edit.Edited> | edit.Edited,
): Promise<WorkflowSpec> {
  const digest = requestDigest([callerScope(caller), path, requestDigest(rawInput)]);
  return editWorkflow(context, object, { editVersion, digest, change });
}

/** The executables of the stages, and others, as the caller sees them. */
async function load(
  call: ObjectCall<unknown>,
  { stages }: WorkflowSpec,
  others: readonly StageExecutable[] = [],
): Promise<Interfaces> {
  const executables = [...stages.map(({ executable }) => executable), ...others];
  return loadInterfaces(createSight(call.context, call.caller, call), call.place, executables);
}

function readChanges(given: Hash): ReadonlyMap<string, StageChange> {
  const problems: string[] = [];
  const changes = new Map<string, StageChange>();
  for (const [id, value] of Object.entries(given)) {
    const at = `stages.${id}`;
    if (!isHash(value)) problems.push(`${at} must be a hash`);
    else if (value.executable !== undefined) problems.push(`${at}.executable is changed by updateStageExecutable`);
    else {
      const read = readChange(value, at);
      if ('problems' in read) problems.push(...read.problems);
      else changes.set(id, read.change);
    }
  }
  if (problems.length > 0) throw invalidInput(problems);
  return changes;
}

function answer(call: ObjectCall<unknown>, editVersion: number): Answer {
  return { id: workflowOf(call), editVersion: editVersion + 1 };
}

function workflowOf({ id }: ObjectCall<unknown>): WorkflowId {
  if (!isId(id, 'workflow')) throw new Error(`${id} came to a method of workflows`);
  return id;
}
