// Launches: one worker started for one try. Asks for it, later each time, and carries out what follows when one ended that
// nobody claimed (docs/reference/protocols.md, "Launch").

import type { Context, WorkerEnd } from '../../core/context.ts';
import { launchDelaySeconds } from '../../core/job/due.ts';
import { eventAfterLaunch } from '../../core/job/launch-end.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';
import { type Saved, saveJob } from '../store/save-job.ts';

/** Puts the message that starts a worker for the present launch. */
export async function launch(context: Context, row: JobRow): Promise<void> {
  const message = { worker: jobWorker(row), group: row.project };
  await context.queues.sendRunnable([message], launchDelaySeconds(row.launch));
}

/** A launch is over and nobody claimed the job. */
export function afterLaunch(context: Context, row: JobRow, end: WorkerEnd): Promise<Saved> {
  return saveJob(context, row, eventAfterLaunch(row, end));
}
