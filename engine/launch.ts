// Launches: one worker started for one try. Asks for it, and decides what follows when one ended that nobody claimed: another,
// later each time; what can never work fails the job after three (protocols.md §4).

import type { Context } from '../core/context.ts';
import { launchDelaySeconds } from '../core/job/consequence.ts';
import { failureMessages } from '../core/job/failure.ts';
import type { JobRow } from '../core/job/row.ts';
import { isHash } from '../core/reference/value.ts';
import { type Saved, saveJob } from './save-job.ts';

/** Puts the message that starts a worker for the present launch. */
export async function launch(context: Context, row: JobRow): Promise<void> {
  const message = { job: row.pk, try: row.try, launch: row.launch, group: row.project };
  await context.queues.sendRunnable([message], launchDelaySeconds(row.launch));
}

/**
 * A launch is over and nobody claimed the job.
 *
 * @param seen what is known of how it ended; undefined when nothing is
 */
export function afterLaunch(context: Context, row: JobRow, seen: unknown): Promise<Saved> {
  const why = describeSeen(seen);
  const launchCount = row.launch + 1;
  if (launchCount < launchLimit(why)) return saveJob(context, row, { kind: 'relaunch' });
  const message = failureMessages.unlaunchable(launchCount, why ?? 'the attempts ended without saying why');
  return saveJob(context, row, { kind: 'fail', failure: { reason: 'ExecutionError', message } });
}

function launchLimit(why: string | undefined): number {
  if (why === undefined) return unexplainedLimit;
  return waitable.test(why) ? Number.POSITIVE_INFINITY : permanentLimit;
}

function describeSeen(seen: unknown): string | undefined {
  if (!isHash(seen)) return undefined;
  if (seen.error !== undefined) return `${String(seen.error)}: ${String(seen.cause ?? 'no cause given')}`;
  if (seen.taskArn === undefined) return undefined;
  const code =
    typeof seen.exitCode === 'number' ? `exit code ${seen.exitCode}` : String(seen.stopCode ?? 'no stop code');
  return `the worker ended (${code}) before it took the job`;
}

/** Missing capacity, quota and throttling are waited out: the same words that the state machine looks for. */
const waitable = /Rate exceeded|Throttl|[Cc]apacity|RESOURCE:|limit on the number|ServerException|SdkClientException/;
const permanentLimit = 3;
const unexplainedLimit = 10;
