// /<object>/listProjects: the places of the object that the caller may see, with the caller's level in each.

import { isId } from '../../../core/id/identifier.ts';
import { loadLevel } from '../../../engine/access/level.ts';
import { mapLimited } from '../../../engine/store/map-limited.ts';
import type { ObjectCall } from '../../route.ts';

export async function listProjects({ context, caller, object }: ObjectCall<unknown>): Promise<Record<string, string>> {
  const projects = [...object.placements.keys()].filter((place) => isId(place, 'project'));
  const levels = await mapLimited(projects, async (place) => [place, await loadLevel(context, caller, place)] as const);
  return Object.fromEntries(
    levels.filter((entry): entry is [(typeof entry)[0], string & (typeof entry)[1]] => entry[1] !== undefined),
  );
}
