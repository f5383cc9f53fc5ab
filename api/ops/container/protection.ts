// What the flags of a project forbid about its contents (dx-api.md §8.4).

import { atLeast, type Level } from '../../../core/access/level.ts';
import type { Context } from '../../../core/context.ts';
import { permissionDenied } from '../../../core/error/api-error.ts';
import { isId, type PlaceId } from '../../../core/id/identifier.ts';
import { loadProject } from '../../../engine/container/project.ts';

/** In a protected project only an administrator removes. */
export async function refuseIfProtected(context: Context, place: PlaceId, level: Level): Promise<void> {
  if (atLeast(level, 'ADMINISTER') || !isId(place, 'project')) return;
  const project = await loadProject(context, place);
  if (project?.settings.protected !== true) return;
  throw permissionDenied(`remove from ${place}, which is protected`, 'ADMINISTER', level);
}

/** Nothing is cloned out of a restricted project. */
export async function refuseIfRestricted(context: Context, place: PlaceId, level: Level): Promise<void> {
  if (!isId(place, 'project')) return;
  const project = await loadProject(context, place);
  if (project?.settings.restricted !== true) return;
  throw permissionDenied(`clone out of ${place}, which is restricted`, 'a project that is not restricted', level);
}
