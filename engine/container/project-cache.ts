// Makes the container in which the jobs of an app keep data for later runs in the same project, and lists those of a
// project (docs/reference/api.md, "Containers").

import type { Context } from '../../core/context.ts';
import type { AppId, ContainerId, ProjectId } from '../../core/id/identifier.ts';
import { projectCacheId } from '../../core/id/project-cache.ts';
import { cacheKey, cachePrefix, cacheRow, placeKey, readCache } from '../../core/row/containers.ts';
import { allRows } from '../store/all-rows.ts';

/**
 * Makes the project cache of an app, if this is its first run in the project. The entry in the project's list is written
 * first, so that the end of the project finds every cache.
 */
export async function ensureProjectCache(
  context: Context,
  project: ProjectId,
  app: { readonly id: AppId; readonly name: string },
): Promise<void> {
  const cache = projectCacheId(app.id, project);
  if ((await context.rows.get('containers', placeKey(cache))) !== undefined) return;
  await context.rows.put('containers', cacheKey(project, cache));
  const facts = { project, app: app.id, appName: app.name, created: context.now() };
  await context.rows.put('containers', cacheRow(cache, facts));
}

/** The project caches of a project. */
export async function* listProjectCaches(context: Context, project: ProjectId): AsyncGenerator<ContainerId> {
  for await (const row of allRows(context, 'containers', { pk: project, prefix: cachePrefix })) yield readCache(row);
}
