// /record/new: a record, empty or initialized from another one (docs/reference/api.md, "New data objects").

import type { z } from 'zod';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import { isId, isPlaceId, type PlaceId } from '../../../core/id/identifier.ts';
import { loadLevel } from '../../../engine/access/level.ts';
import { type LoadedObject, loadObject } from '../../../engine/store/load-object.ts';
import type { PlaceCall } from '../../route.ts';
import { type NewObjectInput, newObjectInput, type newRecordInput } from '../../schemas/object.ts';
import { newObject } from '../shared/new-object.ts';

export async function newRecord(call: PlaceCall<z.output<typeof newRecordInput>>) {
  const { input } = call;
  const { close, initializeFrom, ...given } = input;
  const begun = initializeFrom == null ? {} : await loadBeginning(call, initializeFrom.id, initializeFrom.project);
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null));
  const complete: NewObjectInput = newObjectInput.parse({ ...begun, ...stated });
  return newObject({ ...call, input: complete }, 'record', () => ({ state: close ? 'closed' : 'open' }));
}

/** The parts that a new record copies from another one that the caller may see. */
async function loadBeginning(
  call: PlaceCall<unknown>,
  id: string,
  project: string | null | undefined,
): Promise<Partial<NewObjectInput>> {
  const source = isId(id, 'record') ? await loadObject(call.context, id) : undefined;
  const place = source === undefined ? undefined : await findVisible(call, source, project);
  const placement = place === undefined ? undefined : source?.placements.get(place);
  if (source === undefined || placement === undefined) throw resourceNotFound(id);
  const { name, tags, properties, hidden } = placement;
  const details = (source.details ?? {}) as Record<string, unknown>;
  return { name, tags: [...tags], properties, hidden, types: [...source.row.types], details };
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
