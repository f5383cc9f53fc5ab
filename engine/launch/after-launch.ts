// Handles a launch that ended without a claim (docs/reference/protocols.md, "Launch").

import type { Context, WorkerEnd } from '../../core/context.ts';
import { eventAfterLaunch } from '../../core/job/launch-end.ts';
import type { JobRow } from '../../core/job/row.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { passNumberOn } from './worker-number.ts';

/**
 * Saves the consequence of a launch that ended before a worker claimed the job. The next launch has another worker and
 * starts later, so the number of this one goes to the job that waits longest. A job that fails passes its number on by
 * its agenda.
 */
export async function afterLaunch(context: Context, row: JobRow, end: WorkerEnd): Promise<Saved> {
  const event = eventAfterLaunch(row, end);
  const saved = await saveJob(context, row, event);
  if (saved.kind === 'saved' && event.kind === 'relaunch') await passNumberOn(context, row);
  return saved;
}
