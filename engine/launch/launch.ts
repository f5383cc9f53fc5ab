// Launches: one worker started for one try. Asks for it, and decides what follows when one ended that nobody claimed: another,
// later each time; what can never work fails the job after three (docs/reference/protocols.md, "Launch").

import type { Context } from '../../core/context.ts';
import { launchDelaySeconds } from '../../core/job/consequence.ts';
import { failureMessages } from '../../core/job/failure.ts';
import { readLaunchEnd } from '../../core/job/launch-end.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';
import { type Saved, saveJob } from '../store/save-job.ts';

/** Puts the message that starts a worker for the present launch. */
export async function launch(context: Context, row: JobRow): Promise<void> {
  const message = { worker: jobWorker(row), group: row.project };
  await context.queues.sendRunnable([message], launchDelaySeconds(row.launch));
}

/**
 * A launch is over and nobody claimed the job.
 *
 * @param seen what is known of how it ended; undefined when nothing is
 */
export function afterLaunch(context: Context, row: JobRow, seen: unknown): Promise<Saved> {
  const end = readLaunchEnd(seen);
  if (end?.waitable) return saveJob(context, row, { kind: 'relaunch', counted: false });
  const failedCount = (row.failedLaunchCount ?? 0) + 1;
  const limit = end === undefined ? unexplainedLimit : permanentLimit;
  if (failedCount < limit) return saveJob(context, row, { kind: 'relaunch', counted: true });
  const message = failureMessages.unlaunchable(failedCount, end?.why ?? 'the attempts ended without saying why');
  return saveJob(context, row, { kind: 'fail', failure: { reason: 'ExecutionError', message } });
}

const permanentLimit = 3;
const unexplainedLimit = 10;
