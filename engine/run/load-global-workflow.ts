// Loads a global workflow as a workflow that can be run.

import { chooseEdition } from '../../core/app/edition.ts';
import type { Context } from '../../core/context.ts';
import { resourceNotFound } from '../../core/error/api-error.ts';
import { type ContainerId, isId } from '../../core/id/identifier.ts';
import { accepted } from '../../core/run/refusal.ts';
import type { WorkflowSpec } from '../../core/workflow/workflow.ts';
import type { FoundVersion } from '../app/version.ts';
import { loadObjectAt } from '../store/load-object.ts';
import type { NamedWorkflow } from './load-stages.ts';

/**
 * The workflow of a region, and the container in which it and its applets are.
 *
 * @throws ApiError InvalidState when the version was deleted, InvalidInput when it is not enabled in that region
 */
export async function loadGlobalWorkflow(
  context: Context,
  { id, facts }: FoundVersion,
  region: string,
): Promise<{ readonly workflow: NamedWorkflow; readonly place: ContainerId }> {
  if (!isId(id, 'globalworkflow')) throw resourceNotFound(id);
  const { executable, resources: place } = accepted(chooseEdition(id, facts, region));
  const object = isId(executable, 'workflow') ? await loadObjectAt(context, place, executable) : undefined;
  if (object?.spec === undefined || !isId(executable, 'workflow')) {
    throw new Error(`${id} has no workflow in its resources of ${region}`);
  }
  const spec = object.spec as WorkflowSpec;
  const title = facts.title === '' ? spec.title : facts.title;
  const workflow = { id: executable, publishedAs: id, name: facts.name, state: 'closed', spec: { ...spec, title } };
  return { workflow, place };
}
