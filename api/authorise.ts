// Applies a route's access rule before its operation runs. The engine finds the level of the caller.

import { atLeast, type Level } from '../core/access/level.ts';
import { invalidAuthentication, invalidInput, permissionDenied, resourceNotFound } from '../core/error/api-error.ts';
import { isId, isObjectId, isPlaceId, type PlaceId } from '../core/id/identifier.ts';
import type { Caller, KnownCaller } from '../core/identity/caller.ts';
import { mayAct } from '../core/job/state.ts';
import { loadLevel } from '../engine/access/level.ts';
import { findUsablePlace } from '../engine/access/usable-place.ts';
import { loadDestroyer } from '../engine/container/project.ts';
import { type LoadedObject, loadObject, loadObjectAt } from '../engine/store/load-object.ts';
import type { Access, AccessKind, BaseCall, Call } from './route.ts';

/** Refuses a caller whom the rule does not let in, before the input is read. */
export function identify(path: string, kind: AccessKind, caller: Caller): void {
  if (kind === 'anyone') return;
  // The service answers this caller like a user who may not see the job (docs/reference/api.md, "Describing a job").
  if (caller.kind === 'anonymous' && caller.isPublic && path.startsWith('/job-xxxx/')) {
    throw permissionDenied(`call ${path}`, 'a login', undefined);
  }
  const known = knownCaller(caller);
  if (kind === 'worker' || kind === 'job') jobCaller(known, path);
  if (kind !== 'worker' && known.kind === 'job' && !mayAct(known.job.state)) {
    throw invalidAuthentication(`The job of this token is not running any more: it is ${known.job.state}`);
  }
}

/**
 * The call that the operation gets, with the findings of its access rule. Refusals are those of docs/reference/api.md,
 * "Errors".
 */
export function authorise<Kind extends AccessKind, Input>(
  access: Access<Kind>,
  base: BaseCall<Input>,
  caller: Caller,
  path: string,
): Promise<Call<Kind, Input>> {
  const enter: Entry<Kind> = entries[access.kind];
  return enter(access, base, caller, path);
}

type Entry<Kind extends AccessKind> = <Input>(
  access: Access<Kind>,
  base: BaseCall<Input>,
  caller: Caller,
  path: string,
) => Promise<Call<Kind, Input>>;

function knownCaller(caller: Caller): KnownCaller {
  if (caller.kind === 'anonymous') throw invalidAuthentication(caller.why);
  return caller;
}

function jobCaller(caller: KnownCaller, path: string): Extract<Caller, { kind: 'job' }> {
  if (caller.kind !== 'job') throw permissionDenied(`call ${path}`, 'the token of a running job', 'a user’s');
  return caller;
}

async function enterNamed(
  base: BaseCall<unknown>,
  caller: KnownCaller,
  { level, repeats }: Access<'place'>,
  path: string,
) {
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

async function findObject(base: BaseCall<unknown>, caller: KnownCaller, access: Access<'object'>, path: string) {
  const { context, subject: id } = base;
  if (!isObjectId(id)) throw resourceNotFound(id);
  const asked = access.project === 'ignored' ? undefined : projectOf(base.input);
  const first = isPlaceId(asked) ? asked : undefined;
  // The place in the request; else one where the caller may do it; else one that they may see.
  const find = async (object: LoadedObject | undefined) => {
    if (object === undefined) return undefined;
    const needed = object.row.state === 'open' ? access.open : access.closed;
    const found = await findUsablePlace((place) => loadLevel(context, caller, place), object, {
      first,
      only: asked !== undefined && access.project !== 'hint',
      isUsable: (place, level) => place === asked || atLeast(level, needed),
    });
    return found && { ...found, needed, object };
  };
  const isEnough = first !== undefined && access.placements !== 'all';
  const there = isEnough ? await find(await loadObjectAt(context, first, id)) : undefined;
  const found = there ?? (await find(await loadObject(context, id)));
  if (found === undefined) throw resourceNotFound(id);
  const { place, level, needed, object } = found;
  if (!atLeast(level, needed)) throw permissionDenied(`call ${path} in ${place}`, needed, level);
  return { place, level, id, object };
}

function projectOf(input: unknown): string | undefined {
  const project = (input as { project?: unknown } | null)?.project;
  return typeof project === 'string' ? project : undefined;
}

const entries: { readonly [Kind in AccessKind]: Entry<Kind> } = {
  anyone: async (_, base, caller) => ({ ...base, caller }),
  caller: async (_, base, caller) => ({ ...base, caller: knownCaller(caller) }),
  job: async (_, base, caller, path) => ({ ...base, caller: jobCaller(knownCaller(caller), path) }),
  worker: async (_, base, caller, path) => ({ ...base, caller: jobCaller(knownCaller(caller), path) }),
  place: async (access, base, caller, path) => {
    const known = knownCaller(caller);
    return { ...base, caller: known, ...(await enterNamed(base, known, access, path)) };
  },
  target: async ({ level }, base, caller, path) => {
    const known = knownCaller(caller);
    return { ...base, caller: known, ...(await enter(base, known, projectOf(base.input), level, path)) };
  },
  object: async (access, base, caller, path) => {
    const known = knownCaller(caller);
    return { ...base, caller: known, ...(await findObject(base, known, access, path)) };
  },
};
