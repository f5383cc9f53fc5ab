// Clones: a reference in another place to the same object (protocols.md §5). Bytes are never copied.

import { parseFolder } from '../../core/container/folder-path.ts';
import type { Context } from '../../core/context.ts';
import { invalidInput } from '../../core/error/api-error.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import { ensureFolder, loadFolders } from '../container/folder.ts';
import { collectBytes } from './collect.ts';
import { forEach } from './each.ts';
import { withHiddenLinks } from './link.ts';
import { type LoadedObject, loadObject } from './load.ts';
import { listingKey, newMark, objectKey, type Placement, placementKey } from './row.ts';

export type CloneRequest = {
  readonly objects: readonly ObjectId[];
  /** Missing folders are made. */
  readonly to: { readonly container: PlaceId; readonly folder: string };
  /** Where their names and tags are taken from, and where hidden objects that they link to are followed. */
  readonly hiddenLinksFrom?: PlaceId;
  /** Each object goes to the folder under `to.folder` that it has in `hiddenLinksFrom`, instead of all into one. */
  readonly keepFolders?: boolean;
};
/** `existed`: were in the destination before, and stay where they are. `open`: not closed, so not cloned. */
export type CloneResult = {
  readonly cloned: ObjectId[];
  readonly existed: ObjectId[];
  readonly missing: ObjectId[];
  readonly open: ObjectId[];
};

/**
 * Puts closed objects into another place as well. Idempotent. What is acknowledged as cloned or existing keeps its bytes,
 * whatever is removed elsewhere at the same time; an object that is being deleted is `missing`.
 */
export async function cloneObjects(context: Context, request: CloneRequest): Promise<CloneResult> {
  const { to, hiddenLinksFrom } = request;
  const { objects, missing } = await loadSources(context, request);
  const folderOf = await planFolders(context, request);
  const result: CloneResult = { cloned: [], existed: [], missing: [...missing], open: [] };
  await forEach(objects, async (object) => {
    if (object.row.state !== 'closed') return void result.open.push(object.id);
    const source = sourceOf(object, hiddenLinksFrom);
    const outcome = await placeObject(context, object.id, to.container, await folderOf(source), source);
    result[outcome].push(object.id);
  });
  return result;
}

async function loadSources(context: Context, { objects, hiddenLinksFrom }: CloneRequest) {
  const ids = [...new Set(objects)];
  const walked =
    hiddenLinksFrom === undefined
      ? { objects: [], missing: ids }
      : await withHiddenLinks(context, hiddenLinksFrom, ids);
  const elsewhere = await forEach(walked.missing, (id) => loadObject(context, id));
  const found = elsewhere.filter((object) => object !== undefined && object.placements.size > 0) as LoadedObject[];
  const foundIds = new Set(found.map(({ id }) => id));
  return { objects: [...walked.objects, ...found], missing: walked.missing.filter((id) => !foundIds.has(id)) };
}

function sourceOf(object: LoadedObject, from: PlaceId | undefined): Placement {
  const { placements, row } = object;
  const source =
    (from === undefined ? undefined : placements.get(from)) ?? placements.get(row.birth) ?? [...placements.values()][0];
  if (source === undefined) throw new Error(`${object.id} was loaded without a placement`);
  return source;
}

/** Answers the folder id in the destination for an object that is placed like `source`. */
async function planFolders(context: Context, request: CloneRequest) {
  const { to, hiddenLinksFrom, keepFolders } = request;
  const parsed = parseFolder(to.folder);
  if ('problem' in parsed) throw invalidInput(`expected the folder "${to.folder.slice(0, 100)}" to ${parsed.problem}`);
  const tree = keepFolders && hiddenLinksFrom !== undefined ? await loadFolders(context, hiddenLinksFrom) : undefined;
  const known = new Map<string, Promise<string>>();
  return (source: Placement): Promise<string> => {
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
 * The reference first, then the mark: an object that is dying takes its reference back. Where a reference is already,
 * it is made ours before the mark is read, so that whoever put it cannot take it back under us.
 */
export async function placeObject(
  context: Context,
  id: ObjectId,
  to: PlaceId,
  folderId: string,
  source: Placement,
): Promise<'cloned' | 'existed' | 'missing'> {
  const mark = newMark(context);
  const { name, tags, properties, hidden } = source;
  const key = placementKey(id, to);
  for (let attempt = 0; attempt < placeAttemptCount; attempt++) {
    const there = await context.rows.get('objects', key);
    if (there !== undefined) {
      const listing = listingKey(to, String(there.folderId), String(there.name), id);
      await context.rows.put('objects', { ...listing, id, mark });
      const expected = { revision: Number(there.revision), mark: String(there.mark) };
      if ((await context.rows.update('objects', key, { set: { mark } }, expected)) === undefined) continue;
      return (await isAlive(context, id)) ? 'existed' : takeBack(context, id, to, mark);
    }
    const listing = listingKey(to, folderId, name, id);
    await context.rows.put('objects', { ...listing, id, mark });
    const metadata = { folderId, name, tags: [...tags], properties: { ...properties }, hidden };
    const row = { ...key, ...metadata, modified: context.now(), revision: 0, mark };
    if (!(await context.rows.put('objects', row, 'absent'))) continue;
    return (await isAlive(context, id)) ? 'cloned' : takeBack(context, id, to, mark);
  }
  throw new Error(`${id} changed too often while it was cloned into ${to}`);
}

async function isAlive(context: Context, id: ObjectId): Promise<boolean> {
  const row = await context.rows.get('objects', objectKey(id));
  return row !== undefined && row.dying === undefined;
}

/** Nobody else may be left to collect what was held for a moment: so this does. */
async function takeBack(context: Context, id: ObjectId, to: PlaceId, mark: string): Promise<'missing'> {
  const key = placementKey(id, to);
  const row = await context.rows.get('objects', key);
  if (await context.rows.delete('objects', key, { mark })) {
    const listing = listingKey(to, String(row?.folderId), String(row?.name), id);
    if (row !== undefined) await context.rows.delete('objects', listing, { mark });
    await collectBytes(context, id);
  }
  return 'missing';
}

const placeAttemptCount = 8;
