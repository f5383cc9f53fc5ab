// The fields of a workflow that its describe shows (docs/reference/api.md, "Workflows").

import type { PlaceId } from '../../../core/id/identifier.ts';
import { synthesize } from '../../../core/workflow/synthesize.ts';
import type { WorkflowSpec } from '../../../core/workflow/workflow.ts';
import type { Sight } from '../../../engine/access/sight.ts';
import { loadInterfaces } from '../../../engine/workflow/interface.ts';

/** In the order in which they are shown. */
export const workflowFields = [
  ...['editVersion', 'title', 'summary', 'description', 'outputFolder', 'inputs', 'outputs', 'stages'],
  ...['inputSpec', 'outputSpec', 'ignoreReuse', 'temporary', 'treeTurnaroundTimeThreshold', 'initializedFrom'],
  'latestAnalysis',
] as const;

/**
 * The values of these fields. The executables of the stages are looked up only for the fields that show them.
 *
 * @param name what is shown where the workflow has no title
 */
export async function workflowValues(
  sight: Sight,
  { spec, place, name }: { readonly spec: WorkflowSpec; readonly place: PlaceId; readonly name: string | undefined },
  chosen: ReadonlySet<string>,
): Promise<Record<string, unknown>> {
  const { lastEdit, ...shown } = spec;
  const own = { ...shown, title: spec.title ?? name, latestAnalysis: null };
  if (!stageFields.some((field) => chosen.has(field))) return own;
  const executables = spec.stages.map(({ executable }) => executable);
  const interfaces = await loadInterfaces(sight, place, executables);
  const stages = spec.stages.map((stage) => ({ ...stage, accessible: interfaces.has(stage.executable) }));
  const { inputSpec = null, outputSpec = null } = synthesize(spec, interfaces) ?? {};
  return { ...own, stages, inputSpec, outputSpec };
}

const stageFields = ['stages', 'inputSpec', 'outputSpec'] as const;
