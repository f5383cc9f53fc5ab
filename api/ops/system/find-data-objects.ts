// /system/findDataObjects (docs/reference/api.md, "Finding data objects"): per project, most recently modified first.

import { joinFolder, root } from '../../../core/container/folder-path.ts';
import type { Context } from '../../../core/context.ts';
import { folderNotFound, invalidInput } from '../../../core/error/api-error.ts';
import { isObjectId, type ObjectId, type PlaceId } from '../../../core/id/identifier.ts';
import { type FindFilter, passesFilter } from '../../../core/object/find-filter.ts';
import { type CompiledName, compileName, type NamePattern } from '../../../core/pattern/name.ts';
import { type StepBudget, usualStepBudget } from '../../../core/pattern/regexp.ts';
import { findFolder, loadFolders } from '../../../engine/container/folder.ts';
import { loadHolders } from '../../../engine/placement/link.ts';
import { listAllObjects } from '../../../engine/placement/listing.ts';
import { type LoadedObject, loadObjectsAt } from '../../../engine/store/load-object.ts';
import { mapLimited } from '../../../engine/store/map-limited.ts';
import type { KnownCall } from '../../route.ts';
import type { FindDataObjectsInput } from '../../schemas/find.ts';
import { describeObjects, type PlacedObject } from '../shared/describe-object.ts';
import { searchedPlaces, visibleAmong } from './searched-places.ts';
import { absoluteRange } from './time-range.ts';

type FindCall = KnownCall<FindDataObjectsInput>;

export async function findDataObjects(call: FindCall) {
  const { context, caller, input } = call;
  const places = await searchedPlaces(context, caller, input);
  const filter = toFilter(context, input);
  const budget = { left: usualStepBudget };
  const until = context.now() + searchMs;
  const found: PlacedObject[] = [];
  let looked = 0;
  while (looked < places.length && found.length <= input.limit && (looked === 0 || context.now() < until)) {
    const some = places.slice(looked, looked + placesAtOnce);
    const visible = input.scope === undefined ? await visibleAmong(context, caller, some, input.level) : some;
    const passing = (await mapLimited(visible, (place) => findIn(context, place, input, { filter, budget }))).flat();
    if (passing.length > maximumScanCount) throw tooMany();
    found.push(...passing.slice(looked === 0 ? startIndex(passing, input) : 0));
    looked += some.length;
  }
  const page = found.slice(0, input.limit);
  const results = await toResults(call, page);
  const last = found.length > input.limit ? page.at(-1) : undefined;
  if (last !== undefined) {
    return { results, next: { project: last.place, id: last.object.id, key: sortKey(last.object, last.place, input) } };
  }
  // The time is used up. Clients continue from here, also when this page is empty.
  return { results, next: looked < places.length ? { project: places[looked - 1], id: afterAllIds } : null };
}

/** The matching objects of one place, in the order of the results. */
async function findIn(
  context: Context,
  place: PlaceId,
  input: FindDataObjectsInput,
  { filter, budget }: { readonly filter: FindFilter; readonly budget: StepBudget },
): Promise<PlacedObject[]> {
  const candidates = await loadCandidates(context, place, input, filter);
  const passing = candidates.filter((object) => passes(filter, object, place, budget));
  return sorted(passing, place, input).map((object) => ({ object, place }));
}

function toFilter(context: Context, input: FindDataObjectsInput): FindFilter {
  const { class: className, state, visibility, name, tag, tags, type, properties, modified, created } = input;
  const both = tag !== undefined && tags !== undefined ? { $and: [tag, tags] } : (tag ?? tags);
  const times = { modified: absoluteRange(modified, context.now()), created: absoluteRange(created, context.now()) };
  return { className, state, visibility, name: compiled(name), tags: both, types: type, properties, ...times };
}

/** A compiled name pattern. One that cannot be read is InvalidInput. */
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
  const pages = await mapLimited(all, (folder) => listAllObjects(context, place, folder, maximumScanCount, beginning));
  const objects = pages.flatMap((page) => page.objects);
  if (objects.length > maximumScanCount || pages.some((page) => page.more)) throw tooMany();
  return objects;
}

/** The folders to search; undefined for the whole place. */
async function searchedFolders(context: Context, place: PlaceId, { scope }: FindDataObjectsInput) {
  if (scope === undefined || (scope.recurse && scope.folder.length === 0)) return undefined;
  const folder = await findFolder(context, place, scope.folder);
  if (folder === undefined) throw folderNotFound(joinFolder(scope.folder), place);
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

/** The index after the last object of the page before. If that object is not found any more, its key decides. */
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

async function toResults({ context, caller, input }: FindCall, page: readonly PlacedObject[]) {
  const { describe } = input;
  const bare = page.map(({ object, place }) => ({ project: place, id: object.id }));
  if (describe === false) return bare;
  const descriptions = await describeObjects(context, page, describe === true ? {} : describe, caller);
  return bare.map((result, index) => ({ ...result, describe: descriptions[index] }));
}

function folderOf(object: LoadedObject, place: PlaceId): string {
  return object.placements.get(place)?.folderId ?? root;
}

function tooMany() {
  return invalidInput(
    `more than ${maximumScanCount} objects would have to be looked at: give a project, a folder or the beginning of the name`,
  );
}

/** Objects that a search looks at in one place, and finds in the places that it looks at together. */
const maximumScanCount = 50_000;
const placesAtOnce = 32;
/** A search without a scope returns what it has after this time, far from the 29 seconds that a call may take. */
const searchMs = 8_000;
/** Sorts behind every id. */
const afterAllIds = '~';
