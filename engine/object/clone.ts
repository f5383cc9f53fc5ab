// Clones objects. A clone is a reference in another place to the same object; bytes are never copied
// (docs/reference/protocols.md, "Deletion of bytes").

import { parseFolder } from '../../core/container/folder-path.ts';
import type { Context, Key } from '../../core/context.ts';
import { invalidInput } from '../../core/error/api-error.ts';
import { given } from '../../core/given.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import {
  isGone,
  listingKey,
  listingRow,
  objectKey,
  type Placement,
  placementKey,
  placementRow,
  readObject,
  readPlacement,
} from '../../core/row/objects.ts';
import { ensureFolder, refusalOf, rootOf, type Target } from '../container/enter-folder.ts';
import { loadFolders } from '../container/folder.ts';
import { maximumWalkCount, withHiddenLinks } from '../placement/link.ts';
import { collectBytes } from '../removal/collect.ts';
import { removeObjects } from '../removal/object.ts';
import { mapLimited } from '../store/map-limited.ts';
import { newMark } from '../store/mark.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';

export type CloneRequest = {
  readonly objects: readonly ObjectId[];
  /** The destination. A missing folder is made. */
  readonly to: { readonly container: PlaceId; readonly folder: string };
  /**
   * The place that the objects are taken from. Names and tags are copied from there, and links to hidden objects are
   * followed there.
   */
  readonly from: PlaceId;
  /** Each object goes to the same folder below `to.folder` as in `from`, instead of all into one folder. */
  readonly keepFolders?: boolean;
  /** The try whose output this is. It may take the clones back as long as nobody else asks for them (`Placement.by`). */
  readonly by?: string;
};
/**
 * `existed`: in the destination already, and left in their folder. `missing`: not in `from`. `open`: not closed, and
 * therefore not cloned.
 */
export type CloneResult = {
  readonly cloned: ObjectId[];
  readonly existed: ObjectId[];
  readonly missing: ObjectId[];
  readonly open: ObjectId[];
};

/**
 * Puts closed objects into another place as well. It is idempotent. An object that is reported as cloned or existing
 * keeps its bytes, even if it is removed elsewhere at the same time. An object that is being deleted is `missing`.
 *
 * @throws ApiError ResourceNotFound when the project is gone, InvalidState when a folder is being removed. The clones
 *   are then taken back.
 */
export async function cloneObjects(context: Context, request: CloneRequest): Promise<CloneResult> {
  const { to, from, by } = request;
  const { objects, missing } = await loadSources(context, request);
  const gone = await refusalOf(context, rootOf(to.container));
  if (gone !== undefined) throw gone;
  const targetOf = await planFolders(context, request);
  const result: CloneResult = { cloned: [], existed: [], missing: [...missing], open: [] };
  const placed = new Map<Target, ObjectId[]>();
  await mapLimited(objects, async (object) => {
    if (object.row.state !== 'closed') return void result.open.push(object.id);
    const source = object.placements.get(from);
    if (source === undefined) throw new Error(`${object.id} was loaded without its placement in ${from}`);
    const target = await targetOf(source);
    const outcome = await placeObject(context, object.id, to.container, target.folderId, source, by);
    result[outcome].push(object.id);
    if (outcome === 'cloned') placed.set(target, [...(placed.get(target) ?? []), object.id]);
  });
  await takeBackRefused(context, placed);
  return result;
}

/** Takes clones back from places whose removal began while they were being filled, and throws the refusal. */
async function takeBackRefused(context: Context, placed: ReadonlyMap<Target, readonly ObjectId[]>): Promise<void> {
  const refusals = await mapLimited([...placed], async ([target, ids]) => {
    const refusal = await refusalOf(context, target);
    if (refusal !== undefined) await removeObjects(context, target.place, ids);
    return refusal;
  });
  const refusal = refusals.find((one) => one !== undefined);
  if (refusal !== undefined) throw refusal;
}

/**
 * The objects with their hidden companions, from the one place that the caller named: in any other place they may have
 * names that the caller does not see.
 */
async function loadSources(context: Context, { objects, from }: CloneRequest) {
  const walked = await withHiddenLinks(context, from, [...new Set(objects)]);
  if (walked.more) {
    throw invalidInput(`more than ${maximumWalkCount} hidden objects are linked. Clone fewer objects in one call`);
  }
  return walked;
}

/** Returns a function that finds the destination folder for an object that is placed like `source`. */
async function planFolders(context: Context, request: CloneRequest) {
  const { to, from, keepFolders } = request;
  const parsed = parseFolder(to.folder);
  if ('problem' in parsed) throw invalidInput(`expected the folder "${to.folder.slice(0, 100)}" to ${parsed.problem}`);
  const tree = keepFolders ? await loadFolders(context, from) : undefined;
  const known = new Map<string, Promise<Target>>();
  return (source: Placement): Promise<Target> => {
    const path = tree?.pathOf(source.folderId) ?? '/';
    const folder = known.get(path) ?? ensureFolder(context, to.container, [...parsed.names, ...namesOf(path)]);
    known.set(path, folder);
    return folder;
  };
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

/**
 * Writes the reference first, then clears a collector's mark, so that the collector cannot decide any more. If the
 * object is gone already, the reference is taken back. test/simulation/bytes.test.ts searches this.
 *
 * @param by the try whose output this is. Without it, the object stays whatever becomes of a try that placed it before.
 */
export async function placeObject(
  context: Context,
  id: ObjectId,
  to: PlaceId,
  folderId: string,
  source: Placement,
  by?: string,
): Promise<'cloned' | 'existed' | 'missing'> {
  const key = placementKey(id, to);
  const placed = await retryWhileChanged(`"${id}"`, () => putPlacement(context, id, to, { folderId, source, by }));
  const life = await keepAlive(context, id);
  if (life === 'rescued' && (await context.rows.get('objects', key)) === undefined) {
    // The object was removed here again meanwhile, and that collector may have given up because its mark was cleared.
    await collectBytes(context, id);
  }
  if (life !== 'gone') return placed === 'existed' ? 'existed' : 'cloned';
  if (placed !== 'existed' && (await context.rows.delete('objects', key, { mark: placed.mark }))) {
    await context.rows.delete('objects', placed.listing, { mark: placed.mark });
  }
  await collectBytes(context, id);
  return 'missing';
}

/** A placement that another try made for itself becomes everybody's: that try cannot take it back any more. */
async function putPlacement(
  context: Context,
  id: ObjectId,
  to: PlaceId,
  { folderId, source, by }: { readonly folderId: string; readonly source: Placement; readonly by: string | undefined },
): Promise<'existed' | { readonly listing: Key; readonly mark: string } | typeof changed> {
  const key = placementKey(id, to);
  const found = readPlacement(await context.rows.get('objects', key));
  if (found !== undefined) {
    if (found.by === undefined || found.by === by) return 'existed';
    const kept = await context.rows.update('objects', key, { remove: ['by'] }, { by: found.by });
    return kept === undefined ? changed : 'existed';
  }
  const mark = newMark(context);
  const { name, tags, properties, hidden } = source;
  const listing = listingKey(to, folderId, name, id);
  await context.rows.put('objects', listingRow(listing, id, mark));
  const metadata = { folderId, name, tags, properties, hidden };
  const placement = { ...metadata, modified: context.now(), revision: 0, mark, ...given({ by }) };
  const placed = await context.rows.put('objects', placementRow(id, to, placement), 'absent');
  return placed ? { listing, mark } : changed;
}

/** Clears a collector's mark on an object that has a reference now. */
async function keepAlive(context: Context, id: ObjectId): Promise<'alive' | 'rescued' | 'gone'> {
  return retryWhileChanged(`"${id}"`, async () => {
    const facts = readObject(await context.rows.get('objects', objectKey(id)));
    if (isGone(facts)) return 'gone';
    if (facts.dying === undefined) return 'alive';
    const expected = { dying: facts.dying };
    const change = { remove: ['dying'] };
    return (await context.rows.update('objects', objectKey(id), change, expected)) === undefined ? changed : 'rescued';
  });
}
