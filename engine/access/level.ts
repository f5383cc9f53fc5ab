// Decides which level a caller has in a project or container. No other file decides it.

import { atLeast, isLevel, type Level, weaker } from '../../core/access/level.ts';
import type { Context } from '../../core/context.ts';
import { type ContainerId, isId, type PlaceId, type ProjectId, type UserId } from '../../core/id/identifier.ts';
import { masterOfWorkspace } from '../../core/id/workspace.ts';
import type { KnownCaller } from '../../core/identity/caller.ts';
import { isMaster, type JobRow, jobWorkspace } from '../../core/job/row.ts';
import { placeKey, readContainer } from '../../core/row/containers.ts';
import { jobKey, readJob } from '../../core/row/execution/job.ts';
import { loadStanding } from '../container/project.ts';
import { loadSpec } from '../store/load-job.ts';
import { seesResources } from './resources.ts';

/**
 * The caller's level in a place; undefined when they may not know that it exists
 * (docs/reference/api.md, "Running from inside a job" and "Access levels").
 *
 * A job has CONTRIBUTE in its own workspace. In its project it has the level that its executable asked for, but never
 * more than its user. Members of a job's project have at most VIEW in its workspace. Other jobs do not see it. A job of
 * an app has VIEW in the resources of the app, and changes the project cache. Members of the project have at most
 * CONTRIBUTE there. engine/access/resources.ts decides which users see the resources of an app or a global workflow.
 */
export async function loadLevel(
  context: Context,
  caller: KnownCaller,
  place: PlaceId | string,
): Promise<Level | undefined> {
  if (isId(place, 'project')) {
    const level = await loadUserLevel(context, caller.user, place);
    return caller.kind === 'user' || level === undefined ? level : capForJob(context, caller.job, place, level);
  }
  if (!isId(place, 'container')) return undefined;
  if (caller.kind === 'job' && place === jobWorkspace(caller.job)) return 'CONTRIBUTE';
  return (await loadAppLevel(context, caller, place)) ?? loadContainerLevel(context, caller, place);
}

/** The level that a job of an app has in the two containers of its app. */
async function loadAppLevel(context: Context, caller: KnownCaller, place: ContainerId): Promise<Level | undefined> {
  if (caller.kind !== 'job' || !isId(caller.job.executable, 'app')) return undefined;
  const { app } = await loadSpec(context, caller.job.pk);
  if (place === app?.resources) return 'VIEW';
  if (place !== app?.projectCache) return undefined;
  const level = await loadUserLevel(context, caller.user, caller.job.project);
  return level === undefined ? undefined : weaker('CONTRIBUTE', level);
}

/** The level of a user in a project: the stronger of their own row's and everybody's. */
export async function loadUserLevel(context: Context, user: UserId, project: ProjectId): Promise<Level | undefined> {
  const { exists, own, shared } = await loadStanding(context, project, user);
  return exists ? standingLevel(own, shared) : undefined;
}

/** The stronger of a user's own level and everybody's; undefined when there is nothing to see. */
export function standingLevel(own: Level | undefined, shared: Level | undefined): Level | undefined {
  const level = own !== undefined && atLeast(own, shared ?? 'NONE') ? own : shared;
  return atLeast(level, 'VIEW') ? level : undefined;
}

async function capForJob(context: Context, job: JobRow, project: ProjectId, held: Level): Promise<Level | undefined> {
  const spec = (await context.bodies.load(job.pk, 'spec')) as { access?: Record<string, unknown> } | undefined;
  const own = project === job.project;
  const requested = own ? (spec?.access?.project ?? 'VIEW') : (spec?.access?.allProjects ?? 'NONE');
  const level = weaker(isLevel(requested) ? requested : 'NONE', held);
  return atLeast(level, 'VIEW') ? level : undefined;
}

async function loadContainerLevel(
  context: Context,
  caller: KnownCaller,
  place: ContainerId,
): Promise<Level | undefined> {
  const workspaceOf = await loadWorkspaceProject(context, place);
  if (workspaceOf !== undefined && caller.kind === 'job') return undefined;
  const project = workspaceOf ?? (await loadRowsProject(context, place));
  if (project === undefined) return (await seesResources(context, caller, place)) ? 'VIEW' : undefined;
  const level = await loadLevel(context, caller, project);
  return level === undefined ? undefined : weaker(workspaceOf === undefined ? 'CONTRIBUTE' : 'VIEW', level);
}

/**
 * The project whose settings apply in a place: the place itself, or the project that a container belongs to. Resources of
 * apps belong to none.
 */
export async function loadGoverningProject(context: Context, place: PlaceId): Promise<ProjectId | undefined> {
  return isId(place, 'project') ? place : loadContainerProject(context, place);
}

/** The project of a container. A workspace's project is in its job's row, any other container's in its own row. */
export async function loadContainerProject(context: Context, place: ContainerId): Promise<ProjectId | undefined> {
  return (await loadWorkspaceProject(context, place)) ?? loadRowsProject(context, place);
}

async function loadWorkspaceProject(context: Context, place: ContainerId): Promise<ProjectId | undefined> {
  const found = masterOfWorkspace(place);
  if (found === undefined) return undefined;
  const job = readJob(await context.rows.get('executions', jobKey(found.master)));
  return job !== undefined && found.try <= job.try && isMaster(job) ? job.project : undefined;
}

async function loadRowsProject(context: Context, place: ContainerId): Promise<ProjectId | undefined> {
  return readContainer(await context.rows.get('containers', placeKey(place)))?.project;
}
