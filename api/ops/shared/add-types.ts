// /<object>/addTypes: types belong to the object everywhere, and only while it is open.

import type { z } from 'zod';
import { changeTypes } from '../../../engine/object/content.ts';
import type { ObjectCall } from '../../route.ts';
import type { typesInput } from '../../schemas/object.ts';

export async function addTypes({ context, id, object, input }: ObjectCall<z.output<typeof typesInput>>) {
  await changeTypes(context, object, 'addTypes', input.types);
  return { id };
}
