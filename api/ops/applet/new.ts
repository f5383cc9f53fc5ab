// /applet/new: an applet, closed from the start (dx-api.md §2.1). Unknown keys are ignored: `dx build` sends all it has.

import { invalidInput, invalidState, resourceNotFound } from '../../../core/error/api-error.ts';
import { bundledObjects, checkApplet } from '../../../core/executable/check-applet.ts';
import type { ObjectId, PlaceId } from '../../../core/id/identifier.ts';
import type { Hash } from '../../../core/reference/value.ts';
import { createSight, findUsablePlace, type Sight } from '../../../engine/execution/sight.ts';
import { placeObject } from '../../../engine/object/clone.ts';
import { loadObject } from '../../../engine/object/load.ts';
import type { PlaceCall } from '../../route.ts';
import type { NewObjectInput } from '../../schemas/object.ts';
import { newObject } from '../shared/new-object.ts';

export async function newApplet(call: PlaceCall<NewObjectInput>) {
  return newObject(call, 'applet', async () => {
    const checked = checkApplet(call.rawInput as Hash);
    if ('problems' in checked) throw invalidInput(checked.problems);
    const links = bundledObjects(checked.spec.runSpec);
    if (links.length > maximumBundleCount) throw invalidInput(`expected at most ${maximumBundleCount} bundledDepends`);
    const sight = createSight(call.context, call.caller, call);
    for (const link of links) await bringAlong(sight, call.place, link);
    return { state: 'closed', spec: checked.spec, links };
  });
}

/** Bundles are the applet's hidden companions: one that lives elsewhere gets a place beside it, so that it stays. */
async function bringAlong(sight: Sight, to: PlaceId, id: ObjectId): Promise<void> {
  const object = await loadObject(sight.context, id);
  const beside = object?.placements.has(to) ? to : undefined;
  const place = object === undefined ? undefined : await findUsablePlace(sight, object, to, beside);
  if (object === undefined || place === undefined) throw resourceNotFound(id, 'runSpec.bundledDepends names it');
  if (place === 'restricted') {
    throw invalidInput(`"${id}" in runSpec.bundledDepends is in a project whose data is restricted: it stays there`);
  }
  if (object.row.state !== 'closed') throw invalidState(`"${id}" in runSpec.bundledDepends must be closed first`);
  const placement = object.placements.get(place);
  if (place === to || placement === undefined) return;
  if ((await placeObject(sight.context, id, to, '/', { ...placement, hidden: true })) === 'missing') {
    throw resourceNotFound(id, 'it was removed while the applet was being made');
  }
}

const maximumBundleCount = 100;
