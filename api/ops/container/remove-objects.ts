// /<project or container>/removeObjects (docs/reference/api.md, "Folders"): removes objects in any state. Hidden
// objects that only these linked to are removed too.

import type { z } from 'zod';
import { isObjectId } from '../../../core/id/identifier.ts';
import { removeObjects as removeAll } from '../../../engine/removal/object.ts';
import type { PlaceCall } from '../../route.ts';
import type { removeObjectsInput } from '../../schemas/folder.ts';
import { refuseIfProtected } from './protection.ts';
import { requireObjects } from './require-objects.ts';

export async function removeObjects({ context, place, level, input }: PlaceCall<z.output<typeof removeObjectsInput>>) {
  await refuseIfProtected(context, place, level);
  if (!input.force) await requireObjects(context, place, input.objects);
  await removeAll(context, place, input.objects.filter(isObjectId));
  return { id: place };
}
