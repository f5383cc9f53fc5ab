// /<object>/setProperties: null unsets; each project has its own.

import type { z } from 'zod';
import { changeProperties } from '../../../core/object/metadata.ts';
import { changePlacement } from '../../../engine/object/placement.ts';
import type { ObjectCall } from '../../route.ts';
import type { propertiesInput } from '../../schemas/object.ts';
import { allowed } from './allowed.ts';

export async function setProperties({ context, id, place, input }: ObjectCall<z.output<typeof propertiesInput>>) {
  await changePlacement(context, id, place, ({ properties }) => ({
    properties: allowed(changeProperties(properties, input.properties)),
  }));
  return { id };
}
