// /record/new: a record, empty or initialized from another one (docs/reference/api.md, "New data objects").

import type { z } from 'zod';
import type { PlaceCall } from '../../route.ts';
import { type NewObjectInput, newObjectInput, type newRecordInput } from '../../schemas/object.ts';
import { findSource, type Source } from '../shared/initialize-from.ts';
import { newObject } from '../shared/new-object.ts';

export async function newRecord(call: PlaceCall<z.output<typeof newRecordInput>>) {
  const { input } = call;
  const { close, initializeFrom, ...given } = input;
  const begun = initializeFrom == null ? {} : beginning(await findSource(call, 'record', initializeFrom));
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null));
  const complete: NewObjectInput = newObjectInput.parse({ ...begun, ...stated });
  return newObject({ ...call, input: complete }, 'record', () => ({ state: close ? 'closed' : 'open' }));
}

/** The parts that a new record copies from another one. */
function beginning({ object, placement }: Source): Partial<NewObjectInput> {
  const { name, tags, properties, hidden } = placement;
  const details = (object.details ?? {}) as Record<string, unknown>;
  return { name, tags: [...tags], properties, hidden, types: [...object.row.types], details };
}
