// /workflow-xxxx/close: the workflow never changes again. Its outputs must have their sources by now
// (docs/reference/api.md, "Workflows").

import { invalidState } from '../../../core/error/api-error.ts';
import type { ObjectId } from '../../../core/id/identifier.ts';
import { outputProblems } from '../../../core/workflow/check-links.ts';
import type { WorkflowSpec } from '../../../core/workflow/workflow.ts';
import { createSight } from '../../../engine/access/sight.ts';
import { closeWorkflow as close } from '../../../engine/workflow/edit.ts';
import { loadInterfaces } from '../../../engine/workflow/interface.ts';
import type { ObjectCall } from '../../route.ts';

export async function closeWorkflow(call: ObjectCall<unknown>): Promise<{ id: ObjectId }> {
  const { context, caller, id, place } = call;
  await close(context, id, async (spec: WorkflowSpec) => {
    const executables = spec.stages.map(({ executable }) => executable);
    const interfaces = await loadInterfaces(createSight(context, caller, call), place, executables);
    const problems = outputProblems(spec, interfaces);
    if (problems.length > 0) throw invalidState(`"${id}" cannot be closed: ${problems.join('; ')}`);
  });
  return { id };
}
