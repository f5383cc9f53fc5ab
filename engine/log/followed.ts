// Finds the tries of jobs that one reader follows: the watched job's and, with `recurseJobs`, those of all jobs below.

import type { Context } from '../../core/context.ts';
import { type ExecutionId, isId, type JobId } from '../../core/id/identifier.ts';
import type { JobRow } from '../../core/job/row.ts';
import { memberRange, readMember, treeKey } from '../../core/row/execution/tree.ts';
import { allRows } from '../store/all-rows.ts';
import { loadJob, loadJobs } from '../store/load-job.ts';
import { loadTry } from '../store/load-try.ts';
import type { LogConnection } from './connection.ts';

/**
 * The rows of the tries that are followed now, the watched job's first. If the reader asked for a try, only that one is
 * followed. Otherwise a try that a restart ended is followed to the end of its stream.
 */
export async function loadFollowed(context: Context, connection: LogConnection): Promise<JobRow[]> {
  const { job, try: attempt, recurse, root, streams } = connection;
  const row = await loadJob(context, job);
  if (row === undefined) return [];
  const watched = attempt === undefined ? row : await loadTry(context, row, attempt);
  const below = recurse ? await loadJobs(context, await loadBelow(context, root, job)) : [];
  const present = [watched, ...below].filter((one) => one !== undefined && one.tombstone !== true) as JobRow[];
  const rows: JobRow[] = [];
  for (const one of present.slice(0, followedJobCount)) {
    rows.push(one);
    for (let earlier = attempt === undefined ? one.try - 1 : -1; earlier >= 0; earlier--) {
      if (streams[streamOf({ pk: one.pk, try: earlier })]?.ended !== false) continue;
      const begun = await loadTry(context, one, earlier);
      if (begun !== undefined) rows.push(begun);
    }
  }
  return rows;
}

/** The name of a try's stream within a connection. */
export function streamOf(row: Pick<JobRow, 'pk' | 'try'>): string {
  return `${row.pk}#${row.try}`;
}

/** The jobs below a job, from the member rows of the tree. */
async function loadBelow(context: Context, root: ExecutionId, job: JobId): Promise<JobId[]> {
  const children = new Map<ExecutionId, ExecutionId[]>();
  const members = { pk: treeKey(root), ...memberRange, maximumRowCount: memberCount };
  for await (const row of allRows(context, 'executions', members)) {
    const { parent, execution } = readMember(row);
    children.set(parent, [...(children.get(parent) ?? []), execution]);
  }
  const below: JobId[] = [];
  for (const open: ExecutionId[] = [job]; open.length > 0 && below.length < followedJobCount; ) {
    const next: ExecutionId[] = children.get(open.shift() as ExecutionId) ?? [];
    below.push(...next.flatMap((id) => (isId(id, 'job') ? [id] : [])));
    open.push(...next);
  }
  return below;
}

const memberCount = 20_000;
/** Jobs that one reader follows at a time. The stream of each is read every second. */
const followedJobCount = 500;
