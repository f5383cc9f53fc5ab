// /system/resolveDataObjects: finds objects by names and folders (docs/reference/api.md, "Bulk methods"). A name
// without an object has an empty list.

import type { z } from 'zod';
import type { Context } from '../../../core/context.ts';
import { invalidInput, resourceNotFound } from '../../../core/error/api-error.ts';
import { isPlaceId, type PlaceId } from '../../../core/id/identifier.ts';
import type { KnownCaller } from '../../../core/identity/caller.ts';
import { loadLevel } from '../../../engine/access/level.ts';
import { findFolder } from '../../../engine/container/folder.ts';
import { listAllObjects } from '../../../engine/placement/listing.ts';
import { mapLimited } from '../../../engine/store/map-limited.ts';
import type { KnownCall } from '../../route.ts';
import type { resolveDataObjectsInput } from '../../schemas/find.ts';
import { describeObjects, type PlacedObject } from '../shared/describe-object.ts';

type Input = z.output<typeof resolveDataObjectsInput>;

export async function resolveDataObjects({ context, caller, input }: KnownCall<Input>) {
  const allowed = await checkPlaces(context, caller, input);
  const found = await mapLimited(input.objects, async ({ name, folder, project }) => {
    const place = allowed.get(project ?? input.project ?? '');
    const folderId = place && (await findFolder(context, place, folder ?? input.folder ?? []));
    if (place === undefined || folderId === undefined) return [];
    const { objects } = await listAllObjects(context, place, folderId, maximumScanCount, name);
    const named = objects.filter((object) => object.placements.get(place)?.name === name);
    named.sort((first, second) => modifiedIn(second, place) - modifiedIn(first, place));
    return named.slice(0, maximumMatchCount).map((object): PlacedObject => ({ object, place }));
  });
  const results = found.map((matches) => matches.map(({ object, place }) => ({ project: place, id: object.id })));
  if (input.describe === false) return { results };
  const request = input.describe === true ? {} : input.describe;
  const descriptions = await describeObjects(context, found.flat(), request, caller);
  let described = 0;
  return { results: results.map((list) => list.map((one) => ({ ...one, describe: descriptions[described++] }))) };
}

/** The places in the request, once each. If the caller may not see one of them, the whole request is refused. */
async function checkPlaces(context: Context, caller: KnownCaller, input: Input): Promise<Map<string, PlaceId>> {
  const named = new Set(input.objects.map(({ project }) => project ?? input.project ?? ''));
  const allowed = new Map<string, PlaceId>();
  for (const place of named) {
    if (!isPlaceId(place)) throw invalidInput('expected key "project" of input to be the id of a project or container');
    if ((await loadLevel(context, caller, place)) === undefined) throw resourceNotFound(place);
    allowed.set(place, place);
  }
  return allowed;
}

function modifiedIn(object: PlacedObject['object'], place: PlaceId): number {
  return object.placements.get(place)?.modified ?? 0;
}

const maximumMatchCount = 1_000;
const maximumScanCount = 50_000;
