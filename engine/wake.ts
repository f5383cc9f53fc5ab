// Wakes who waits for something that has ended: pages through its edges and looks at each waiter.

import type { Context } from '../core/context.ts';
import type { JobId, ObjectId } from '../core/id/identifier.ts';
import { edgePrefix, edgeWaiter } from '../core/work/edge.ts';

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
  await settleAll(waiters.map((waiter) => look(context, waiter)));
  return page.next === undefined ? {} : { next: page.next };
}

/** Waits for all, then throws what failed: one that cannot be done keeps none of the others from being done. */
export async function settleAll(all: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(all)).filter((one) => one.status === 'rejected');
  if (failed.length === 1) throw failed[0]?.reason;
  if (failed.length > 1) {
    const errors = failed.map(({ reason }) => reason);
    throw new AggregateError(errors, `${failed.length} of ${all.length} failed`, { cause: errors[0] });
  }
}

const waitersPerMessage = 25;
