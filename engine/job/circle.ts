// Finds jobs that wait for each other. A job may refer to any job that it sees, and two that wait for each other never
// end.

import type { Context } from '../../core/context.ts';
import { isId, type JobId } from '../../core/id/identifier.ts';
import type { JobRow } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import { findReferences, referredJobs } from '../../core/reference/find.ts';
import { loadFromOutputs, loadFromSpecs, loadJobs } from '../store/load-job.ts';

/**
 * One of the jobs that cannot end until one of `ends` has ended, as far as their waits are known now. Undefined when
 * there seems to be none. The walk visits a limited number of jobs. A circle that it does not find ends with its tree's
 * time limit.
 */
export async function findCircle(
  context: Context,
  jobs: Iterable<JobRow>,
  ends: ReadonlySet<JobId>,
): Promise<JobId | undefined> {
  const seen = new Set<JobId>();
  if (ends.size === 0) return undefined;
  let frontier = [...jobs].map((row) => ({ row, first: row.pk }));
  while (frontier.length > 0) {
    const met = frontier.find(({ row }) => ends.has(row.pk));
    if (met !== undefined) return met.first;
    const open = frontier.filter(({ row }) => !isTerminal(row.state));
    const visited = open.slice(0, visitedJobLimit - seen.size);
    for (const { row } of visited) seen.add(row.pk);
    const awaited = await loadAwaited(
      context,
      visited.map(({ row }) => row),
    );
    const next = new Map<JobId, JobId>();
    for (const [index, ids] of awaited.entries()) {
      const first = visited[index]?.first;
      for (const id of ids) if (first !== undefined && !seen.has(id) && !next.has(id)) next.set(id, first);
    }
    const named = [...next].find(([id]) => ends.has(id));
    if (named !== undefined) return named[1];
    const rows = await loadJobs(context, [...next.keys()].slice(0, visitedJobLimit));
    frontier = rows.flatMap((row) => {
      const first = row && next.get(row.pk);
      return row === undefined || first === undefined ? [] : [{ row, first }];
    });
  }
  return undefined;
}

/** The jobs that each job is known to wait for. A job that is about to run, or runs, may come to wait for anything. */
async function loadAwaited(context: Context, rows: readonly JobRow[]): Promise<JobId[][]> {
  const waiting = rows.filter(({ state }) => state === 'idle' || state === 'waiting_on_input');
  const waits = await loadFromSpecs(
    context,
    waiting.map(({ pk }) => pk),
    (spec) =>
      spec.waits.flatMap((one) => (one.kind === 'execution' && isId(one.execution, 'job') ? [one.execution] : [])),
  );
  const ended = rows.filter(({ state }) => state === 'waiting_on_output');
  const referred = await loadFromOutputs(context, ended, (output) => referredJobs(findReferences(output)));
  return rows.map(({ pk }) => referred.get(pk) ?? waits.get(pk) ?? []);
}

/** Each visited job costs the read of a body. */
const visitedJobLimit = 100;
