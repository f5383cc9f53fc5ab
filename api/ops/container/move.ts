// /<project or container>/move: moves objects and folders into another folder of the same place (docs/reference/api.md,
// "Folders").

import type { z } from 'zod';
import { joinFolder } from '../../../core/container/folder-path.ts';
import { folderNotFound, invalidInput, invalidState } from '../../../core/error/api-error.ts';
import { isObjectId, type ObjectId } from '../../../core/id/identifier.ts';
import { enterFolder, refusalOf } from '../../../engine/container/enter-folder.ts';
import { loadFolders } from '../../../engine/container/folder.ts';
import { moveFolder } from '../../../engine/container/move-folder.ts';
import { changePlacement } from '../../../engine/placement/placement.ts';
import { mapLimited } from '../../../engine/store/map-limited.ts';
import type { PlaceCall } from '../../route.ts';
import type { moveInput } from '../../schemas/folder.ts';
import { requireObjects } from './require-objects.ts';

type MoveCall = PlaceCall<z.output<typeof moveInput>>;

/** An object that is listed goes to the destination itself, also when a listed folder holds it. */
export async function move(call: MoveCall) {
  const { context, place, input } = call;
  const { folders, destination } = input;
  const to = await enterFolder(context, place, destination);
  if (to === undefined) throw folderNotFound(joinFolder(destination), place);
  await requireObjects(context, place, input.objects);
  if (folders.length > 0) await requireMovable(call);
  // Inner folders move first, while their paths are still those of the request.
  for (const folder of folders.toSorted((first, second) => second.length - first.length)) {
    await moveFolder(context, place, folder, { parent: destination, name: folder.at(-1) ?? '' });
  }
  const homes = new Map<ObjectId, string>();
  await mapLimited([...new Set(input.objects)].filter(isObjectId), (id) =>
    changePlacement(context, id, place, ({ folderId }) => {
      homes.set(id, folderId);
      return { folderId: to.folderId };
    }),
  );
  const refusal = homes.size === 0 ? undefined : await refusalOf(context, to);
  if (refusal === undefined) return { id: place };
  await mapLimited([...homes], ([id, folderId]) => changePlacement(context, id, place, () => ({ folderId })));
  throw refusal;
}

/** All or nothing: every folder is checked before the first one moves. */
async function requireMovable({ context, place, input }: MoveCall): Promise<void> {
  const tree = await loadFolders(context, place);
  const to = tree.idOf(input.destination) ?? '';
  const taken = new Set<string>();
  for (const folder of input.folders) {
    const name = folder.at(-1);
    if (name === undefined) throw invalidInput('the root folder "/" cannot be moved');
    const id = tree.idOf(folder);
    if (id === undefined) throw folderNotFound(joinFolder(folder), place);
    if (tree.subtreeOf(id).includes(to)) throw invalidInput(`"${joinFolder(folder)}" cannot be moved into itself`);
    const target = [...input.destination, name];
    const there = tree.idOf(target);
    if (taken.has(name) || (there !== undefined && there !== id)) {
      throw invalidState(`folder "${joinFolder(target)}" exists already`);
    }
    taken.add(name);
  }
}
