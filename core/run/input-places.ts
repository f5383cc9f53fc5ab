// Finds the places of an input's objects. Objects are taken only from where the caller saw them, because each place has
// its own names, tags and hidden companions for the same object.

import type { ObjectId, PlaceId } from '../id/identifier.ts';
import type { Pin } from '../job/spec.ts';
import { findReferences } from '../reference/find.ts';
import type { FoundReferences } from './waits.ts';

/** The place of most objects that the input links to, unless that is `project`; pins for objects in other places. */
export function planInputPlaces(
  input: unknown,
  found: FoundReferences['objects'],
  project: PlaceId,
): { readonly inputPlace?: PlaceId; readonly pins: readonly Pin[] } {
  const objects = new Set<ObjectId>();
  for (const reference of findReferences(input)) if (reference.kind === 'object') objects.add(reference.object);
  const byPlace = Map.groupBy(objects, (object) => found.get(object)?.place ?? project);
  const places = [...byPlace].sort(([, first], [, second]) => second.length - first.length);
  const [most = project] = places[0] ?? [];
  const pins = places.slice(1).flatMap(([place, some]) => some.map((object): Pin => ({ object, project: place })));
  return { ...(most === project ? {} : { inputPlace: most }), pins };
}
