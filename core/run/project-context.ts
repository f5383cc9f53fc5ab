// Finds the project in which an execution runs, and decides whether the caller may run it there (docs/reference/api.md,
// "Running an executable" and "Running from inside a job").

import { atLeast, type Level } from '../access/level.ts';
import { ApiError, invalidInput, permissionDenied, resourceNotFound } from '../error/api-error.ts';
import type { Program } from '../executable/executable.ts';
import { type GlobalWorkflowId, isId, type ObjectId, type ProjectId } from '../id/identifier.ts';
import type { KnownCaller } from '../identity/caller.ts';
import type { WorkflowId } from '../workflow/workflow.ts';
import type { Refusal } from './refusal.ts';
import type { RunRequest } from './request.ts';

/** The project of an execution, with the parts that its plan needs. */
export type ProjectContext = {
  readonly id: ProjectId;
  /** The level that the caller has there. */
  readonly level: Level;
  readonly region: string;
  readonly defaultInstanceType?: string | undefined;
};
export type ProjectFacts = {
  readonly id: ProjectId;
  readonly level: Level | undefined;
  readonly region: string | undefined;
  /** Undefined when the project does not exist. */
  readonly settings: { readonly [name: string]: unknown } | undefined;
};
type ProjectRequest = Pick<RunRequest, 'project' | 'detach'>;

/** A user names the project. A job runs in its own, unless it starts a tree of its own. */
export function chooseProject(caller: KnownCaller, request: ProjectRequest): { readonly project: ProjectId } | Refusal {
  const own = caller.kind === 'job' ? caller.job.project : undefined;
  const project = request.project ?? own;
  if (project === undefined) return refuse('expected key "project" of input: the project to run in');
  if (!isId(project, 'project')) return refuse(`expected key "project" of input to be a project, not "${project}"`);
  if (own !== undefined && !detaches(caller, request) && project !== own) {
    return refuse('A job runs executables in its own project; "detach" starts a tree in another one');
  }
  return { project };
}

/** The project context, or the refusal to run the executable there. */
export function enterProject(
  caller: KnownCaller,
  request: ProjectRequest,
  executable: Program['id'] | WorkflowId | GlobalWorkflowId,
  { id, level, region, settings }: ProjectFacts,
): ProjectContext | Refusal {
  const detached = detaches(caller, request);
  const startsTree = caller.kind === 'user' || detached;
  const held = level ?? (startsTree ? undefined : 'NONE');
  if (settings === undefined || region === undefined || held === undefined) return { refused: resourceNotFound(id) };
  if (startsTree && !atLeast(held, 'CONTRIBUTE')) {
    return { refused: detached ? mayNotDetach(id, held) : mayNotRun(id, held) };
  }
  // An allowed executable may run further executables without this restriction.
  const { allowedExecutables: allowed, defaultInstanceType: instance } = settings;
  if (startsTree && Array.isArray(allowed) && !allowed.includes(executable)) {
    return { refused: notAllowed(id, allowed, executable) };
  }
  return { id, level: held, region, defaultInstanceType: typeof instance === 'string' ? instance : undefined };
}

/** Data of a restricted project cannot leave it, and no data leaves its region. */
export function dataBound(object: ObjectId, project: ProjectId): ApiError {
  const message = `${object} is in a project that is restricted or in another region: it cannot be used in ${project}`;
  return new ApiError('PermissionDenied', message);
}

function detaches(caller: KnownCaller, { detach }: ProjectRequest): boolean {
  return caller.kind === 'job' && detach === true;
}

function refuse(problem: string): Refusal {
  return { refused: invalidInput(problem) };
}

function mayNotRun(project: ProjectId, level: Level): ApiError {
  return permissionDenied(`run executables in ${project}`, 'CONTRIBUTE', level);
}

/** Clients look for the word detachedJob (docs/reference/api.md, "Errors"). */
function mayNotDetach(project: ProjectId, level: Level): ApiError {
  return permissionDenied(`start a detachedJob in ${project}`, 'CONTRIBUTE in the access of the executable', level);
}

function notAllowed(project: ProjectId, allowed: readonly unknown[], executable: string): ApiError {
  const message = `You may not run ${executable} in ${project}: it is not among the ${allowed.length} "allowedExecutables" of that project`;
  return new ApiError('PermissionDenied', message);
}
