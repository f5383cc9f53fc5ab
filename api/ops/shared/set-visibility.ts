// /<object>/setVisibility: only while the object is open.

import type { z } from 'zod';
import { setVisibility as saveVisibility } from '../../../engine/object/content.ts';
import type { ObjectCall } from '../../route.ts';
import type { visibilityInput } from '../../schemas/object.ts';

export async function setVisibility({ context, id, object, input }: ObjectCall<z.output<typeof visibilityInput>>) {
  await saveVisibility(context, object, input.hidden);
  return { id };
}
