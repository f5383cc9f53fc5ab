// Reads in which regions places are (docs/reference/api.md, "Regions").

import type { Context } from '../../core/context.ts';
import type { PlaceId } from '../../core/id/identifier.ts';
import { loadProject } from '../container/project.ts';
import { loadGoverningProject } from './level.ts';

/** The region of a project, or of the project that a container belongs to. A place that is gone had the default one. */
export async function loadRegion(context: Context, place: PlaceId): Promise<string> {
  const project = await loadGoverningProject(context, place);
  const found = project === undefined ? undefined : await loadProject(context, project);
  return found?.region ?? context.settings.region;
}
