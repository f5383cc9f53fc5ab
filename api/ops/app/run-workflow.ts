// /globalworkflow-xxxx/run: makes an analysis of the workflow that the project's region has (docs/reference/api.md, "Global
// workflows").

import type { z } from 'zod';
import { chooseProject } from '../../../core/run/project-context.ts';
import { accepted } from '../../../core/run/refusal.ts';
import { loadRegion } from '../../../engine/access/region.ts';
import { createSight } from '../../../engine/access/sight.ts';
import { findVersion } from '../../../engine/app/version.ts';
import { loadGlobalWorkflow } from '../../../engine/run/load-global-workflow.ts';
import { startAnalysis } from '../../../engine/run/start-analysis.ts';
import type { KnownCall } from '../../route.ts';
import { type runWorkflowInput, toRunRequest, toStageOptions } from '../../schemas/execution.ts';

type RunCall = KnownCall<z.output<typeof runWorkflowInput>>;

export async function runGlobalWorkflow(call: RunCall): Promise<{ id: string; stages: readonly string[] }> {
  const { context, caller, input, rawInput, path, subject, alias } = call;
  const found = await findVersion(context, caller, subject, alias);
  const asked = toRunRequest(input);
  const { project } = accepted(chooseProject(caller, asked));
  const { workflow, place } = await loadGlobalWorkflow(context, found, await loadRegion(context, project));
  const request = { ...asked, folder: input.folder ?? workflow.spec.outputFolder ?? '/' };
  const repeatable = { route: path, raw: rawInput, nonce: input.nonce ?? undefined };
  const sight = createSight(context, caller, { place, level: 'VIEW' });
  return startAnalysis(sight, { ...repeatable, request, options: toStageOptions(input) }, workflow);
}
