// Finds the jobs and objects that a call refers to, as far as its caller sees them.

import type { JobId, PlaceId, ProjectId } from '../../core/id/identifier.ts';
import { jobWorkspace } from '../../core/job/row.ts';
import type { Wanted } from '../../core/run/prepare-input.ts';
import { dataRestricted } from '../../core/run/project-context.ts';
import type { FoundReferences } from '../../core/run/waits.ts';
import { findJobs, findObjects, type Sight } from '../access/sight.ts';
import { findCircle } from '../job/circle.ts';

type Whereabouts = {
  readonly project: ProjectId;
  /** True when the new job works in another workspace, where data of other restricted projects may not be used. */
  readonly leavesWorkspace: boolean;
  /** The jobs in which the new one is nested. */
  readonly ancestors: readonly JobId[];
};

/**
 * Those of the wanted jobs and objects that exist and that the caller sees. Objects are looked for first in the
 * workspace of the calling job, then in the project of the new job, then in all other places.
 *
 * @throws ApiError PermissionDenied for restricted data
 */
export async function findWanted(
  sight: Sight,
  wanted: Wanted,
  { project, leavesWorkspace, ancestors }: Whereabouts,
): Promise<FoundReferences> {
  const { caller } = sight;
  const places: readonly PlaceId[] = caller.kind === 'job' ? [jobWorkspace(caller.job), project] : [project];
  const usedIn = leavesWorkspace ? project : undefined;
  const [jobs, objects] = await Promise.all([
    findJobs(sight, wanted.jobs),
    findObjects(sight, { wanted: wanted.objects, places, usedIn }),
  ]);
  const [restricted] = objects.restricted;
  if (restricted !== undefined) throw dataRestricted(restricted, project);
  const circular = await findCircle(sight.context, jobs.values(), new Set(ancestors));
  return { jobs: new Set(jobs.keys()), objects: objects.found, circular };
}
