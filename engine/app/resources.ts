// Copies the applet or workflow of a version into a container of its own, with everything that it needs: then the version
// does not depend on any project (docs/reference/api.md, "Apps").

import { atLeast } from '../../core/access/level.ts';
import { maximumResourceCount, type Source, type Sources } from '../../core/app/check-request.ts';
import type { Edition } from '../../core/app/version.ts';
import { root } from '../../core/container/folder-path.ts';
import type { Context } from '../../core/context.ts';
import { invalidInput, invalidState, permissionDenied, resourceNotFound } from '../../core/error/api-error.ts';
import type { AppletSpec } from '../../core/executable/applet.ts';
import { bundledObjects } from '../../core/executable/check-applet.ts';
import { randomId, randomIdByteCount } from '../../core/id/derive.ts';
import {
  type AppletId,
  type ContainerId,
  isId,
  isObjectId,
  type ObjectId,
  type PlaceId,
  type PublishedId,
} from '../../core/id/identifier.ts';
import { findReferences, referredObjects } from '../../core/reference/find.ts';
import { readResources, resourcesKey, resourcesRow } from '../../core/row/published.ts';
import { everythingEndsMs } from '../../core/work/message.ts';
import type { WorkflowId, WorkflowSpec } from '../../core/workflow/workflow.ts';
import { loadGoverningProject } from '../access/level.ts';
import { loadRegion } from '../access/region.ts';
import { findObjects, type Sight } from '../access/sight.ts';
import { findUsablePlace } from '../access/usable-place.ts';
import { loadFolders } from '../container/folder.ts';
import { loadProject } from '../container/project.ts';
import { cloneObjects } from '../object/clone.ts';
import { listAllObjects } from '../placement/listing.ts';
import { type LoadedObject, loadObject } from '../store/load-object.ts';
import { mapLimited } from '../store/map-limited.ts';
import { sendWork } from '../store/send-work.ts';
import { loadVersion } from './version.ts';

/** The applet or workflow of one region, as its developer sees it, and what is copied with it. */
export type FoundSource = {
  readonly region: string;
  readonly executable: AppletId | WorkflowId;
  readonly object: LoadedObject;
  readonly place: PlaceId;
  /** Place → objects that are taken from it, those of the executable among them. */
  readonly objects: ReadonlyMap<PlaceId, ReadonlySet<ObjectId>>;
  /** All objects of this place come too, in their folders. */
  readonly whole: PlaceId | undefined;
};

/**
 * Finds the sources of a version. Nothing is written.
 *
 * @throws ApiError ResourceNotFound for what the caller does not see, PermissionDenied for what may not leave its project,
 *   InvalidState for what is not closed, InvalidInput for what is in another region or has no specification
 */
export async function findSources(sight: Sight, sources: Sources): Promise<FoundSource[]> {
  const found: FoundSource[] = [];
  for (const [region, source] of sources) found.push(await findSource(sight, region, source));
  return found;
}

async function findSource(sight: Sight, wanted: string, { executable, resources }: Source): Promise<FoundSource> {
  const { context } = sight;
  if (!isId(executable, 'applet') && !isId(executable, 'workflow')) throw resourceNotFound(executable);
  const object = await loadObject(context, executable);
  const isUsable = async (place: PlaceId) => {
    return !(await isRestricted(sight, place)) && (wanted === '*' || (await loadRegion(context, place)) === wanted);
  };
  const found = object && (await findUsablePlace(sight.levelIn, object, { isUsable }));
  if (object === undefined || found === undefined) throw resourceNotFound(executable);
  const { place, usable } = found;
  if (!usable) {
    if (await isRestricted(sight, place)) throw restricted(executable, place);
    throw invalidInput(`"${executable}" is in the region ${await loadRegion(context, place)}, not in ${wanted}`);
  }
  const region = await loadRegion(context, place);
  const needed = await collectNeeded(sight, object, place);
  const whole = typeof resources === 'string' ? resources : undefined;
  if (typeof resources !== 'string') for (const id of resources) needed.set(id, undefined);
  if (whole !== undefined && !atLeast(await sight.levelIn(whole), 'VIEW')) throw resourceNotFound(whole);
  const objects = await placesOf(sight, needed, { place, region });
  return { region, executable, object, place, objects, whole };
}

/** The objects that an executable needs, the executable included, each with the place in which it is expected. */
async function collectNeeded(
  sight: Sight,
  first: LoadedObject,
  place: PlaceId,
): Promise<Map<ObjectId, PlaceId | undefined>> {
  const needed = new Map<ObjectId, PlaceId | undefined>();
  let frontier: LoadedObject[] = [first];
  while (frontier.length > 0) {
    const next = new Set<ObjectId>();
    for (const { id, row, spec } of frontier) {
      if (row.state !== 'closed') throw invalidState(`"${id}" must be closed first`);
      needed.set(id, place);
      const [data, executables] = linksOf(id, spec);
      for (const link of data) if (!needed.has(link)) needed.set(link, place);
      for (const link of executables) if (!needed.has(link)) next.add(link);
    }
    if (needed.size + next.size > maximumResourceCount) throw tooMany();
    const wanted = new Map<ObjectId, PlaceId | undefined>([...next].map((id) => [id, undefined]));
    const { found } = await findObjects(sight, { wanted, places: [place], usedIn: undefined });
    const missing = [...next].find((id) => !found.has(id));
    if (missing !== undefined)
      throw resourceNotFound(missing, `"${first.id}" has it as a stage; or you may not see it`);
    frontier = (await mapLimited([...next], (id) => loadObject(sight.context, id))).filter((one) => one !== undefined);
  }
  return needed;
}

/** The data that an executable links to, and the executables in it. */
function linksOf(id: ObjectId, spec: unknown): readonly [readonly ObjectId[], readonly ObjectId[]] {
  if (isId(id, 'applet')) return [bundledObjects((spec as AppletSpec).runSpec).filter(isObjectId), []];
  const { stages } = spec as WorkflowSpec;
  const executables: readonly string[] = stages.map(({ executable }) => executable);
  return [referredObjects(findReferences(stages.map(({ input }) => input))), executables.filter(isObjectId)];
}

/** The place from which each object is taken, among those that the caller sees. */
async function placesOf(
  sight: Sight,
  needed: ReadonlyMap<ObjectId, PlaceId | undefined>,
  { place, region }: { readonly place: PlaceId; readonly region: string },
): Promise<Map<PlaceId, Set<ObjectId>>> {
  const { found } = await findObjects(sight, { wanted: needed, places: [place], usedIn: undefined });
  const objects = new Map<PlaceId, Set<ObjectId>>();
  for (const id of needed.keys()) {
    const seen = found.get(id);
    if (seen === undefined) throw resourceNotFound(id, 'the executable needs it; or you may not see it');
    if (!seen.closed) throw invalidState(`"${id}" must be closed first`);
    objects.set(seen.place, (objects.get(seen.place) ?? new Set()).add(id));
  }
  for (const [from, ids] of objects) {
    const [id = ''] = ids;
    if (await isRestricted(sight, from)) throw restricted(id, from);
    const there = await loadRegion(sight.context, from);
    if (there !== region) throw invalidInput(`"${id}" is in the region ${there}, not in ${region}`);
  }
  return objects;
}

/**
 * Makes a container with the copies of a source. A message removes it again if no version names it when everything that
 * is under way has ended, so that an interrupted call leaves nothing behind.
 */
export async function fillResources(sight: Sight, owner: PublishedId, source: FoundSource): Promise<Edition> {
  const { context } = sight;
  const { region, executable, objects, whole } = source;
  const resources: ContainerId = randomId('container', context.random(randomIdByteCount));
  await sendWork(context, [{ kind: 'destroy', container: resources }], context.now() + everythingEndsMs);
  await context.rows.put('containers', resourcesRow(resources, { owner, region }));
  for (const [from, ids] of objects) await copy(context, [...ids], from, resources);
  if (whole !== undefined) await copyWhole(sight, whole, resources);
  return { executable, resources };
}

/** True for resources that a version has. Others were replaced or deleted, or their call was interrupted. */
export async function isInUse(context: Context, container: ContainerId): Promise<boolean> {
  const found = readResources(await context.rows.get('containers', resourcesKey(container)));
  if (found === undefined) return false;
  const version = await loadVersion(context, found.owner);
  if (version === undefined || version.deleted === true) return false;
  return Object.values(version.editions).some(({ resources }) => resources === container);
}

async function copy(context: Context, ids: readonly ObjectId[], from: PlaceId, to: ContainerId, keepFolders = false) {
  const request = { objects: ids, from, to: { container: to, folder: '/' }, keepFolders };
  const { missing, open } = await cloneObjects(context, request);
  if (missing[0] !== undefined) throw resourceNotFound(missing[0], 'it was removed while it was being copied');
  if (open[0] !== undefined) throw invalidState(`"${open[0]}" must be closed first`);
}

async function copyWhole(sight: Sight, from: PlaceId, to: ContainerId): Promise<void> {
  const { context } = sight;
  if (await isRestricted(sight, from)) throw restricted(from, from);
  const ids: ObjectId[] = [];
  for (const folder of (await loadFolders(context, from)).subtreeOf(root)) {
    const { objects, more } = await listAllObjects(context, from, folder, maximumResourceCount - ids.length);
    ids.push(...objects.map(({ id }) => id));
    if (more) throw tooMany();
  }
  if (ids.length > 0) await copy(context, ids, from, to, true);
}

async function isRestricted({ context }: Sight, place: PlaceId): Promise<boolean> {
  const project = await loadGoverningProject(context, place);
  return project !== undefined && (await loadProject(context, project))?.settings.restricted === true;
}

function restricted(what: string, place: PlaceId) {
  return permissionDenied(`publish ${what}: ${place} is restricted`, 'a project that is not restricted', undefined);
}

function tooMany() {
  return invalidInput(
    `expected an app or a global workflow to have at most ${maximumResourceCount} objects as resources`,
  );
}
