// Wakes who waits for something that has ended: pages through its edges and looks at each waiter.

import type { Context } from '../../core/context.ts';
import type { JobId, ObjectId } from '../../core/id/identifier.ts';
import { edgePrefix, edgeWaiter } from '../../core/work/edge.ts';
import { sendWork } from '../store/send-work.ts';

/**
 * One page of at most 25 waiters, each looked at.
 *
 * @param look `advance`: an argument, because it is what calls this
 * @returns where to go on; absent at the end
 */
export async function wakePage(
  context: Context,
  ended: JobId | ObjectId,
  look: (context: Context, job: JobId) => Promise<void>,
  after?: string,
): Promise<{ readonly next?: string }> {
  const page = await context.rows.query('executions', {
    pk: ended,
    prefix: edgePrefix,
    limit: waitersPerMessage,
    ...(after === undefined ? {} : { after }),
  });
  const waiters = [...new Set(page.rows.map(({ sk }) => edgeWaiter(sk)))];
  const looks = await Promise.allSettled(waiters.map((waiter) => look(context, waiter)));
  const failed = waiters.filter((_, index) => looks[index]?.status === 'rejected');
  // Each gets a message of its own, which fails where errors are told, and keeps nobody else from being woken.
  await sendWork(
    context,
    failed.map((job) => ({ kind: 'advance', job })),
  );
  return page.next === undefined ? {} : { next: page.next };
}

const waitersPerMessage = 25;
