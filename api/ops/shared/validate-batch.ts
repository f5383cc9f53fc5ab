// /applet-xxxx/validateBatch and /workflow-xxxx/validateBatch: checks the inputs of all runs of a batch before the first one starts
// (docs/reference/api.md, "Batches").

import type { z } from 'zod';
import { expandRows } from '../../../core/batch/expand-rows.ts';
import { invalidInput, resourceNotFound } from '../../../core/error/api-error.ts';
import type { AppletSpec } from '../../../core/executable/applet.ts';
import type { JobId, ObjectId, PlaceId } from '../../../core/id/identifier.ts';
import { findInstanceType } from '../../../core/instance/instance-types.ts';
import { checkValues } from '../../../core/iospec/check-values.ts';
import type { Specification } from '../../../core/iospec/parameter.ts';
import type { Hash } from '../../../core/reference/value.ts';
import { prepareInput } from '../../../core/run/prepare-input.ts';
import { createSight, findJobs, findObjects } from '../../../engine/access/sight.ts';
import type { KnownCall, ObjectCall } from '../../route.ts';
import type { validateBatchInput } from '../../schemas/execution.ts';

export type BatchCall<Base = ObjectCall<unknown>> = Base & { readonly input: z.output<typeof validateBatchInput> };
type AnyBatchCall = BatchCall<Pick<KnownCall<unknown>, 'context' | 'caller'>>;

export async function validateBatch(call: BatchCall): Promise<{ expandedBatch: Hash[] }> {
  return expandBatch(call, (call.object.spec as AppletSpec).inputSpec);
}

/**
 * One input for each row, without defaults: the run fills those in. It refuses what the runs would refuse, and values
 * of the wrong class, which would only fail the runs.
 */
export async function expandBatch(
  call: AnyBatchCall,
  inputSpec: Specification | undefined,
): Promise<{ expandedBatch: Hash[] }> {
  const { input } = call;
  const unknown = input.instanceTypes.filter((name) => findInstanceType(name) === undefined);
  if (unknown.length > 0) throw invalidInput(`there is no instance type ${unknown.join(', ')}`);
  const expanded = expandRows(input.batchInput, input.commonInput);
  if ('problem' in expanded) throw invalidInput(expanded.problem);
  const jobs = new Set<JobId>();
  const objects = new Map<ObjectId, PlaceId | undefined>();
  for (const [index, row] of expanded.rows.entries()) {
    const prepared = prepareInput({ input: row, dependsOn: [] }, inputSpec);
    if ('refused' in prepared) throw prepared.refused;
    const problems = checkValues(inputSpec ?? [], row);
    if (problems.length > 0) throw invalidInput(problems.map((problem) => `row ${index + 1} of the batch: ${problem}`));
    for (const job of prepared.wanted.jobs) jobs.add(job);
    for (const [id, place] of prepared.wanted.objects) objects.set(id, objects.get(id) ?? place);
  }
  await checkVisible(call, [...jobs], objects);
  return { expandedBatch: expanded.rows };
}

async function checkVisible(
  { context, caller }: AnyBatchCall,
  jobs: readonly JobId[],
  objects: ReadonlyMap<ObjectId, PlaceId | undefined>,
): Promise<void> {
  const sight = createSight(context, caller);
  const [foundJobs, { found }] = await Promise.all([
    findJobs(sight, jobs),
    findObjects(sight, { wanted: objects, places: [], usedIn: undefined }),
  ]);
  const unseen = [...jobs.filter((job) => !foundJobs.has(job)), ...[...objects.keys()].filter((id) => !found.has(id))];
  const [first] = unseen;
  if (first !== undefined) throw resourceNotFound(first);
}
