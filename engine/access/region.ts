// Reads in which regions places are (docs/reference/api.md, "Regions").

import type { Context } from '../../core/context.ts';
import { isId, type PlaceId } from '../../core/id/identifier.ts';
import { readResources, resourcesKey } from '../../core/row/published.ts';
import { loadProject } from '../container/project.ts';
import { loadGoverningProject } from './level.ts';

/**
 * The region of a project, of the project of a workspace, or of the resources of an app. A place that is gone had the
 * default one.
 */
export async function loadRegion(context: Context, place: PlaceId): Promise<string> {
  const project = await loadGoverningProject(context, place);
  const found = project === undefined ? undefined : await loadProject(context, project);
  if (project === undefined && isId(place, 'container')) {
    const resources = readResources(await context.rows.get('containers', resourcesKey(place)));
    if (resources !== undefined) return resources.region;
  }
  return found?.region ?? context.settings.region;
}
