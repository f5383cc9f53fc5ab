// /<object>/listProjects: where the object is, of what the caller may see, with their level there.

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
