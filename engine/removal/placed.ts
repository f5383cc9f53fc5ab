// Removes the placements that one try of a job made, and no others.

import type { Context } from '../../core/context.ts';
import { type Placement, placementKey, readPlacement } from '../../core/row/objects.ts';
import { everythingEndsMs, type Placed, type WorkMessage } from '../../core/work/message.ts';
import { unreachedHidden } from '../placement/link.ts';
import { mapLimited } from '../store/map-limited.ts';
import { sendWork } from '../store/send-work.ts';
import { sendCollection } from './collect.ts';
import { removeFrom } from './object.ts';

/** Sends messages that remove the placements again, when every call that was under way has ended. */
export async function sendTakeBack(context: Context, { place, by, objects }: Placed): Promise<void> {
  const messages: WorkMessage[] = [];
  for (let start = 0; start < objects.length; start += objectsPerMessage) {
    messages.push({ kind: 'takeBack', place, by, objects: objects.slice(start, start + objectsPerMessage) });
  }
  await sendWork(context, messages, context.now() + everythingEndsMs);
}

/**
 * Removes the objects from the place, as far as it was this try that placed them. A hidden object stays when a visible
 * one still links to it. Other objects and other placements stay as they are. It may be repeated.
 */
export async function removePlaced(context: Context, { place, by, objects }: Placed): Promise<void> {
  const rows = await context.rows.getMany(
    'objects',
    objects.map((id) => placementKey(id, place)),
  );
  const own = objects.flatMap((id, index) => {
    const placement = readPlacement(rows[index]);
    return placement?.by === by ? [{ id, placement }] : [];
  });
  await sendCollection(
    context,
    own.map(({ id }) => id),
  );
  const idsOf = (wanted: (placement: Placement) => boolean) =>
    own.filter(({ placement }) => wanted(placement)).map(({ id }) => id);
  await mapLimited(
    idsOf(({ hidden }) => !hidden),
    (id) => removeFrom(context, place, id, by),
  );
  const hidden = idsOf((placement) => placement.hidden);
  const unreached = await unreachedHidden(context, place, hidden);
  await mapLimited(unreached, (id) => removeFrom(context, place, id, by));
}

const objectsPerMessage = 200;
