// Sends messages to the work queue, even for a time that is later than the longest delay of a queue.

import type { Context } from '../../core/context.ts';
import { toWorkRecord, type WorkMessage } from '../../core/work/message.ts';

/**
 * Sends messages to the work queue.
 *
 * @param notBefore the time of delivery in milliseconds since 1970; absent for now
 */
export async function sendWork(context: Context, messages: readonly WorkMessage[], notBefore?: number): Promise<void> {
  if (messages.length === 0) return;
  const records = messages.map((message) => toWorkRecord({ ...message, notBefore }));
  const delaySeconds = Math.ceil(((notBefore ?? 0) - context.now()) / 1000);
  await context.queues.sendWork(records, Math.min(longestDelaySeconds, Math.max(0, delaySeconds)));
}

/** Sends a message again if its time has not come yet, and returns whether it did. */
export async function sentRound(context: Context, message: WorkMessage): Promise<boolean> {
  const { notBefore } = message;
  if (notBefore === undefined || notBefore <= context.now()) return false;
  await sendWork(context, [message], notBefore);
  return true;
}

/** The longest delay of a message in SQS. */
const longestDelaySeconds = 900;
