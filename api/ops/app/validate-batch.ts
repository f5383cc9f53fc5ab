// /app-xxxx/validateBatch and /globalworkflow-xxxx/validateBatch (docs/reference/api.md, "Batches").

import type { z } from 'zod';
import { invalidState } from '../../../core/error/api-error.ts';
import { isId } from '../../../core/id/identifier.ts';
import type { Specification } from '../../../core/iospec/parameter.ts';
import type { WorkflowSpec } from '../../../core/workflow/workflow.ts';
import { createSight } from '../../../engine/access/sight.ts';
import { type FoundVersion, findVersion } from '../../../engine/app/version.ts';
import { loadObjectAt } from '../../../engine/store/load-object.ts';
import type { KnownCall } from '../../route.ts';
import type { validateBatchInput } from '../../schemas/execution.ts';
import { expandBatch } from '../shared/validate-batch.ts';
import { givenInputs } from '../workflow/validate-batch.ts';
import { describeSpec, mainEdition } from './describe.ts';

type BatchCall = KnownCall<z.output<typeof validateBatchInput>>;

export async function validateVersionBatch(call: BatchCall) {
  const { context, caller, subject, alias } = call;
  const found = await findVersion(context, caller, subject, alias);
  if (found.facts.deleted === true) throw invalidState(`"${found.id}" was deleted`);
  return expandBatch(call, await inputsOf(call, found));
}

async function inputsOf({ context, caller }: BatchCall, found: FoundVersion): Promise<Specification | undefined> {
  if (isId(found.id, 'app')) return (await describeSpec(context, found)).inputSpec;
  const { executable, resources: place } = mainEdition(context, found);
  const object = isId(executable, 'workflow') ? await loadObjectAt(context, place, executable) : undefined;
  if (object === undefined) throw new Error(`${found.id} has no workflow in its resources`);
  const sight = createSight(context, caller, { place, level: 'VIEW' });
  return givenInputs(sight, { id: found.id, place, spec: object.spec as WorkflowSpec });
}
