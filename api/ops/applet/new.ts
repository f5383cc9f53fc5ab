// /applet/new: an applet, closed from the start (dx-api.md §2.1). Unknown keys are ignored: `dx build` sends all it has.

import { invalidInput, invalidState, resourceNotFound } from '../../../core/error/api-error.ts';
import { bundledObjects, checkApplet } from '../../../core/executable/check-applet.ts';
import type { ObjectId } from '../../../core/id/identifier.ts';
import type { Hash } from '../../../core/reference/value.ts';
import { loadLevel } from '../../../engine/container/level.ts';
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
    for (const link of links) await bringAlong(call, link);
    return { state: 'closed', spec: checked.spec, links };
  });
}

/** Bundles are the applet's hidden companions: one that lives elsewhere gets a place beside it, so that it stays. */
async function bringAlong({ context, caller, place }: PlaceCall<unknown>, id: ObjectId): Promise<void> {
  const object = await loadObject(context, id);
  if (object === undefined) throw resourceNotFound(id, 'runSpec.bundledDepends names it');
  if (object.row.state !== 'closed') throw invalidState(`"${id}" in runSpec.bundledDepends must be closed first`);
  if (object.placements.has(place)) return;
  for (const [other, placement] of object.placements) {
    if ((await loadLevel(context, caller, other)) === undefined) continue;
    if ((await placeObject(context, id, place, '/', { ...placement, hidden: true })) !== 'missing') return;
  }
  throw resourceNotFound(id, 'runSpec.bundledDepends names it, and you may not see it');
}

const maximumBundleCount = 100;
