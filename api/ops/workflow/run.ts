// /workflow-xxxx/run makes an analysis, and dryRun says which one it would be (docs/reference/api.md, "Workflows").

import type { z } from 'zod';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import { isId } from '../../../core/id/identifier.ts';
import type { WorkflowSpec } from '../../../core/workflow/workflow.ts';
import { createSight } from '../../../engine/access/sight.ts';
import type { NamedWorkflow } from '../../../engine/run/load-stages.ts';
import { planWithoutStart, startAnalysis, type WorkflowCall } from '../../../engine/run/start-analysis.ts';
import type { ObjectCall } from '../../route.ts';
import { type runWorkflowInput, toRunRequest, toStageOptions } from '../../schemas/execution.ts';

type RunCall = ObjectCall<z.output<typeof runWorkflowInput>>;

export async function runWorkflow(call: RunCall): Promise<{ id: string; stages: readonly string[] }> {
  return startAnalysis(createSight(call.context, call.caller, call), ...read(call));
}

/** Every stage would run: its execution has the analysis as its parent, as that of no reused stage would. */
export async function dryRunWorkflow(call: RunCall) {
  const { id, spec } = await planWithoutStart(createSight(call.context, call.caller, call), ...read(call));
  const stages = spec.stages.map(({ id: stage, execution, row }) => {
    return { id: stage, execution: { id: execution, name: row.name ?? stage, state: row.state, parentAnalysis: id } };
  });
  return { id, stages };
}

function read({ input, rawInput, path, object, place }: RunCall): [WorkflowCall, NamedWorkflow] {
  const { id } = object;
  if (!isId(id, 'workflow')) throw resourceNotFound(id);
  const spec = object.spec as WorkflowSpec;
  const workflow = { id, name: object.placements.get(place)?.name ?? id, state: object.row.state, spec };
  const request = { ...toRunRequest(input), folder: input.folder ?? spec.outputFolder ?? '/' };
  const repeatable = { route: path, raw: rawInput, nonce: input.nonce ?? undefined };
  return [{ ...repeatable, request, options: toStageOptions(input) }, workflow];
}
