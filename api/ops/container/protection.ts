// Refuses operations that the flags of a project forbid (docs/reference/api.md, "Project flags").

import { atLeast, type Level } from '../../../core/access/level.ts';
import type { Context } from '../../../core/context.ts';
import { invalidInput, permissionDenied } from '../../../core/error/api-error.ts';
import { isId, type PlaceId } from '../../../core/id/identifier.ts';
import { findBound } from '../../../engine/access/bound.ts';
import { loadGoverningProject } from '../../../engine/access/level.ts';
import { loadProject } from '../../../engine/container/project.ts';

/** In a protected project only an administrator removes. */
export async function refuseIfProtected(context: Context, place: PlaceId, level: Level): Promise<void> {
  if (atLeast(level, 'ADMINISTER') || !isId(place, 'project')) return;
  const project = await loadProject(context, place);
  if (project?.settings.protected !== true) return;
  throw permissionDenied(`remove from ${place}, which is protected`, 'ADMINISTER', level);
}

/**
 * Nothing is cloned out of a restricted project or out of a region, nor out of the workspaces of their jobs.
 */
export async function refuseIfBound(
  context: Context,
  { from, to, level }: { readonly from: PlaceId; readonly to: PlaceId; readonly level: Level },
): Promise<void> {
  const [project, target] = await Promise.all([from, to].map((place) => loadGoverningProject(context, place)));
  if (project === undefined || target === undefined) return;
  const bound = await findBound(context, project, target);
  if (bound?.by === 'restricted') {
    throw permissionDenied(`clone out of ${from}: ${project} is restricted`, 'a project that is not restricted', level);
  }
  if (bound === undefined) return;
  throw invalidInput(
    `${from} is in the region ${bound.from}, and ${to} in ${bound.to}: data cannot be cloned between regions`,
  );
}
