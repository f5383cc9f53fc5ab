// The places of a search for data objects: the one that it names, else all where the caller is a member.

import { atLeast, type Level } from '../../../core/access/level.ts';
import type { Context } from '../../../core/context.ts';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import { isId, isObjectId, isPlaceId, type PlaceId } from '../../../core/id/identifier.ts';
import type { KnownCaller } from '../../../core/identity/caller.ts';
import { jobWorkspace } from '../../../core/job/row.ts';
import { loadLevel, standingLevel } from '../../../engine/access/level.ts';
import { loadRegion } from '../../../engine/access/region.ts';
import { loadMemberships, loadStandings } from '../../../engine/container/project.ts';
import { loadObject } from '../../../engine/store/load-object.ts';
import { mapLimited } from '../../../engine/store/map-limited.ts';
import type { FindDataObjectsInput } from '../../schemas/find.ts';

/**
 * The places in the order of the results, from the one where the page before ended. Without a scope the caller may turn
 * out to see none of them: `visibleAmong`.
 */
export async function searchedPlaces(
  context: Context,
  caller: KnownCaller,
  input: FindDataObjectsInput,
): Promise<PlaceId[]> {
  const { scope, archivalState, starting } = input;
  if (input.class === 'database' || (archivalState ?? 'live') !== 'live') return [];
  if (scope !== undefined) {
    const place = scope.project;
    const level = isPlaceId(place) ? await loadLevel(context, caller, place) : undefined;
    if (level === undefined || !isPlaceId(place)) throw resourceNotFound(place);
    return atLeast(level, input.level) ? inRegion(context, [place], input.region) : [];
  }
  const own: PlaceId[] = caller.kind === 'job' ? [jobWorkspace(caller.job)] : [];
  const places = [...own, ...(await loadMemberships(context, caller.user))].sort();
  const rest = starting == null ? places : places.filter((place) => place >= starting.project);
  return inRegion(context, await holdingAny(context, rest, input.id), input.region);
}

async function inRegion(
  context: Context,
  places: readonly PlaceId[],
  wanted: FindDataObjectsInput['region'],
): Promise<PlaceId[]> {
  if (wanted === undefined) return [...places];
  const regions = await mapLimited(places, (place) => loadRegion(context, place));
  return places.filter((_, index) => [wanted].flat().includes(regions[index] ?? ''));
}

/** If a search names few objects and there are many places, the objects are asked where they are. */
async function holdingAny(context: Context, places: PlaceId[], id: FindDataObjectsInput['id']): Promise<PlaceId[]> {
  const ids = [...new Set([id ?? []].flat())].filter(isObjectId);
  if (id === undefined || ids.length >= places.length) return places;
  const objects = await mapLimited(ids, (one) => loadObject(context, one));
  const holding = new Set(objects.flatMap((object) => [...(object?.placements.keys() ?? [])]));
  return places.filter((place) => holding.has(place));
}

/** The places where the caller has the level that the search needs. */
export async function visibleAmong<Place extends PlaceId>(
  context: Context,
  caller: KnownCaller,
  places: readonly Place[],
  needed: Level,
): Promise<Place[]> {
  const levels = await levelsIn(context, caller, places);
  return places.filter((_, index) => levels[index] !== undefined && atLeast(levels[index], needed));
}

async function levelsIn(context: Context, caller: KnownCaller, places: readonly PlaceId[]) {
  const projects = places.filter((place) => isId(place, 'project'));
  if (caller.kind === 'job' || projects.length < places.length) {
    return mapLimited(places, (place) => loadLevel(context, caller, place));
  }
  const standings = await loadStandings(context, projects, caller.user);
  return standings.map(({ exists, own, shared }) => (exists ? standingLevel(own, shared) : undefined));
}
