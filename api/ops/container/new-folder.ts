// /<project or container>/newFolder (docs/reference/api.md, "Folders").

import type { z } from 'zod';
import { joinFolder } from '../../../core/container/folder-path.ts';
import { folderNotFound, invalidState } from '../../../core/error/api-error.ts';
import { ensureFolder, enterFolder, makeFolder } from '../../../engine/container/enter-folder.ts';
import type { PlaceCall } from '../../route.ts';
import type { newFolderInput } from '../../schemas/folder.ts';

/** With `parents` a folder that exists is fine. Without, it is InvalidState. */
export async function newFolder({ context, place, input }: PlaceCall<z.output<typeof newFolderInput>>) {
  const { folder, parents } = input;
  if (parents) {
    await ensureFolder(context, place, folder);
    return { id: place };
  }
  const parent = await enterFolder(context, place, folder.slice(0, -1));
  if (parent === undefined) {
    const path = joinFolder(folder.slice(0, -1));
    throw folderNotFound(path, place, 'create it first, or set "parents" (-p)');
  }
  const name = folder.at(-1);
  if (name === undefined || !(await makeFolder(context, parent, name)).made) {
    throw invalidState(`folder "${joinFolder(folder)}" exists already in ${place}`);
  }
  return { id: place };
}
