// /<project or container>/renameFolder: gives a folder another path. Its content stays in it.

import type { z } from 'zod';
import { invalidInput } from '../../../core/error/api-error.ts';
import { moveFolder } from '../../../engine/container/move-folder.ts';
import type { PlaceCall } from '../../route.ts';
import type { renameFolderInput } from '../../schemas/folder.ts';

export async function renameFolder({ context, place, input }: PlaceCall<z.output<typeof renameFolderInput>>) {
  const name = input.newpath.at(-1);
  if (name === undefined) throw invalidInput('expected key "newpath" of input to be another folder than "/"');
  await moveFolder(context, place, input.folder, { parent: input.newpath.slice(0, -1), name });
  return { id: place };
}
