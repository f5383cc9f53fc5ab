// Names the container in which the jobs of an app keep data for later runs in the same project.

import { deriveId } from './derive.ts';
import type { AppId, ContainerId, ProjectId } from './identifier.ts';

/** The project cache of one version of an app: the same one for every run in the project. */
export function projectCacheId(app: AppId, project: ProjectId): ContainerId {
  return deriveId('container', app, project, 'projectCache');
}
