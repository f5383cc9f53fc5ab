// Entry point of the schedule, which looks at every due job, and of status events, which look at the one job that they
// concern.

import { Logger } from '@aws-lambda-powertools/logger';
import type { EventBridgeEvent, Context as LambdaContext } from 'aws-lambda';
import { jobOfEvent, type WorkerEventDetail } from '../aws/worker-event.ts';
import { sweepForWorker, sweepShards } from '../engine/sweep.ts';
import { context } from './context.ts';

const logger = new Logger({ serviceName: 'espalier' });

/** `more`: the time or the count did not suffice for everything that was due. */
export async function handler(
  event: EventBridgeEvent<string, WorkerEventDetail>,
  lambda: LambdaContext,
): Promise<{ lookedAt: number; more: boolean }> {
  const job = jobOfEvent(event.detail);
  if (job !== undefined) {
    await sweepForWorker(context, job);
    return { lookedAt: 1, more: false };
  }
  const limits = { jobCount: shardJobCount, until: Date.now() + lambda.getRemainingTimeInMillis() - reserveMs };
  const { failed, unread, ...swept } = await sweepShards(context, limits);
  for (const { execution, error } of failed) logger.error('execution not swept', { execution, error: error as Error });
  if (unread.length > 0) throw new AggregateError(unread, 'shards were not swept to their end', { cause: unread[0] });
  return swept;
}

/** Jobs of one shard that are looked at in one invocation. The next invocation comes within a minute. */
const shardJobCount = 1000;
/** A page is not begun with less time than this left. */
const reserveMs = 10_000;
