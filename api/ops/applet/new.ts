// /applet/new: an applet, closed from the start (docs/reference/api.md, "Applets"). Unknown keys are ignored, because
// `dx build` sends everything that it has.

import { invalidInput, invalidState, resourceNotFound } from '../../../core/error/api-error.ts';
import { bundledObjects, checkApplet } from '../../../core/executable/check-applet.ts';
import type { ObjectId, PlaceId } from '../../../core/id/identifier.ts';
import type { Hash } from '../../../core/reference/value.ts';
import type { Placement } from '../../../core/row/objects.ts';
import { loadRegion } from '../../../engine/access/region.ts';
import { createSight, findUnboundPlace, type Sight } from '../../../engine/access/sight.ts';
import { placeObject } from '../../../engine/object/clone.ts';
import { loadObject } from '../../../engine/store/load-object.ts';
import { mapLimited } from '../../../engine/store/map-limited.ts';
import type { PlaceCall } from '../../route.ts';
import type { NewObjectInput } from '../../schemas/object.ts';
import { newObject } from '../shared/new-object.ts';

export async function newApplet(call: PlaceCall<NewObjectInput>) {
  return newObject(call, 'applet', async () => {
    const checked = checkApplet(call.rawInput as Hash, await loadRegion(call.context, call.place));
    if ('problems' in checked) throw invalidInput(checked.problems);
    const links = bundledObjects(checked.spec.runSpec);
    if (links.length > maximumBundleCount) throw invalidInput(`expected at most ${maximumBundleCount} bundledDepends`);
    const sight = createSight(call.context, call.caller, call);
    const bundles = await mapLimited(links, (link) => findBundle(sight, call.place, link));
    for (const { id, source } of bundles) if (source !== undefined) await bringAlong(call, id, source);
    return { state: 'closed', spec: checked.spec, links };
  });
}

/**
 * The place from which a bundle is taken. Without `source` it is beside the applet already. All bundles are found
 * before one is placed.
 */
async function findBundle(sight: Sight, to: PlaceId, id: ObjectId): Promise<{ id: ObjectId; source?: Placement }> {
  const object = await loadObject(sight.context, id);
  const place = object === undefined ? undefined : await findUnboundPlace(sight, object, to, to);
  if (object === undefined || place === undefined) {
    throw resourceNotFound(id, 'runSpec.bundledDepends names it; or you may not see it');
  }
  if (place === 'bound') {
    throw invalidInput(
      `"${id}" in runSpec.bundledDepends is in a project that is restricted or in another region: it stays there`,
    );
  }
  if (object.row.state !== 'closed') throw invalidState(`"${id}" in runSpec.bundledDepends must be closed first`);
  const source = object.placements.get(place);
  return place === to || source === undefined ? { id } : { id, source };
}

/**
 * Bundles are the applet's hidden companions. One in another place gets a place beside the applet, so that it stays.
 */
async function bringAlong({ context, place }: PlaceCall<unknown>, id: ObjectId, source: Placement): Promise<void> {
  if ((await placeObject(context, id, place, '/', { ...source, hidden: true })) !== 'missing') return;
  throw resourceNotFound(id, 'it was removed while the applet was being made');
}

const maximumBundleCount = 100;
