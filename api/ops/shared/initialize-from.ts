// Finds the object that a new one is initialized from (docs/reference/api.md, "New data objects" and "Workflows").

import { resourceNotFound } from '../../../core/error/api-error.ts';
import { isId, isObjectId, isPlaceId, type ObjectClass, type PlaceId } from '../../../core/id/identifier.ts';
import type { Placement } from '../../../core/row/objects.ts';
import { loadLevel } from '../../../engine/access/level.ts';
import { type LoadedObject, loadObject } from '../../../engine/store/load-object.ts';
import type { PlaceCall } from '../../route.ts';

export type Source = { readonly object: LoadedObject; readonly placement: Placement };

/**
 * An object that the caller sees, as it is in a place.
 *
 * @throws ApiError ResourceNotFound
 */
export async function findSource(
  call: PlaceCall<unknown>,
  className: ObjectClass,
  { id, project }: { readonly id: string; readonly project?: string | null | undefined },
): Promise<Source> {
  const object = isObjectId(id) && isId(id, className) ? await loadObject(call.context, id) : undefined;
  const place = object === undefined ? undefined : await findVisible(call, object, project);
  const placement = place === undefined ? undefined : object?.placements.get(place);
  if (object === undefined || placement === undefined) throw resourceNotFound(id);
  return { object, placement };
}

async function findVisible(
  { context, caller }: PlaceCall<unknown>,
  { placements }: LoadedObject,
  asked: string | null | undefined,
): Promise<PlaceId | undefined> {
  const places =
    asked == null ? [...placements.keys()] : [asked].filter(isPlaceId).filter((one) => placements.has(one));
  for (const place of places) if ((await loadLevel(context, caller, place)) !== undefined) return place;
  return undefined;
}
