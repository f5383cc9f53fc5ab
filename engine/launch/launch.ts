// Asks for the launch of a worker, and handles a launch that ended without a claim (docs/reference/protocols.md,
// "Launch"). Each further launch of a try is delayed longer.

import type { Context, WorkerEnd } from '../../core/context.ts';
import { launchDelaySeconds } from '../../core/job/due.ts';
import { eventAfterLaunch } from '../../core/job/launch-end.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';
import { messageVersion } from '../../core/work/message.ts';
import { type Saved, saveJob } from '../store/save-job.ts';

/** Sends the message that starts a worker for the present launch. */
export async function launch(context: Context, row: JobRow): Promise<void> {
  const message = { v: messageVersion, worker: jobWorker(row), group: row.project };
  await context.queues.sendRunnable([message], launchDelaySeconds(row.launch));
}

/** Saves the consequence of a launch that ended before a worker claimed the job. */
export function afterLaunch(context: Context, row: JobRow, end: WorkerEnd): Promise<Saved> {
  return saveJob(context, row, eventAfterLaunch(row, end));
}
