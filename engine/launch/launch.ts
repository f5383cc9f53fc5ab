// Asks for the launch of a worker (docs/reference/protocols.md, "Launch"). Each further launch of a try is delayed
// longer.

import type { Context } from '../../core/context.ts';
import { launchDelaySeconds } from '../../core/job/due.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';
import { messageVersion } from '../../core/work/message.ts';

/** Sends the message that starts a worker for the present launch. */
export async function launch(context: Context, row: JobRow): Promise<void> {
  const message = { v: messageVersion, worker: jobWorker(row), group: row.project };
  await context.queues.sendRunnable([message], launchDelaySeconds(row.launch));
}
