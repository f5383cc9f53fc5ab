// Carries out a message of the work queue, by which one invocation leaves work for another.

import type { Context } from '../core/context.ts';
import { isId } from '../core/id/identifier.ts';
import { readWorkMessage } from '../core/work/message.ts';
import { advance, onObjectClosed, resume } from './advance.ts';
import { goOnEndingStages } from './analysis/advance.ts';
import { goOnDestroying } from './destroy-project.ts';
import { goOnEnding } from './job/end-root.ts';
import { finishClosing } from './object/close.ts';
import { collectBytes } from './removal/collect.ts';
import { goOnRemovingFolders } from './removal/folder.ts';
import { removePlaced } from './removal/placed.ts';
import { mapLimited } from './store/map-limited.ts';
import { sentRound } from './store/send-work.ts';
import { sweepExecution } from './sweep.ts';

/**
 * Carries out a message of the work queue.
 *
 * @param body the message as the queue delivered it
 * @throws Error when this version does not know the message, which is then kept for the operator
 */
export async function doWork(context: Context, body: unknown): Promise<void> {
  const message = readWorkMessage(body);
  if (message === undefined) throw new Error(`not a work message: ${JSON.stringify(body)?.slice(0, 200)}`);
  if (await sentRound(context, message)) return;
  switch (message.kind) {
    case 'advance':
      return advance(context, message.execution);
    case 'sweep':
      return sweepExecution(context, message.execution);
    case 'resume':
      return resume(context, message);
    case 'endMembers':
      return isId(message.root, 'job') ? goOnEnding(context, message) : goOnEndingStages(context, message);
    case 'wake':
      return onObjectClosed(context, message.object, message.after);
    case 'close':
      return finishClosing(context, message.file);
    case 'collect':
      await mapLimited(message.objects, (id) => collectBytes(context, id));
      return;
    case 'document':
      return context.bodies.collect(message.key);
    case 'destroy':
      return goOnDestroying(context, message);
    case 'takeBack':
      return removePlaced(context, message);
    case 'removeFolders':
      return goOnRemovingFolders(context, message);
    default:
      return message satisfies never;
  }
}
