// Reads the executions that wait for an execution or object that has ended, from the pages of its edges.

import type { Context } from '../../core/context.ts';
import type { ExecutionId, ObjectId } from '../../core/id/identifier.ts';
import { edgePrefix, readWaiter } from '../../core/row/execution/edge.ts';

/**
 * One page of at most 25 waiters, each once.
 *
 * @returns `next`: the position to continue from, absent at the end
 */
export async function loadWaiters(
  context: Context,
  ended: ExecutionId | ObjectId,
  after: string | undefined,
): Promise<{ readonly waiters: readonly ExecutionId[]; readonly next: string | undefined }> {
  const page = await context.rows.query('executions', {
    pk: ended,
    prefix: edgePrefix,
    limit: waitersPerMessage,
    after,
  });
  const waiters = [...new Set(page.rows.map(readWaiter))];
  return { waiters, next: page.next };
}

const waitersPerMessage = 25;
