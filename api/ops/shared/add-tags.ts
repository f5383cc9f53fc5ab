// /<object>/addTags: tags are a set, each project has its own.

import type { z } from 'zod';
import { addToSet } from '../../../core/object/metadata.ts';
import { changePlacement } from '../../../engine/object/placement.ts';
import type { ObjectCall } from '../../route.ts';
import type { tagsInput } from '../../schemas/object.ts';
import { allowed } from './allowed.ts';

export async function addTags({ context, id, place, input }: ObjectCall<z.output<typeof tagsInput>>) {
  await changePlacement(context, id, place, ({ tags }) => ({ tags: allowed(addToSet(tags, input.tags)) }));
  return { id };
}
