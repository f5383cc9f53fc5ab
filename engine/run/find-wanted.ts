// Looks up what a call refers to, as its caller sees it.

import type { PlaceId, ProjectId } from '../../core/id/identifier.ts';
import { jobWorkspace } from '../../core/job/row.ts';
import type { Wanted } from '../../core/run/prepare-input.ts';
import { dataRestricted } from '../../core/run/project-context.ts';
import type { FoundReferences } from '../../core/run/waits.ts';
import { findJobs, findObjects, type Sight } from '../access/sight.ts';

/**
 * What exists of the wanted jobs and objects. Objects are looked for in the workspace of the job that calls and in the
 * project of the new one before everywhere else.
 *
 * @param leavesWorkspace true when the new job works in another workspace: then data of a restricted project cannot follow
 * @throws ApiError PermissionDenied for restricted data
 */
export async function findWanted(
  sight: Sight,
  wanted: Wanted,
  { project, leavesWorkspace }: { readonly project: ProjectId; readonly leavesWorkspace: boolean },
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
  return { jobs, objects: objects.found };
}
