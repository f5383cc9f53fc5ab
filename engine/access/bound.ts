// Decides whether data of one project may be used in another (docs/reference/api.md, "Project flags" and "Regions").

import type { Context } from '../../core/context.ts';
import type { ProjectId } from '../../core/id/identifier.ts';
import { loadProjects } from '../container/project.ts';

/** What keeps data where it is: the flag `restricted` of its project, or the region of the project. */
export type Bound =
  | { readonly by: 'restricted' }
  | { readonly by: 'region'; readonly from: string; readonly to: string };

/** The bound between two projects; undefined when data may pass. A project that is gone sets no bound. */
export async function findBound(context: Context, from: ProjectId, to: ProjectId): Promise<Bound | undefined> {
  if (from === to) return undefined;
  const [source, destination] = await loadProjects(context, [from, to]);
  if (source?.settings.restricted === true) return { by: 'restricted' };
  if (source === undefined || destination === undefined || source.region === destination.region) return undefined;
  return { by: 'region', from: source.region, to: destination.region };
}
