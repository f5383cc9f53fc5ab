// Finds the jobs and objects that a call refers to, as far as its caller sees them.

import { type ApiError, invalidInput } from '../../core/error/api-error.ts';
import type { JobId, PlaceId, ProjectId } from '../../core/id/identifier.ts';
import { jobWorkspace } from '../../core/job/row.ts';
import type { Wanted } from '../../core/run/prepare-input.ts';
import { dataBound } from '../../core/run/project-context.ts';
import type { FoundReferences } from '../../core/run/waits.ts';
import { findJobs, findObjects, type Sight } from '../access/sight.ts';
import { findCircle } from '../job/circle.ts';

export type Whereabouts = {
  readonly project: ProjectId;
  /** True when the new job works in another workspace, where data that is bound to another project may not be used. */
  readonly leavesWorkspace: boolean;
  /** True for a detached run: it outlives the workspace of the job that calls. */
  readonly leavesTree: boolean;
  /** The jobs in which the new one is nested. */
  readonly ancestors: readonly JobId[];
};

/**
 * Those of the wanted jobs and objects that exist and that the caller sees. Objects are looked for first in the
 * workspace of the calling job, then in the project of the new job, then in all other places.
 *
 * @throws ApiError PermissionDenied for data that is bound elsewhere, InvalidInput for an object that a detached run cannot hold
 */
export async function findWanted(
  sight: Sight,
  wanted: Wanted,
  { project, leavesWorkspace, leavesTree, ancestors }: Whereabouts,
): Promise<FoundReferences> {
  const { caller } = sight;
  const workspace = caller.kind === 'job' ? jobWorkspace(caller.job) : undefined;
  const places: readonly PlaceId[] = workspace === undefined || leavesTree ? [project] : [workspace, project];
  // A detached run may begin when the workspace of its launcher is gone, so a hint of that place does not count.
  const hinted = leavesTree ? withoutHint(wanted.objects, workspace) : wanted.objects;
  const usedIn = leavesWorkspace ? project : undefined;
  const [jobs, objects] = await Promise.all([
    findJobs(sight, wanted.jobs),
    findObjects(sight, { wanted: hinted, places, usedIn }),
  ]);
  const [bound] = objects.bound;
  if (bound !== undefined) throw dataBound(bound, project);
  const passing = [...objects.found].find(([, { place }]) => leavesTree && place === workspace);
  if (passing !== undefined) throw onlyInWorkspace(passing[0], project);
  const circular = await findCircle(sight.context, jobs.values(), new Set(ancestors));
  return { jobs: new Set(jobs.keys()), objects: objects.found, circular };
}

function withoutHint(objects: Wanted['objects'], hint: PlaceId | undefined): Wanted['objects'] {
  return new Map([...objects].map(([id, place]) => [id, place === hint ? undefined : place]));
}

/** The refusal of something that a detached run cannot hold until it begins. */
export function onlyInWorkspace(id: string, project: ProjectId): ApiError {
  const end = 'which is removed when that job ends';
  return invalidInput(
    `${id} is only in the workspace of the job that calls, ${end}. A detached run may begin later: clone it into ${project} first`,
  );
}
