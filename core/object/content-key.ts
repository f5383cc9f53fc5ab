// Names the place of a file's bytes in the content bucket.

import type { ObjectId, PlaceId } from '../id/identifier.ts';

/** The key of an object's bytes: it stays the same wherever the object is cloned to. */
export function contentKey(id: ObjectId, { birth }: { readonly birth: PlaceId }): string {
  return `w/${birth}/${id}`;
}
