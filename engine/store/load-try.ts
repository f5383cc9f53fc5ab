// Reads the tries of a job. The present try is the job's row, and each try that a restart ended has a row of its own.

import type { Context } from '../../core/context.ts';
import type { JobRow } from '../../core/job/row.ts';
import { readTry, tryKey, tryPrefix } from '../../core/row/execution/job.ts';

/** The row of a try; undefined when the job has had no such try. */
export async function loadTry(context: Context, row: JobRow, attempt: number): Promise<JobRow | undefined> {
  if (attempt === row.try) return row;
  return readTry(await context.rows.get('executions', tryKey(row.pk, attempt)));
}

/**
 * The earlier tries of a job, latest first. The row of a try is stored before the next one begins. If that never
 * begins, or has not yet, the row is of the present try and is left out.
 */
export async function loadEarlierTries(context: Context, row: JobRow): Promise<JobRow[]> {
  if (row.try === 0) return [];
  const { rows } = await context.rows.query('executions', { pk: row.pk, prefix: tryPrefix, limit: shownTryCount });
  const tries = rows.map(readTry).filter((stored) => stored !== undefined);
  return tries.filter((stored) => stored.try < row.try).sort((first, second) => second.try - first.try);
}

/** The number of earlier tries that ended for each reason. */
export async function loadFailureCounts(context: Context, row: JobRow): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { failureReason } of await loadEarlierTries(context, row)) {
    if (failureReason !== undefined) counts[failureReason] = (counts[failureReason] ?? 0) + 1;
  }
  return counts;
}

/** More than a policy can allow (core/executable/policy.ts). */
const shownTryCount = 100;
