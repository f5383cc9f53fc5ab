// Ends a whole tree because somebody wants it to. The flag first, then the origin job; its look ends all others.

import type { Context } from '../../core/context.ts';
import { resourceNotFound } from '../../core/error/api-error.ts';
import type { JobId, UserId } from '../../core/id/identifier.ts';
import { isTerminal } from '../../core/job/state.ts';
import { loadJob } from '../store/load-job.ts';
import { endByDoom, putDoom } from './doom.ts';

/**
 * Terminates every job of the tree that a job belongs to (docs/reference/api.md, "Spread of failures"). Idempotent; a
 * tree that has ended stays as it is.
 *
 * @throws ApiError ResourceNotFound when there is no such job
 */
export async function terminateTree(context: Context, job: JobId, by: UserId): Promise<void> {
  const asked = await loadJob(context, job);
  const origin = asked === undefined ? undefined : await loadJob(context, asked.origin);
  if (origin === undefined) throw resourceNotFound(job);
  if (isTerminal(origin.state) || origin.state === 'terminating') return;
  const scope = { master: origin.pk, try: origin.try };
  const cause = { kind: 'termination', job: origin.pk, try: origin.try, by } as const;
  await putDoom(context, origin.pk, scope, cause);
  const ended = await endByDoom(context, origin, { cause, scope });
  // It began its next try meanwhile: that one is to end as well.
  if (!isTerminal(ended.state) && ended.state !== 'terminating') await terminateTree(context, job, by);
}
