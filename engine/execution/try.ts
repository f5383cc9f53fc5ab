// The tries of a job: the present one is its row, earlier ones that a restart ended are rows of their own.

import type { Context, Row } from '../../core/context.ts';
import type { JobId } from '../../core/id/identifier.ts';
import type { JobRow } from '../../core/job/row.ts';

/** The row of a try; undefined when the job has had no such try. */
export async function loadTry(context: Context, row: JobRow, attempt: number): Promise<JobRow | undefined> {
  if (attempt === row.try) return row;
  const earlier = await context.rows.get('executions', { pk: row.pk, sk: `${tryPrefix}${attempt}` });
  return earlier === undefined ? undefined : asTry(row.pk, earlier);
}

/** The earlier tries of a job, latest first. */
export async function loadEarlierTries(context: Context, row: JobRow): Promise<JobRow[]> {
  if (row.try === 0) return [];
  const { rows } = await context.rows.query('executions', { pk: row.pk, prefix: tryPrefix, limit: shownTryCount });
  return rows.map((earlier) => asTry(row.pk, earlier)).sort((first, second) => second.try - first.try);
}

/** How many tries ended for each reason. */
export async function loadFailureCounts(context: Context, row: JobRow): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { failureReason } of await loadEarlierTries(context, row)) {
    if (failureReason !== undefined) counts[failureReason] = (counts[failureReason] ?? 0) + 1;
  }
  return counts;
}

function asTry(pk: JobId, row: Row): JobRow {
  return { ...(row as unknown as JobRow), pk, sk: 'A', state: 'restarted' };
}

const tryPrefix = 'T#';
/** A job is restarted at most 9 times by policy; hosts that are lost are not counted. */
const shownTryCount = 1_000;
