// /system/describeDataObjects: many at once, each described or refused on its own (docs/reference/api.md, "Bulk
// methods").

import type { z } from 'zod';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import { isObjectId, isPlaceId } from '../../../core/id/identifier.ts';
import { createSight, type Sight } from '../../../engine/access/sight.ts';
import { findUsablePlace } from '../../../engine/access/usable-place.ts';
import { loadObject } from '../../../engine/store/load-object.ts';
import type { KnownCall } from '../../route.ts';
import type { describeDataObjectsInput } from '../../schemas/find.ts';
import { describeObjects, type PlacedObject } from '../shared/describe-object.ts';
import { describeMany } from './describe-many.ts';

export async function describeDataObjects(call: KnownCall<z.output<typeof describeDataObjectsInput>>) {
  const { context, caller, input } = call;
  const sight = createSight(context, caller);
  return describeMany(input.objects, input.classDescribeOptions, async ({ id, project }, fields) => {
    const placed = await findPlaced(sight, id, project);
    return (await describeObjects(context, [placed], fields, caller))[0];
  });
}

async function findPlaced(sight: Sight, id: string, hint: string | null | undefined): Promise<PlacedObject> {
  const object = isObjectId(id) ? await loadObject(sight.context, id) : undefined;
  const first = isPlaceId(hint) ? hint : undefined;
  const found = object === undefined ? undefined : await findUsablePlace(sight.levelIn, object, { first });
  if (object === undefined || found === undefined) throw resourceNotFound(id);
  return { object, place: found.place };
}
