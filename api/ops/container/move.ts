// /<project or container>/move: objects and folders into another folder of the same place (dx-api.md §8.7).

import type { z } from 'zod';
import { joinFolder } from '../../../core/container/folder-path.ts';
import { invalidInput, resourceNotFound } from '../../../core/error/api-error.ts';
import { isObjectId, type ObjectId } from '../../../core/id/identifier.ts';
import { enterFolder, refusalOf } from '../../../engine/container/enter-folder.ts';
import { moveFolder } from '../../../engine/container/move-folder.ts';
import { forEach } from '../../../engine/object/each.ts';
import { changePlacement } from '../../../engine/object/placement.ts';
import type { PlaceCall } from '../../route.ts';
import type { moveInput } from '../../schemas/folder.ts';
import { requireObjects } from './require-objects.ts';

/** An object that is listed goes to the destination itself, also when a listed folder holds it. */
export async function move({ context, place, input }: PlaceCall<z.output<typeof moveInput>>) {
  const { folders, destination } = input;
  const to = await enterFolder(context, place, destination);
  if (to === undefined) throw resourceNotFound(joinFolder(destination), `there is no such folder in ${place}`);
  await requireObjects(context, place, input.objects);
  for (const folder of folders) {
    const name = folder.at(-1);
    if (name === undefined) throw invalidInput('the root folder "/" cannot be moved');
    await moveFolder(context, place, folder, { parent: destination, name });
  }
  const homes = new Map<ObjectId, string>();
  await forEach([...new Set(input.objects)].filter(isObjectId), (id) =>
    changePlacement(context, id, place, ({ folderId }) => {
      homes.set(id, folderId);
      return { folderId: to.folderId };
    }),
  );
  const refusal = homes.size === 0 ? undefined : await refusalOf(context, to);
  if (refusal === undefined) return { id: place };
  await forEach([...homes], ([id, folderId]) => changePlacement(context, id, place, () => ({ folderId })));
  throw refusal;
}
