// Handles the end of a launch: another launch or the end of the job if no worker has claimed it, otherwise only a look
// (docs/reference/protocols.md, "Ends that are only seen").

import type { Context, WorkerEnd } from '../core/context.ts';
import { readWorkerId, type WorkerId } from '../core/id/worker.ts';
import { jobWorker } from '../core/job/row.ts';
import { isTerminal } from '../core/job/state.ts';
import { obeyDoom } from './job/doom.ts';
import { afterLaunch } from './launch/after-launch.ts';
import { loadJob } from './store/load-job.ts';
import { sweepExecution, sweepForWorker } from './sweep.ts';

/** The last step of a launch, which ended in this way. */
export async function finalise(context: Context, worker: WorkerId, end: WorkerEnd): Promise<void> {
  const launched = readWorkerId(worker);
  if (launched === undefined) return;
  const found = await loadJob(context, launched.job);
  if (found === undefined) return;
  // If the row changes meanwhile, the job is not runnable any more, or another launch of it is under way.
  if (found.state === 'runnable' && jobWorker(found) === worker) {
    if ((await obeyDoom(context, found)) === undefined) await afterLaunch(context, found, end);
  }
  const row = (await loadJob(context, found.pk)) ?? found;
  // An ended job settles once its machine is gone. The event of the task does not cause that look: two looks at once
  // would both write.
  if (isTerminal(row.state) && jobWorker(row) === worker) await sweepExecution(context, row.pk);
  else await sweepForWorker(context, row.pk);
}
