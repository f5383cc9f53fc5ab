// Entry point of the schedule: look at all that is due. And of status events: look at the one job they are about.
import type { EventBridgeEvent, Context as LambdaContext } from 'aws-lambda';
import { isId } from '../core/id/identifier.ts';
import { sweep, sweepForWorker } from '../engine/sweep.ts';
import { context } from './context.ts';

type Detail = { readonly group?: string; readonly name?: string };

/** Jobs of one shard that are looked at in one invocation; the next comes within a minute. */
const shardJobCount = 1000;
/** No page is begun with less time than this left. */
const reserveMs = 10_000;

/** `more`: the time or the count was not enough for all that was due. */
export async function handler(
  event: EventBridgeEvent<string, Detail>,
  lambda: LambdaContext,
): Promise<{ lookedAt: number; more: boolean }> {
  const job = jobOf(event.detail);
  if (job !== undefined) {
    await sweepForWorker(context, job);
    return { lookedAt: 1, more: false };
  }
  const limits = { jobCount: shardJobCount, until: Date.now() + lambda.getRemainingTimeInMillis() - reserveMs };
  const shards = Array.from({ length: context.settings.openShardCount }, (_, shard) => sweep(context, shard, limits));
  const done = await Promise.all(shards);
  return { lookedAt: done.reduce((sum, { lookedAt }) => sum + lookedAt, 0), more: done.some(({ more }) => more) };
}

/** A task's group is `worker:<execution name>`, an execution's name begins with its job (`job-x-t0-l0`). */
function jobOf(detail: Detail | undefined) {
  const [job] = (detail?.group?.replace(/^worker:/, '') ?? detail?.name ?? '').split(/-t\d+-l\d+$/);
  return isId(job, 'job') ? job : undefined;
}
