// Checks, before anything is changed, that all objects of a request are in its place.

import type { Context } from '../../../core/context.ts';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import { isObjectId, type PlaceId } from '../../../core/id/identifier.ts';
import { type LoadedObject, loadObjectsAt } from '../../../engine/store/load-object.ts';

/** The objects, each once. ResourceNotFound names the first one that is not in the place. */
export async function requireObjects(
  context: Context,
  place: PlaceId,
  ids: readonly string[],
): Promise<LoadedObject[]> {
  const unique = [...new Set(ids)];
  const stranger = unique.find((id) => !isObjectId(id));
  if (stranger !== undefined) throw resourceNotFound(stranger, 'it is not the id of a data object');
  const objects = await loadObjectsAt(context, place, unique.filter(isObjectId));
  return objects.map((object, index) => {
    if (object === undefined) throw resourceNotFound(unique[index] ?? '', `it is not in ${place}`);
    return object;
  });
}
