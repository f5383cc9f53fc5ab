// Sends messages of the work queue, also for a time that is further off than a queue can hold them back.

import type { Context } from '../../core/context.ts';
import { toWorkRecord, type WorkMessage } from '../../core/work/message.ts';

/** @param notBefore in milliseconds since 1970; absent: at once */
export async function sendWork(context: Context, messages: readonly WorkMessage[], notBefore?: number): Promise<void> {
  if (messages.length === 0) return;
  const records = messages.map((message) => toWorkRecord({ ...message, notBefore }));
  const delaySeconds = Math.ceil(((notBefore ?? 0) - context.now()) / 1000);
  await context.queues.sendWork(records, Math.min(longestDelaySeconds, Math.max(0, delaySeconds)));
}

/** True when the time of a message has not come yet: then it is on its way again. */
export async function sentRound(context: Context, message: WorkMessage): Promise<boolean> {
  const { notBefore } = message;
  if (notBefore === undefined || notBefore <= context.now()) return false;
  await sendWork(context, [message], notBefore);
  return true;
}

/** What SQS can hold a message back. */
const longestDelaySeconds = 900;
