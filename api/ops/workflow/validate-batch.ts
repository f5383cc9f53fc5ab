// /workflow-xxxx/validateBatch: the inputs are those of the workflow itself, or else those of its stages, named
// `<stage>.<field>` (docs/reference/api.md, "Batches" and "Workflows").

import { invalidState } from '../../../core/error/api-error.ts';
import type { PlaceId } from '../../../core/id/identifier.ts';
import { isOptional, type Specification } from '../../../core/iospec/parameter.ts';
import { synthesize } from '../../../core/workflow/synthesize.ts';
import type { WorkflowSpec } from '../../../core/workflow/workflow.ts';
import { createSight, type Sight } from '../../../engine/access/sight.ts';
import { loadInterfaces } from '../../../engine/workflow/interface.ts';
import { type BatchCall, expandBatch } from '../shared/validate-batch.ts';

export async function validateWorkflowBatch(call: BatchCall) {
  const { context, caller, id, place, object } = call;
  const workflow = { id, place, spec: object.spec as WorkflowSpec };
  return expandBatch(call, await givenInputs(createSight(context, caller, call), workflow));
}

/** The inputs that runs may be given. Their defaults are left to the runs, as they may link to other stages. */
export async function givenInputs(
  sight: Sight,
  { id, place, spec }: { readonly id: string; readonly place: PlaceId; readonly spec: WorkflowSpec },
): Promise<Specification> {
  const executables = spec.stages.map(({ executable }) => executable);
  const interfaces = await loadInterfaces(sight, place, executables);
  const inputs = spec.inputs ?? synthesize(spec, interfaces)?.inputSpec;
  if (inputs === undefined) throw invalidState(`"${id}" cannot be run: it has stages whose executables you do not see`);
  return inputs.map((parameter) => {
    const { default: bound, ...others } = parameter;
    return isOptional(parameter) ? { ...others, optional: true } : others;
  });
}
