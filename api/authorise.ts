// Applies a route's access rule before its operation runs. The engine finds the level of the caller.

import type { Caller, KnownCaller } from '../core/access/caller.ts';
import { atLeast, type Level } from '../core/access/level.ts';
import { invalidAuthentication, invalidInput, permissionDenied, resourceNotFound } from '../core/error/api-error.ts';
import { isId, isObjectId, isPlaceId, type PlaceId } from '../core/id/identifier.ts';
import { loadLevel } from '../engine/access/level.ts';
import { findUsablePlace } from '../engine/access/usable-place.ts';
import { loadDestroyer } from '../engine/container/project.ts';
import { loadObject } from '../engine/store/load-object.ts';
import type { Access, BaseCall, Call, Route } from './route.ts';

/** Refuses an anonymous caller where the caller must be known, before the input is read. */
export function identify(route: Route, caller: Caller): Caller {
  const { kind } = route.access;
  if (kind === 'anyone') return caller;
  if (caller.kind === 'anonymous') throw invalidAuthentication(caller.why);
  if (kind === 'worker' || kind === 'job') {
    if (caller.kind !== 'job') throw permissionDenied(`call ${route.path}`, 'the token of a running job', 'a user’s');
  }
  if (kind !== 'worker' && caller.kind === 'job' && caller.job.state !== 'running') {
    throw invalidAuthentication(`The job of this token is not running any more: it is ${caller.job.state}`);
  }
  return caller;
}

/**
 * The call that the operation gets, with the findings of its access rule. Refusals are those of docs/reference/api.md,
 * "Errors".
 */
export async function authorise(
  route: Route,
  base: BaseCall<unknown>,
  caller: Caller,
): Promise<Call<Access['kind'], unknown>> {
  const { access } = route;
  if (caller.kind === 'anonymous')
    return { ...base, caller } as Call<'anyone', unknown> as Call<Access['kind'], unknown>;
  const known = { ...base, caller };
  switch (access.kind) {
    case 'anyone':
    case 'caller':
    case 'job':
    case 'worker':
      return known as Call<Access['kind'], unknown>;
    case 'place':
      return { ...known, ...(await enterNamed(base, caller, access, route.path)) } as never;
    case 'target':
      return { ...known, ...(await enter(base, caller, projectOf(base.input), access.level, route.path)) } as never;
    case 'object':
      return { ...known, ...(await findObject(base, caller, access, route.path)) } as never;
    default:
      return access satisfies never;
  }
}

type PlaceAccess = Extract<Access, { kind: 'place' }>;

async function enterNamed(base: BaseCall<unknown>, caller: KnownCaller, { level, repeats }: PlaceAccess, path: string) {
  const { context, subject: place } = base;
  const destroyer = repeats && isId(place, 'project') ? await loadDestroyer(context, place) : undefined;
  return destroyer === caller.user && isPlaceId(place) ? { place, level } : enter(base, caller, place, level, path);
}

async function enter(
  { context }: BaseCall<unknown>,
  caller: KnownCaller,
  place: string | undefined,
  needed: Level,
  path: string,
): Promise<{ place: PlaceId; level: Level }> {
  if (place === undefined || !isPlaceId(place)) {
    throw invalidInput('expected key "project" of input to be the id of a project or container');
  }
  const level = await loadLevel(context, caller, place);
  if (level === undefined) throw resourceNotFound(place);
  if (!atLeast(level, needed)) throw permissionDenied(`call ${path} in ${place}`, needed, level);
  return { place, level };
}

type ObjectAccess = Extract<Access, { kind: 'object' }>;

async function findObject(base: BaseCall<unknown>, caller: KnownCaller, access: ObjectAccess, path: string) {
  const { context, subject: id } = base;
  const object = isObjectId(id) ? await loadObject(context, id) : undefined;
  if (object === undefined || !isObjectId(id)) throw resourceNotFound(id);
  const needed = object.row.state === 'open' ? access.open : access.closed;
  const asked = access.project === 'ignored' ? undefined : projectOf(base.input);
  // The place in the request; else one where the caller may do it; else one that they may see.
  const found = await findUsablePlace((place) => loadLevel(context, caller, place), object, {
    first: isPlaceId(asked) ? asked : undefined,
    only: asked !== undefined && access.project !== 'hint',
    isUsable: (place, level) => place === asked || atLeast(level, needed),
  });
  if (found === undefined) throw resourceNotFound(id);
  if (!atLeast(found.level, needed)) throw permissionDenied(`call ${path} in ${found.place}`, needed, found.level);
  return { place: found.place, level: found.level, id, object };
}

function projectOf(input: unknown): string | undefined {
  const project = (input as { project?: unknown } | null)?.project;
  return typeof project === 'string' ? project : undefined;
}
