// Ends the hold of a job that failed. Its worker stops, then the job and its tree fail as if it had not been held.

import type { Context } from '../../core/context.ts';
import { invalidState, resourceNotFound } from '../../core/error/api-error.ts';
import type { JobId } from '../../core/id/identifier.ts';
import { isTerminal } from '../../core/job/state.ts';
import { loadJob } from '../store/load-job.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';
import { saveJob } from '../store/save-job.ts';

/**
 * Ends a hold. It is idempotent: a job that is ending or has ended does not change.
 *
 * @throws ApiError InvalidState when the job is not held, ResourceNotFound when there is none
 */
export async function releaseJob(context: Context, job: JobId): Promise<void> {
  const release = async () => {
    const row = await loadJob(context, job);
    if (row === undefined) throw resourceNotFound(job);
    if (isTerminal(row.state) || row.state === 'terminating') return row;
    if (row.state !== 'debug_hold') throw invalidState(`${job} is ${row.state}: only a held job can be released`);
    const saved = await saveJob(context, row, { kind: 'release' });
    return saved.kind === 'saved' ? saved.row : changed;
  };
  await retryWhileChanged(job, release, invalidState);
}
