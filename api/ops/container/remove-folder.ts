// /<project or container>/removeFolder (docs/reference/api.md, "Folders"). Clients repeat it until it says `completed`.

import type { z } from 'zod';
import { joinFolder } from '../../../core/container/folder-path.ts';
import { invalidInput } from '../../../core/error/api-error.ts';
import { findFolder } from '../../../engine/container/folder.ts';
import { removeFolder as removeAll } from '../../../engine/removal/folder.ts';
import type { PlaceCall } from '../../route.ts';
import type { removeFolderInput } from '../../schemas/folder.ts';
import { refuseIfProtected } from './protection.ts';

export async function removeFolder({ context, place, level, input }: PlaceCall<z.output<typeof removeFolderInput>>) {
  await refuseIfProtected(context, place, level);
  const { folder, recurse, force, partial } = input;
  if (folder.length === 0) throw invalidInput('the root folder "/" cannot be removed');
  if (force && (await findFolder(context, place, folder)) === undefined) return { id: place, completed: true };
  const budget = partial ? partialObjectCount : wholeObjectCount;
  const completed = await removeAll(context, place, folder, { recurse, budget });
  if (completed || partial) return { id: place, completed };
  throw invalidInput(
    `folder "${joinFolder(folder)}" has more than ${wholeObjectCount} objects: set "partial" and repeat the call until it says "completed"`,
  );
}

/** Objects that one call removes: well within the time that a client waits. */
const partialObjectCount = 1_000;
const wholeObjectCount = 10_000;
