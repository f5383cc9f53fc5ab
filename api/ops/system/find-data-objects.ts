// /system/findDataObjects (dx-api.md §7.2): per project, most recently modified first.

import type { KnownCaller } from '../../../core/access/caller.ts';
import { atLeast } from '../../../core/access/level.ts';
import { joinFolder, root } from '../../../core/container/folder-path.ts';
import type { Context } from '../../../core/context.ts';
import { invalidInput, resourceNotFound } from '../../../core/error/api-error.ts';
import { isObjectId, isPlaceId, type ObjectId, type PlaceId } from '../../../core/id/identifier.ts';
import { jobWorkspace } from '../../../core/job/row.ts';
import { type FindFilter, passesFilter } from '../../../core/object/find-filter.ts';
import { type CompiledName, compileName, type NamePattern } from '../../../core/pattern/name.ts';
import { type StepBudget, usualStepBudget } from '../../../core/pattern/regexp.ts';
import { findFolder, loadFolders } from '../../../engine/container/folder.ts';
import { loadLevel } from '../../../engine/container/level.ts';
import { loadMemberships } from '../../../engine/container/project.ts';
import { forEach } from '../../../engine/object/each.ts';
import { loadHolders } from '../../../engine/object/link.ts';
import { listAllObjects } from '../../../engine/object/listing.ts';
import { type LoadedObject, loadObjectsAt } from '../../../engine/object/load.ts';
import type { KnownCall } from '../../route.ts';
import type { FindDataObjectsInput } from '../../schemas/find.ts';
import { describeObjects, type PlacedObject } from '../shared/describe-object.ts';
import { absoluteRange } from './time-range.ts';

export async function findDataObjects({ context, caller, input }: KnownCall<FindDataObjectsInput>) {
  const places = await searchedPlaces(context, caller, input);
  const filter = toFilter(context, input);
  const budget = { left: usualStepBudget };
  const found: PlacedObject[] = [];
  for (const place of places) {
    const candidates = await loadCandidates(context, place, input, filter);
    const passing = candidates.filter((object) => passes(filter, object, place, budget));
    found.push(...sorted(passing, place, input).map((object) => ({ object, place })));
    if (found.length > maximumScanCount) throw tooMany();
  }
  const from = startIndex(found, input);
  const page = found.slice(from, from + input.limit);
  const results = await toResults(context, page, input);
  const last = found.length > from + input.limit ? page.at(-1) : undefined;
  const next =
    last === undefined
      ? null
      : { project: last.place, id: last.object.id, key: sortKey(last.object, last.place, input) };
  return { results, next };
}

async function searchedPlaces(context: Context, caller: KnownCaller, input: FindDataObjectsInput): Promise<PlaceId[]> {
  const { scope, level: needed, region, archivalState } = input;
  const elsewhere = region !== undefined && ![region].flat().includes(context.settings.region);
  if (input.class === 'database' || elsewhere || (archivalState ?? 'live') !== 'live') return [];
  if (scope !== undefined) {
    const place = scope.project;
    const level = isPlaceId(place) ? await loadLevel(context, caller, place) : undefined;
    if (level === undefined || !isPlaceId(place)) throw resourceNotFound(place);
    return atLeast(level, needed) ? [place] : [];
  }
  const own: PlaceId[] = caller.kind === 'job' ? [jobWorkspace(caller.job)] : [];
  const places = [...own, ...(await loadMemberships(context, caller.user))];
  const levels = await forEach(places, (place) => loadLevel(context, caller, place));
  return places.filter((_, index) => levels[index] !== undefined && atLeast(levels[index], needed)).sort();
}

function toFilter(context: Context, input: FindDataObjectsInput): FindFilter {
  const { class: className, state, visibility, name, tag, tags, type, properties, modified, created } = input;
  const both = tag !== undefined && tags !== undefined ? { $and: [tag, tags] } : (tag ?? tags);
  const times = { modified: absoluteRange(modified, context.now()), created: absoluteRange(created, context.now()) };
  return { className, state, visibility, name: compiled(name), tags: both, types: type, properties, ...times };
}

/** A compiled name pattern; one that is not understood is InvalidInput. */
export function compiled(pattern: NamePattern | undefined): CompiledName | undefined {
  if (pattern === undefined) return undefined;
  const name = compileName(pattern);
  if ('problem' in name) throw invalidInput(`expected key "name" of input to ${name.problem}`);
  return name;
}

async function loadCandidates(
  context: Context,
  place: PlaceId,
  input: FindDataObjectsInput,
  filter: FindFilter,
): Promise<LoadedObject[]> {
  const folders = await searchedFolders(context, place, input);
  if (input.id !== undefined || input.link !== undefined) {
    const objects = await loadNamed(context, place, input);
    return objects.filter((object) => folders === undefined || folders.includes(folderOf(object, place)));
  }
  const all = folders ?? (await loadFolders(context, place)).subtreeOf(root);
  const beginning = filter.name?.beginning ?? '';
  const pages = await forEach(all, (folder) => listAllObjects(context, place, folder, maximumScanCount, beginning));
  const objects = pages.flatMap((page) => page.objects);
  if (objects.length > maximumScanCount || pages.some((page) => page.more)) throw tooMany();
  return objects;
}

/** The folders to look in; undefined for all of the place. */
async function searchedFolders(context: Context, place: PlaceId, { scope }: FindDataObjectsInput) {
  if (scope === undefined || (scope.recurse && scope.folder.length === 0)) return undefined;
  const folder = await findFolder(context, place, scope.folder);
  if (folder === undefined) throw resourceNotFound(joinFolder(scope.folder), `there is no such folder in ${place}`);
  return scope.recurse ? (await loadFolders(context, place)).subtreeOf(folder) : [folder];
}

async function loadNamed(context: Context, place: PlaceId, input: FindDataObjectsInput): Promise<LoadedObject[]> {
  const { id, link } = input;
  const ids: ObjectId[] = [...new Set([id ?? []].flat())].filter(isObjectId);
  const byId = (await loadObjectsAt(context, place, ids)).filter((object) => object !== undefined);
  if (link === undefined) return byId;
  const byLink = isObjectId(link) ? await loadHolders(context, place, link) : [];
  return id === undefined ? byLink : byLink.filter((object) => ids.includes(object.id));
}

function passes(filter: FindFilter, object: LoadedObject, place: PlaceId, budget: StepBudget): boolean {
  const placement = object.placements.get(place);
  if (placement === undefined) return false;
  const { className, state, types, created } = object.row;
  const { name, tags, properties, hidden, modified } = placement;
  const facts = { className, state, types, created, name, tags, properties, hidden, modified };
  const passed = passesFilter(filter, facts, budget);
  if (passed === 'exhausted') throw invalidInput('the pattern in key "name" of input takes too long: make it simpler');
  return passed;
}

function sorted(objects: readonly LoadedObject[], place: PlaceId, input: FindDataObjectsInput): LoadedObject[] {
  const direction = (input.sortBy?.ordering ?? 'descending') === 'descending' ? -1 : 1;
  const keyed = objects.map((object) => ({ object, key: sortKey(object, place, input) }));
  keyed.sort(
    (first, second) => direction * compare(first.key, second.key) || compare(first.object.id, second.object.id),
  );
  return keyed.map(({ object }) => object);
}

function sortKey({ row, placements }: LoadedObject, place: PlaceId, { sortBy }: FindDataObjectsInput): string | number {
  const placement = placements.get(place);
  if (sortBy?.field === 'created') return row.created;
  return sortBy?.field === 'name' ? (placement?.name ?? '') : (placement?.modified ?? 0);
}

function compare<Key extends string | number>(first: Key, second: Key): number {
  return first < second ? -1 : first > second ? 1 : 0;
}

/** After the object that the page before ended with; by its key, when it is not found any more. */
function startIndex(found: readonly PlacedObject[], input: FindDataObjectsInput): number {
  const { starting } = input;
  if (starting === null || starting === undefined) return 0;
  const same = found.findIndex(({ object, place }) => object.id === starting.id && place === starting.project);
  if (same >= 0) return same + 1;
  const descending = (input.sortBy?.ordering ?? 'descending') === 'descending';
  const behind = found.findIndex(({ object, place }) => {
    if (place !== starting.project) return place > starting.project;
    const order = starting.key === undefined ? 0 : compare(sortKey(object, place, input), starting.key);
    return (descending ? -order : order) > 0 || (order === 0 && object.id > starting.id);
  });
  return behind < 0 ? found.length : behind;
}

async function toResults(context: Context, page: readonly PlacedObject[], { describe }: FindDataObjectsInput) {
  const bare = page.map(({ object, place }) => ({ project: place, id: object.id }));
  if (describe === false) return bare;
  const descriptions = await describeObjects(context, page, describe === true ? {} : describe);
  return bare.map((result, index) => ({ ...result, describe: descriptions[index] }));
}

function folderOf(object: LoadedObject, place: PlaceId): string {
  return object.placements.get(place)?.folderId ?? root;
}

function tooMany() {
  return invalidInput(
    `more than ${maximumScanCount} objects would have to be looked at: name a project, a folder or the beginning of the name`,
  );
}

/** Objects that one search looks at. */
const maximumScanCount = 50_000;
