// /system/describeDataObjects: many at once, each described or refused on its own (dx-api.md §7.5).

import type { z } from 'zod';
import type { KnownCaller } from '../../../core/access/caller.ts';
import type { Context } from '../../../core/context.ts';
import { ApiError, resourceNotFound } from '../../../core/error/api-error.ts';
import { isObjectId, isPlaceId, type PlaceId, parseId } from '../../../core/id/identifier.ts';
import type { FieldRequest } from '../../../core/object/field.ts';
import { loadLevel } from '../../../engine/container/level.ts';
import { forEach } from '../../../engine/object/each.ts';
import { loadObject } from '../../../engine/object/load.ts';
import type { KnownCall } from '../../route.ts';
import type { DescribeOption } from '../../schemas/describe.ts';
import type { describeDataObjectsInput } from '../../schemas/find.ts';
import { describeObjects, type PlacedObject } from '../shared/describe-object.ts';

type Input = z.output<typeof describeDataObjectsInput>;

export async function describeDataObjects({ context, caller, input }: KnownCall<Input>) {
  const levels = new Map<PlaceId, Promise<unknown>>();
  const results = await forEach(input.objects, async (target) => {
    const { id, project, describe } = typeof target === 'string' ? { id: target, ...nothing } : target;
    try {
      const placed = await findPlaced(context, caller, id, project, levels);
      const [description] = await describeObjects(context, [placed], requestFor(id, describe, input));
      return { describe: description };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { ...error.toBody(), statusCode: error.status };
    }
  });
  return { results };
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

function requestFor(id: string, own: DescribeOption | undefined, { classDescribeOptions }: Input): FieldRequest {
  const className = parseId(id)?.className ?? '';
  const options = classDescribeOptions ?? {};
  const forClass = Object.hasOwn(options, className) ? options[className] : options['*'];
  const option = own ?? forClass ?? true;
  return typeof option === 'boolean' ? {} : option;
}

const nothing = { project: undefined, describe: undefined };
const maximumPlacesTried = 100;
