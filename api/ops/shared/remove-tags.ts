// /<object>/removeTags: tags that are not there are no error.

import type { z } from 'zod';
import { changePlacement } from '../../../engine/object/placement.ts';
import type { ObjectCall } from '../../route.ts';
import type { tagsInput } from '../../schemas/object.ts';

export async function removeTags({ context, id, place, input }: ObjectCall<z.output<typeof tagsInput>>) {
  await changePlacement(context, id, place, ({ tags }) => ({ tags: tags.filter((tag) => !input.tags.includes(tag)) }));
  return { id };
}
