// What an execution that ended means for its job: when nobody claimed it, another launch or the end of the job; in every
// other case only a look (docs/reference/protocols.md, "Ends that are only seen").

import type { Context } from '../core/context.ts';
import { readWorkerId, type WorkerId } from '../core/id/worker.ts';
import { jobWorker } from '../core/job/row.ts';
import { endIfDoomed } from './job/advance.ts';
import { afterLaunch } from './launch/launch.ts';
import { loadJob } from './store/load-job.ts';
import { sweepForWorker } from './sweep.ts';

export type Ended = { readonly worker: WorkerId; readonly seen: unknown };

/** The last step of an execution: `seen` is what its task came to, or the error and cause that it was refused with. */
export async function finalise(context: Context, { worker, seen }: Ended): Promise<void> {
  const launched = readWorkerId(worker);
  if (launched === undefined) return;
  for (let look = 0; look < lookLimit; look++) {
    const row = await loadJob(context, launched.job);
    if (row === undefined) return;
    if (row.state !== 'runnable' || jobWorker(row) !== worker) break;
    const saved = (await endIfDoomed(context, row)) ?? (await afterLaunch(context, row, seen));
    if (saved.kind !== 'changed') break;
  }
  await sweepForWorker(context, launched.job);
}

/** Times that the row is read again because it changed under our hands. */
const lookLimit = 5;
