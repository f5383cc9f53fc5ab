// /<object>/removeTypes: as addTypes, the other way.

import type { z } from 'zod';
import { changeTypes } from '../../../engine/object/content.ts';
import type { ObjectCall } from '../../route.ts';
import type { typesInput } from '../../schemas/object.ts';

export async function removeTypes({ context, id, object, input }: ObjectCall<z.output<typeof typesInput>>) {
  await changeTypes(context, object, 'removeTypes', input.types);
  return { id };
}
