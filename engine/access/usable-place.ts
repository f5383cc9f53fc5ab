// Chooses the place from which a caller uses an object. One object may be in many projects and workspaces.

import type { Level } from '../../core/access/level.ts';
import type { PlaceId } from '../../core/id/identifier.ts';
import type { LoadedObject } from '../store/load-object.ts';

export type PlaceSearch = {
  /** The place that is tried before the others, if the object is there. */
  readonly first?: PlaceId | undefined;
  /** Try `first` and no other place. */
  readonly only?: boolean;
  /** A condition beyond seeing the place. Without it every place that the caller sees is usable. */
  isUsable?(place: PlaceId, level: Level): boolean | Promise<boolean>;
};
export type SeenPlace = { readonly place: PlaceId; readonly level: Level; readonly usable: boolean };

/**
 * The first place of an object that the caller may see and use. If none is usable, the first place that they see.
 *
 * @param levelIn the caller's level in a place; undefined where they may not see it
 * @returns undefined when the caller sees none of the places that were tried
 */
export async function findUsablePlace(
  levelIn: (place: PlaceId) => Promise<Level | undefined>,
  { placements }: Pick<LoadedObject, 'placements'>,
  { first, only = false, isUsable = () => true }: PlaceSearch = {},
): Promise<SeenPlace | undefined> {
  const named = first !== undefined && placements.has(first) ? [first] : [];
  const others = only ? [] : [...placements.keys()].filter((place) => place !== first);
  let seen: SeenPlace | undefined;
  for (const place of [...named, ...others].slice(0, maximumPlacesTried)) {
    const level = await levelIn(place);
    if (level === undefined) continue;
    const usable = await isUsable(place, level);
    if (usable) return { place, level, usable };
    seen ??= { place, level, usable };
  }
  return seen;
}

/** If an object is in more places than this, the caller must name one of them. */
const maximumPlacesTried = 100;
