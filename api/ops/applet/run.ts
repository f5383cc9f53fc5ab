// /applet-xxxx/run: makes a master job (docs/reference/api.md, "Running an executable" and
// "Running from inside a job"). Loads the facts; what becomes of them is core/run.

import type { z } from 'zod';
import { callerScope } from '../../../core/access/caller.ts';
import { atLeast, type Level } from '../../../core/access/level.ts';
import { joinFolder, parseFolder } from '../../../core/container/folder-path.ts';
import { ApiError, invalidInput, permissionDenied, resourceNotFound } from '../../../core/error/api-error.ts';
import type { AppletSpec } from '../../../core/executable/applet.ts';
import { isId, type ObjectId, type ProjectId } from '../../../core/id/identifier.ts';
import { jobWorkspace } from '../../../core/job/row.ts';
import { planRun } from '../../../core/run/plan-run.ts';
import { prepareInput, type Wanted } from '../../../core/run/prepare-input.ts';
import type { RunRequest } from '../../../core/run/request.ts';
import { createSight, findJobs, findObjects, findUnrestrictedPlace, type Sight } from '../../../engine/access/sight.ts';
import { loadProject } from '../../../engine/container/project.ts';
import { identifyJob } from '../../../engine/execution/repeat.ts';
import { createJob } from '../../../engine/job/birth.ts';
import { loadSpec } from '../../../engine/store/load-job.ts';
import type { ObjectCall } from '../../route.ts';
import { type runInput, shownFieldNames } from '../../schemas/execution.ts';

type RunCall = ObjectCall<z.output<typeof runInput>>;

export async function runApplet(call: RunCall): Promise<{ id: string }> {
  const { context, caller, input, rawInput, path, object } = call;
  if (!isId(object.id, 'applet')) throw resourceNotFound(object.id);
  const nonce = input.nonce ?? undefined;
  const { id, digest, exists } = await identifyJob(context, {
    scope: callerScope(caller),
    route: path,
    raw: rawInput,
    nonce,
  });
  if (exists) return { id };
  const request = toRequest(input);
  const applet = object.spec as AppletSpec;
  const prepared = prepareInput(request, applet.inputSpec);
  if ('refused' in prepared) throw prepared.refused;
  const sight = createSight(context, caller, call);
  const project = await findProject(call, sight, object.id);
  const place = await findUnrestrictedPlace(sight, object, project.id, call.place);
  if (place === 'restricted') throw restrictedData(object.id, project.id);
  if (place === undefined) throw resourceNotFound(object.id);
  const name = object.placements.get(place)?.name ?? object.id;
  const executable = { id: object.id, name, spec: applet, place };
  const found = await findWanted(sight, prepared.wanted, project.id);
  const from = caller.kind === 'job' ? { job: caller.job, spec: await loadSpec(context, caller.job.pk) } : undefined;
  const facts = { id, digest, now: context.now(), request, prepared, found, user: caller.user, executable, project };
  const plan = planRun(from === undefined ? facts : { ...facts, from });
  if ('refused' in plan) throw plan.refused;
  return createJob(context, plan);
}

function toRequest(input: RunCall['input']): RunRequest {
  const folder = parseFolder(input.folder ?? '/');
  if ('problem' in folder) throw invalidInput(`expected key "folder" of input to ${folder.problem}`);
  const shown = shownFieldNames.filter((field) => input[field] !== undefined && input[field] !== null);
  return {
    ...input,
    name: input.name ?? undefined,
    priority: input.priority ?? undefined,
    folder: joinFolder(folder.names),
    shown: Object.fromEntries(shown.map((field) => [field, input[field]])),
  };
}

/** The project context: of a user the one that they name; of a job its own, unless it starts a tree of its own. */
async function findProject(call: RunCall, sight: Sight, executable: string) {
  const { context, caller, input } = call;
  const detach = caller.kind === 'job' && input.detach === true;
  const asked = input.project ?? (caller.kind === 'job' ? caller.job.project : undefined);
  if (asked === undefined) throw invalidInput('expected key "project" of input: the project to run in');
  if (!isId(asked, 'project')) throw invalidInput(`expected key "project" of input to be a project, not "${asked}"`);
  if (caller.kind === 'job' && !detach && asked !== caller.job.project) {
    throw invalidInput('A job runs executables in its own project; "detach" starts a tree in another one');
  }
  const [level, project] = await Promise.all([sight.levelIn(asked), loadProject(context, asked)]);
  const held = level ?? (caller.kind === 'job' && !detach ? 'NONE' : undefined);
  if (project === undefined || held === undefined) throw resourceNotFound(asked);
  if (detach) checkMayDetach(asked, held);
  if (caller.kind === 'user') checkMayRun(asked, held);
  if (caller.kind === 'user' || detach) checkAllowed(asked, project.settings.allowedExecutables, executable);
  const { defaultInstanceType } = project.settings;
  const instance = typeof defaultInstanceType === 'string' ? defaultInstanceType : undefined;
  return { id: asked, level: held, defaultInstanceType: instance };
}

function checkMayRun(project: ProjectId, level: Level): void {
  if (!atLeast(level, 'CONTRIBUTE')) throw permissionDenied(`run executables in ${project}`, 'CONTRIBUTE', level);
}

/** Of the origin job of a tree; what that runs in its turn is its own matter. */
function checkAllowed(project: ProjectId, allowed: unknown, executable: string): void {
  if (!Array.isArray(allowed) || allowed.includes(executable)) return;
  const message = `You may not run ${executable} in ${project}: it is none of the ${allowed.length} "allowedExecutables" there`;
  throw new ApiError('PermissionDenied', message);
}

/** Clients look for the word detachedJob (docs/reference/api.md, "Errors"). */
function checkMayDetach(project: ProjectId, level: Level): void {
  if (atLeast(level, 'CONTRIBUTE')) return;
  throw permissionDenied(`start a detachedJob in ${project}`, 'CONTRIBUTE in the access of the executable', level);
}

/** What the input refers to, as the caller sees it; data of restricted projects cannot leave them. */
async function findWanted(sight: Sight, wanted: Wanted, project: ProjectId) {
  const { caller } = sight;
  const places = caller.kind === 'job' ? [jobWorkspace(caller.job), project] : [project];
  const [jobs, objects] = await Promise.all([
    findJobs(sight, wanted.jobs),
    findObjects(sight, { wanted: wanted.objects, places, usedIn: project }),
  ]);
  const [restricted] = objects.restricted;
  if (restricted !== undefined) throw restrictedData(restricted, project);
  return { jobs, objects: objects.found };
}

function restrictedData(object: ObjectId, project: ProjectId): ApiError {
  const message = `${object} is in a project whose data is restricted: it cannot be used in ${project}`;
  return new ApiError('PermissionDenied', message);
}
