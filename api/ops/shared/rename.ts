// /<object>/rename: a new name in one project.

import type { z } from 'zod';
import { changePlacement } from '../../../engine/object/placement.ts';
import type { ObjectCall } from '../../route.ts';
import type { renameInput } from '../../schemas/object.ts';

export async function rename({ context, id, place, input }: ObjectCall<z.output<typeof renameInput>>) {
  await changePlacement(context, id, place, () => ({ name: input.name }));
  return { id };
}
