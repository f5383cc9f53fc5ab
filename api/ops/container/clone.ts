// /<project or container>/clone: clones objects and folders into another place (docs/reference/api.md, "Cloning").
// Bytes stay where they are.

import type { z } from 'zod';
import { atLeast } from '../../../core/access/level.ts';
import { joinFolder } from '../../../core/container/folder-path.ts';
import type { FolderTree } from '../../../core/container/folder-tree.ts';
import {
  folderNotFound,
  invalidInput,
  invalidState,
  permissionDenied,
  resourceNotFound,
} from '../../../core/error/api-error.ts';
import { isPlaceId, type ObjectId, type PlaceId } from '../../../core/id/identifier.ts';
import { refusalInState } from '../../../core/object/state.ts';
import { loadLevel } from '../../../engine/access/level.ts';
import { ensureFolder } from '../../../engine/container/enter-folder.ts';
import { findFolder, loadFolders } from '../../../engine/container/folder.ts';
import { cloneObjects } from '../../../engine/object/clone.ts';
import { withHiddenLinks } from '../../../engine/placement/link.ts';
import { listAllObjects } from '../../../engine/placement/listing.ts';
import type { PlaceCall } from '../../route.ts';
import type { cloneInput } from '../../schemas/folder.ts';
import { refuseIfBound } from './protection.ts';
import { requireObjects } from './require-objects.ts';

type CloneCall = PlaceCall<z.output<typeof cloneInput>>;
/** Objects of the source, and the folder of the destination that they go to. */
type Group = { readonly objects: readonly ObjectId[]; readonly folder: readonly string[] };

export async function clone(call: CloneCall) {
  const { context, place, level, input } = call;
  const to = await enterDestination(call);
  await refuseIfBound(context, { from: place, to, level });
  const listed = await requireObjects(context, place, input.objects);
  const groups: Group[] = [{ objects: listed.map(({ id }) => id), folder: input.destination }];
  if (input.folders.length > 0) groups.push(...(await folderGroups(call, to)));
  await requireClosed(call, groups);
  const exists = new Set<ObjectId>();
  for (const { objects, folder } of groups) {
    await ensureFolder(context, to, folder);
    if (objects.length === 0) continue;
    const target = { container: to, folder: joinFolder(folder) };
    const result = await cloneObjects(context, { objects, to: target, from: place });
    for (const id of result.existed) exists.add(id);
    const [missing] = result.missing;
    if (missing !== undefined) throw resourceNotFound(missing, 'it was removed while it was being cloned');
  }
  return { id: place, project: to, exists: [...exists] };
}

async function enterDestination({ context, caller, input }: CloneCall): Promise<PlaceId> {
  const to = input.project;
  const level = isPlaceId(to) ? await loadLevel(context, caller, to) : undefined;
  if (!isPlaceId(to) || level === undefined) throw resourceNotFound(to);
  if (!atLeast(level, 'UPLOAD')) throw permissionDenied(`clone into ${to}`, 'UPLOAD', level);
  const found = input.parents || (await findFolder(context, to, input.destination)) !== undefined;
  if (!found) throw folderNotFound(joinFolder(input.destination), to, 'create it first, or set "parents" (-p)');
  return to;
}

/** The folders of the request with everything below them. Hidden objects come along only by links. */
async function folderGroups({ context, place, input }: CloneCall, to: PlaceId): Promise<Group[]> {
  const tree = await loadFolders(context, place);
  const groups: Group[] = [];
  for (const folder of input.folders) {
    const id = tree.idOf(folder);
    if (id === undefined) throw folderNotFound(joinFolder(folder), place);
    const target = [...input.destination, ...folder.slice(-1)];
    if (folder.length > 0 && (await findFolder(context, to, target)) !== undefined) {
      throw invalidState(
        `If cloned, a folder would conflict with the route of an existing folder: "${joinFolder(target)}" in ${to}`,
      );
    }
    for (const inner of tree.subtreeOf(id)) {
      const { objects, more } = await listAllObjects(context, place, inner, maximumCloneCount);
      if (more) throw invalidInput(`at most ${maximumCloneCount} objects of a folder can be cloned in one request`);
      const visible = objects.filter((object) => object.placements.get(place)?.hidden === false);
      const names = namesOf(tree, inner).slice(folder.length);
      groups.push({ objects: visible.map((object) => object.id), folder: [...target, ...names] });
    }
  }
  return groups;
}

function namesOf(tree: FolderTree, id: string): string[] {
  return (tree.pathOf(id) ?? '/').split('/').filter((name) => name !== '');
}

/** All or nothing: one open object refuses the whole request, also a hidden one that is linked. */
async function requireClosed({ context, place }: CloneCall, groups: readonly Group[]): Promise<void> {
  const ids = groups.flatMap(({ objects }) => objects);
  if (ids.length > maximumCloneCount)
    throw invalidInput(`at most ${maximumCloneCount} objects can be cloned in one request`);
  const { objects } = await withHiddenLinks(context, place, ids);
  for (const { id, row } of objects) {
    const refusal = refusalInState(id, 'clone', row.state);
    if (refusal !== undefined) throw invalidState(refusal);
  }
}

const maximumCloneCount = 10_000;
