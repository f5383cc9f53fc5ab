// Fills in the defaults that are the metadata of linked objects, as the place has it from which each object is taken.

import type { Context } from '../../core/context.ts';
import { invalidInput } from '../../core/error/api-error.ts';
import { metadataOf } from '../../core/reference/resolve.ts';
import type { PreparedInput } from '../../core/run/prepare-input.ts';
import type { FoundReferences } from '../../core/run/waits.ts';
import { loadObjectsAt } from '../store/load-object.ts';
import { mapLimited } from '../store/map-limited.ts';

/**
 * The input with those defaults. Objects that were not found are left to the plan, which refuses them.
 *
 * @throws ApiError InvalidInput when an object does not have the metadata
 */
export async function fillMetadata(
  context: Context,
  prepared: PreparedInput,
  { objects }: FoundReferences,
): Promise<PreparedInput> {
  const values = await mapLimited(prepared.wishes, async ({ name, object, metadata }): Promise<[string, unknown][]> => {
    const place = objects.get(object)?.place;
    if (place === undefined) return [];
    const [loaded] = await loadObjectsAt(context, place, [object], ['details']);
    const placement = loaded?.placements.get(place);
    if (placement === undefined) return [];
    const found = metadataOf(object, { ...placement, details: loaded?.details }, metadata);
    if ('problem' in found) throw invalidInput(`the default of the input "${name}": ${found.problem}; give "${name}"`);
    return [[name, found.value]];
  });
  return { ...prepared, originalInput: { ...prepared.originalInput, ...Object.fromEntries(values.flat()) } };
}
