// /system/describeDataObjects: many at once, each described or refused on its own (dx-api.md §7.5).

import type { z } from 'zod';
import type { KnownCaller } from '../../../core/access/caller.ts';
import type { Context } from '../../../core/context.ts';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import { isObjectId, isPlaceId, type PlaceId } from '../../../core/id/identifier.ts';
import { loadLevel } from '../../../engine/access/level.ts';
import { loadObject } from '../../../engine/store/load-object.ts';
import type { KnownCall } from '../../route.ts';
import type { describeDataObjectsInput } from '../../schemas/find.ts';
import { describeObjects, type PlacedObject } from '../shared/describe-object.ts';
import { describeMany } from './describe-many.ts';

export async function describeDataObjects(call: KnownCall<z.output<typeof describeDataObjectsInput>>) {
  const { context, caller, input } = call;
  const levels = new Map<PlaceId, Promise<unknown>>();
  return describeMany(input.objects, input.classDescribeOptions, async ({ id, project }, fields) => {
    const placed = await findPlaced(context, caller, id, project, levels);
    return (await describeObjects(context, [placed], fields))[0];
  });
}

async function findPlaced(
  context: Context,
  caller: KnownCaller,
  id: string,
  hint: string | null | undefined,
  levels: Map<PlaceId, Promise<unknown>>,
): Promise<PlacedObject> {
  const object = isObjectId(id) ? await loadObject(context, id) : undefined;
  if (object === undefined) throw resourceNotFound(id);
  const hinted = isPlaceId(hint) && object.placements.has(hint) ? [hint] : [];
  for (const place of [...hinted, ...object.placements.keys()].slice(0, maximumPlacesTried)) {
    const level = levels.get(place) ?? loadLevel(context, caller, place);
    levels.set(place, level);
    if ((await level) !== undefined) return { object, place };
  }
  throw resourceNotFound(id);
}

const maximumPlacesTried = 100;
