// Refuses operations that the flags of a project forbid (docs/reference/api.md, "Project flags").

import { atLeast, type Level } from '../../../core/access/level.ts';
import type { Context } from '../../../core/context.ts';
import { permissionDenied } from '../../../core/error/api-error.ts';
import { isId, type PlaceId } from '../../../core/id/identifier.ts';
import { loadGoverningProject } from '../../../engine/access/level.ts';
import { loadProject } from '../../../engine/container/project.ts';

/** In a protected project only an administrator removes. */
export async function refuseIfProtected(context: Context, place: PlaceId, level: Level): Promise<void> {
  if (atLeast(level, 'ADMINISTER') || !isId(place, 'project')) return;
  const project = await loadProject(context, place);
  if (project?.settings.protected !== true) return;
  throw permissionDenied(`remove from ${place}, which is protected`, 'ADMINISTER', level);
}

/** Nothing is cloned out of a restricted project, nor out of the workspaces of its jobs. */
export async function refuseIfRestricted(
  context: Context,
  { from, to, level }: { readonly from: PlaceId; readonly to: PlaceId; readonly level: Level },
): Promise<void> {
  const [project, target] = await Promise.all([from, to].map((place) => loadGoverningProject(context, place)));
  if (project === undefined || project === target) return;
  if ((await loadProject(context, project))?.settings.restricted !== true) return;
  throw permissionDenied(`clone out of ${from}: ${project} is restricted`, 'a project that is not restricted', level);
}
