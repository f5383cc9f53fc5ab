// Which tries of which jobs one reader follows: the job, and with `recurseJobs` what is below it in its tree.

import type { Context } from '../../core/context.ts';
import type { ExecutionId, JobId } from '../../core/id/identifier.ts';
import type { JobRow } from '../../core/job/row.ts';
import { memberPrefix, readMember, treeKey } from '../../core/row/execution/tree.ts';
import { loadTry } from '../execution/try.ts';
import { allRows } from '../store/all-rows.ts';
import { loadJob, loadJobs } from '../store/load-job.ts';
import type { LogConnection } from './connection.ts';

/**
 * The rows of the tries that are followed now, the watched job's first; of a try that was asked for, its own. A try that a
 * restart ended is followed to the end of its stream.
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

/** The name of a try's stream among those of a connection. */
export function streamOf(row: Pick<JobRow, 'pk' | 'try'>): string {
  return `${row.pk}#${row.try}`;
}

/** The jobs that a job made, and those that they made, and so on, by the member rows of the tree. */
async function loadBelow(context: Context, root: ExecutionId, job: JobId): Promise<JobId[]> {
  const children = new Map<JobId, JobId[]>();
  const members = { pk: treeKey(root), prefix: memberPrefix(), maximumRowCount: memberCount };
  for await (const row of allRows(context, 'executions', members)) {
    const { parent, job: child } = readMember(row);
    children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  const below: JobId[] = [];
  for (const open = [job]; open.length > 0 && below.length < followedJobCount; ) {
    const next = children.get(open.shift() as JobId) ?? [];
    below.push(...next);
    open.push(...next);
  }
  return below;
}

const memberCount = 20_000;
/** Jobs that one reader follows at a time: each is a stream of its own to be asked every second. */
const followedJobCount = 500;
