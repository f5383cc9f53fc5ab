// Takes back what a try placed with its output, if the try has ended without being done: its end came while the objects
// were being cloned (docs/reference/protocols.md, "Finish").

import type { Context } from '../../core/context.ts';
import type { ObjectId } from '../../core/id/identifier.ts';
import { outputContainer, placedObjects } from '../../core/job/plan-output.ts';
import { isMaster, type JobRow, outputBodyId, ownName } from '../../core/job/row.ts';
import { isMessageCut } from '../../core/job/size.ts';
import { isHash } from '../../core/reference/value.ts';
import { withHiddenLinks } from '../placement/link.ts';
import { removePlaced, sendTakeBack } from '../removal/placed.ts';
import { loadJob } from '../store/load-job.ts';
import { loadOutputObjects } from './handed-over.ts';

/**
 * Removes the clones that a try has made of its output, as far as nobody else has asked for them. A message does it
 * again when every call that was still cloning has ended. It may be repeated. Folders stay.
 *
 * @param row the job in a try that has ended and is not done
 */
export async function takeBack(context: Context, row: JobRow): Promise<void> {
  const body = await context.bodies.load(outputBodyId(row), 'output');
  const named = placedObjects(body);
  if (named.length === 0) return;
  const objects = await withCompanions(context, row, named);
  await keepCompanions(context, row, body, objects);
  const placed = { place: outputContainer(row), by: ownName(row), objects };
  await sendTakeBack(context, placed);
  await removePlaced(context, placed);
}

/**
 * Names the companions in the body of the try: once the workspace is empty, nothing else says which there were. A long
 * failure message that is still to be written into the body must not be lost.
 */
async function keepCompanions(context: Context, row: JobRow, body: unknown, objects: readonly ObjectId[]) {
  if (!isHash(body) || objects.length === placedObjects(body).length) return;
  if (isMessageCut(row) && body.failure === undefined) return;
  await context.bodies.save(outputBodyId(row), 'output', { ...body, objects });
}

/**
 * Takes the placements of a try back once more, when every call that was still cloning has ended. No message is sent.
 *
 * @param row the job, or an earlier try of it
 */
export async function takeBackAgain(context: Context, row: JobRow): Promise<void> {
  const objects = placedObjects(await context.bodies.load(outputBodyId(row), 'output'));
  await removePlaced(context, { place: outputContainer(row), by: ownName(row), objects });
}

/** Takes clones back that were made after their try had ended. */
export async function takeBackIfEnded(context: Context, row: JobRow): Promise<void> {
  if (isMaster(row) && (await hasEnded(context, row))) await takeBack(context, row);
}

/** True when the try was given up, or has ended without being done. */
async function hasEnded(context: Context, row: JobRow): Promise<boolean> {
  const now = await loadJob(context, row.pk);
  if (now?.try !== row.try) return true;
  return now.state === 'failed' || now.state === 'terminated' || now.state === 'restartable';
}

/**
 * The objects with the hidden ones that were cloned along with them. The workspace is not empty yet. A clone that was
 * interrupted may have placed a companion without the objects that link to it.
 */
async function withCompanions(context: Context, row: JobRow, objects: readonly ObjectId[]): Promise<ObjectId[]> {
  const { places } = await loadOutputObjects(context, row, objects);
  const all = new Set(objects);
  for (const place of new Set([outputContainer(row), ...places.values()])) {
    const { objects: found } = await withHiddenLinks(context, place, objects);
    for (const { id } of found) all.add(id);
  }
  return [...all];
}
