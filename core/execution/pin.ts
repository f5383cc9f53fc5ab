// Pins: the objects that go into the workspace of a new job beside the links of its input.

import type { ObjectId, PlaceId } from '../id/identifier.ts';

/** A data object to clone into a new workspace, and where to look for it first. */
export type Pin = { readonly object: ObjectId; readonly project?: PlaceId };
