// /workflow-xxxx/run: runs a workflow, which makes an analysis (docs/reference/api.md, "Workflows").

import type { z } from 'zod';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import { isId } from '../../../core/id/identifier.ts';
import type { WorkflowSpec } from '../../../core/workflow/workflow.ts';
import { createSight } from '../../../engine/access/sight.ts';
import { startAnalysis } from '../../../engine/run/start-analysis.ts';
import type { ObjectCall } from '../../route.ts';
import { type runWorkflowInput, toRunRequest, toStageOptions } from '../../schemas/execution.ts';

export async function runWorkflow(
  call: ObjectCall<z.output<typeof runWorkflowInput>>,
): Promise<{ id: string; stages: readonly string[] }> {
  const { context, caller, input, rawInput, path, object, place } = call;
  const { id } = object;
  if (!isId(id, 'workflow')) throw resourceNotFound(id);
  const spec = object.spec as WorkflowSpec;
  const workflow = { id, name: object.placements.get(place)?.name ?? id, state: object.row.state, spec };
  const request = { ...toRunRequest(input), folder: input.folder ?? spec.outputFolder ?? '/' };
  const repeatable = { route: path, raw: rawInput, nonce: input.nonce ?? undefined };
  return startAnalysis(
    createSight(context, caller, call),
    { ...repeatable, request, options: toStageOptions(input) },
    workflow,
  );
}
