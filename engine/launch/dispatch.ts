// Starts a worker for one launch of a runnable job, once its user has a number for it. A second delivery of the message
// finds the number and asks for the same worker, and that succeeds too (docs/reference/protocols.md, "Launch").

import type { Context, LaunchInput, RunnableMessage } from '../../core/context.ts';
import { readWorkerId } from '../../core/id/worker.ts';
import { workerSize } from '../../core/instance/worker-size.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';
import { messageVersion } from '../../core/work/message.ts';
import { loadJob } from '../store/load-job.ts';
import { takeNumber, usesSpot } from './worker-number.ts';

/**
 * Starts the worker that a message names, unless its job is no longer runnable in this try and launch, or its user has
 * as many workers as one may have. The job then waits until one of them ends.
 *
 * @throws Error for a message of another version: the queue keeps it for the operator
 */
export async function dispatch(context: Context, { v, worker }: RunnableMessage): Promise<void> {
  if (v !== messageVersion)
    throw new Error(`a message about ${worker} has version ${v}; only ${messageVersion} is read`);
  const launched = readWorkerId(worker);
  if (launched === undefined) return;
  const row = await loadJob(context, launched.job);
  if (row?.state !== 'runnable' || jobWorker(row) !== worker) return;
  if (!(await takeNumber(context, row))) return;
  await context.workers.start(worker, await launchInput(context, row));
}

/** A launch carries only ids and sizes. Its only secret is the nonce, which is of no use after the claim. */
async function launchInput(context: Context, row: JobRow): Promise<LaunchInput> {
  const { cores, memoryGib, diskGb } = workerSize(row.instance);
  const [apiUrl, nonce] = await Promise.all([context.apiUrl(), context.seals.seal('boot', jobWorker(row))]);
  return {
    cores,
    memoryGib,
    diskGib: diskGb,
    environment: {
      ESPALIER_API_URL: apiUrl,
      ESPALIER_JOB: row.pk,
      ESPALIER_TRY: String(row.try),
      ESPALIER_LAUNCH: String(row.launch),
      ESPALIER_NONCE: nonce,
    },
    tags: { job: row.pk, origin: row.origin, project: row.project, launchedBy: row.launchedBy },
    spot: await usesSpot(context, row),
    debug: row.debug === true,
  };
}
