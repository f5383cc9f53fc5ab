// Lists the executions that a search may find, newest first: from the lists of projects, from trees, or by id. It only
// names them; the caller reads their own rows afterwards, consistently.

import type { Context } from '../../core/context.ts';
import type { ExecutionId, ProjectId } from '../../core/id/identifier.ts';
import type { ExecutionRow } from '../../core/row/execution/execution.ts';
import { listPartition, listPosition, readListed } from '../../core/row/execution/job.ts';
import { memberPrefix, memberRange, readMember, treeKey } from '../../core/row/execution/tree.ts';
import { allRows } from '../store/all-rows.ts';
import { loadExecutions } from '../store/load-job.ts';
import { mapLimited } from '../store/map-limited.ts';

/** `position` orders all executions by creation. A search continues from it. */
export type Candidate = { readonly position: string; readonly execution: ExecutionId };
export type Bounds = {
  /** Only positions before this one are listed. */
  readonly before: string | undefined;
  /** Only jobs that were created at or after this time are listed, in milliseconds since 1970. */
  readonly createdAfter: number | undefined;
};

/** The executions of these projects, merged, newest first, in batches. */
export async function* listProjects(
  context: Context,
  projects: readonly ProjectId[],
  bounds: Bounds,
): AsyncGenerator<Candidate[]> {
  const size = projects.length === 1 ? listPageSize : mergedPageSize;
  const lists = await mapLimited(projects, async (project) => {
    const list: List = { project, candidates: [], after: bounds.before, ended: false };
    await readMore(context, list, bounds, size);
    return list;
  });
  for (;;) {
    const batch: Candidate[] = [];
    while (batch.length < listPageSize) {
      const newest = newestOf(lists);
      if (newest === undefined) break;
      batch.push(...newest.candidates.splice(0, 1));
      if (newest.candidates.length === 0) await readMore(context, newest, bounds, size);
    }
    if (batch.length === 0) return;
    yield batch;
  }
}

/** All executions of these trees, newest first, in batches. Trees are read whole: their member rows are in another order. */
export async function* listTrees(
  context: Context,
  roots: readonly ExecutionId[],
  bounds: Bounds,
): AsyncGenerator<Candidate[]> {
  const members = await mapLimited(roots, async (root) => [root, ...(await loadTree(context, root))]);
  yield* listExecutions(context, members.flat(), bounds);
}

/** The children of one execution, newest first, in batches. */
export async function* listChildren(
  context: Context,
  parent: ExecutionRow,
  bounds: Bounds,
): AsyncGenerator<Candidate[]> {
  yield* listExecutions(context, await loadTree(context, parent.root, { prefix: memberPrefix(parent.pk) }), bounds);
}

/** Those of the executions that exist, newest first, in batches. */
export async function* listExecutions(
  context: Context,
  executions: readonly ExecutionId[],
  { before, createdAfter = 0 }: Bounds,
): AsyncGenerator<Candidate[]> {
  const rows = await loadExecutions(context, [...new Set(executions)]);
  const found = rows
    .filter((row) => row !== undefined)
    .filter(({ created }) => created >= createdAfter)
    .map(({ created, pk }) => ({ position: listPosition(created, pk), execution: pk }))
    .filter(({ position }) => before === undefined || position < before)
    .sort((first, second) => (first.position < second.position ? 1 : -1));
  for (let start = 0; start < found.length; start += listPageSize) yield found.slice(start, start + listPageSize);
}

type List = {
  readonly project: ProjectId;
  readonly candidates: Candidate[];
  after: string | undefined;
  ended: boolean;
};

async function readMore(context: Context, list: List, { createdAfter }: Bounds, limit: number): Promise<void> {
  if (list.ended) return;
  const { after } = list;
  const page = await context.rows.query('executions', {
    pk: listPartition(list.project),
    descending: true,
    limit,
    after,
  });
  const floor = createdAfter === undefined ? '' : listPosition(createdAfter, '');
  list.candidates.push(...page.rows.map(readListed).filter(({ position }) => position >= floor));
  list.after = page.next;
  list.ended = page.next === undefined || page.next < floor;
  if (list.candidates.length === 0 && !list.ended)
    await readMore(context, list, { before: undefined, createdAfter }, limit);
}

function newestOf(lists: readonly List[]): List | undefined {
  let newest: List | undefined;
  for (const list of lists) {
    const position = list.candidates[0]?.position;
    if (position !== undefined && position > (newest?.candidates[0]?.position ?? '')) newest = list;
  }
  return newest;
}

/** The executions that a tree's member rows name: all, or those in a range. */
async function loadTree(
  context: Context,
  root: ExecutionId,
  range: typeof memberRange = memberRange,
): Promise<ExecutionId[]> {
  const executions: ExecutionId[] = [];
  const members = { pk: treeKey(root), ...range, maximumRowCount: maximumTreeSize };
  for await (const row of allRows(context, 'executions', members)) executions.push(readMember(row).execution);
  return executions;
}

const listPageSize = 200;
/** The page size for each of several projects, where most of the rows are not used. */
const mergedPageSize = 50;
/** Twice the number of jobs that a tree is meant to have (core/run/request.ts). */
const maximumTreeSize = 20_000;
