// The data objects that a job hands over to others by linking to them, and what was found of each.

import type { ObjectId, PlaceId } from '../id/identifier.ts';
import type { ObjectState } from '../object/state.ts';

type ObjectFacts = {
  readonly state: ObjectState;
  readonly types: readonly string[];
  readonly links: readonly ObjectId[];
};
export type HandedOver = {
  /** The objects that the job may see and take along. */
  readonly facts: ReadonlyMap<ObjectId, ObjectFacts>;
  /** The place where each of them was seen: its name and its hidden companions are there. */
  readonly places: ReadonlyMap<ObjectId, PlaceId>;
  /** The job sees these objects, but they may not leave their project. */
  readonly bound: readonly ObjectId[];
  /** Objects of its workspace that are still open, and go along: hidden companions, and objects that have some. */
  readonly open?: readonly ObjectId[];
};

export const nothingHandedOver: HandedOver = { facts: new Map(), places: new Map(), bound: [] };

/** The objects that do not exist, or that the job may not see. */
export function unseenObjects(objects: readonly ObjectId[], { facts, bound }: HandedOver): ObjectId[] {
  return objects.filter((object) => !facts.has(object) && !bound.includes(object));
}
