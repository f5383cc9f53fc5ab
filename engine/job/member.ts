// Reads the members of a tree, and waits for them. A member without a row of its own gets a tombstone, so that it can
// never be born (docs/reference/protocols.md, "Finish").

import { newAnalysisRow } from '../../core/analysis/row.ts';
import type { Context } from '../../core/context.ts';
import type { Dependency } from '../../core/execution/dependency.ts';
import { isEndState } from '../../core/execution/head.ts';
import { isInside, type Scope } from '../../core/execution/scope.ts';
import { given } from '../../core/given.ts';
import { type ExecutionId, isId } from '../../core/id/identifier.ts';
import { type JobRow, newJobRow } from '../../core/job/row.ts';
import { type ExecutionRow, isJob } from '../../core/row/execution/execution.ts';
import { type MemberRow, memberPrefix, memberRange, readMember, treeKey } from '../../core/row/execution/tree.ts';
import { loadExecution, loadExecutions, loadJob } from '../store/load-job.ts';
import { mapLimited } from '../store/map-limited.ts';
import { insertAnalysis, loadAnalysisSpec } from '../store/save-analysis.ts';
import { insertJob } from '../store/save-job.ts';
import type { Readiness, Wait } from '../wait/wait.ts';

export type Member = { readonly sortKey: string; readonly row: ExecutionRow };

/** The members to read: those that one execution created, those inside a scope, or those that are both. */
export type MemberRange = {
  readonly parent?: ExecutionId;
  readonly scope?: Scope;
  /** The sort key to begin after. */
  readonly after?: string | undefined;
  readonly limit: number;
};

/**
 * One page of a tree's members in order, with their own rows. A member without one is a birth that did not come about,
 * and becomes a tombstone. Only call this after a write or a flag that makes every later birth in the range
 * fail. A page may hold fewer than `limit` members, or none.
 */
export async function loadMembers(
  context: Context,
  root: ExecutionId,
  range: MemberRange,
): Promise<{ members: Member[]; next: string | undefined }> {
  const { parent, scope, after, limit } = range;
  const page = await context.rows.query('executions', {
    pk: treeKey(root),
    ...(parent === undefined ? memberRange : { prefix: memberPrefix(parent) }),
    limit,
    ...given({ after }),
  });
  const wanted = page.rows.map(readMember).filter(({ lineage }) => scope === undefined || isInside(lineage, scope));
  const rows = await loadExecutions(
    context,
    wanted.map(({ execution }) => execution),
  );
  const members = await Promise.all(
    wanted.map(async (member, index) => ({
      sortKey: member.sortKey,
      row: rows[index] ?? (await buryUnborn(context, member)),
    })),
  );
  return { members, next: page.next };
}

/**
 * The wait of a job until all executions that it created have ended. One edge at a time is written, on the first that has not
 * ended. If 10,000 children end in random order, that makes about nine edges (docs/reference/protocols.md, "Waits").
 *
 * The problem is a member that ended without being done: it ends the whole tree. Members of an earlier try do not
 * count, because they were given up with it.
 */
export function memberWait(context: Context, waiter: JobRow, from: string | undefined): Wait<string, ExecutionRow> {
  const rows = new Map<ExecutionId, ExecutionRow>();
  return {
    waiter,
    phase: 'member',
    window: 1,
    few: 1,
    from,
    page: async (after) => {
      const range = { parent: waiter.pk, limit: memberPageSize, after };
      const { members, next } = await loadMembers(context, waiter.root, range);
      for (const { row } of members) rows.set(row.pk, row);
      const items = members.map(({ row, sortKey }) => ({ dependency: dependencyOn(row), cursor: sortKey }));
      return { items, end: next === undefined };
    },
    read: async (dependencies) => {
      const ids = executionsOf(dependencies);
      const fresh = ids.every((id) => rows.has(id))
        ? ids.map((id) => rows.get(id))
        : await loadExecutions(context, ids);
      // The rows of a page are used once. A second read, after an edge was written, must come from the table.
      rows.clear();
      return fresh.map((row) => memberReadiness(waiter, row));
    },
  };
}

/**
 * The wait of a master job until everything inside a scope has ended, in whatever way. If there are few members, they
 * are found downwards from the master. In a wide tree many masters end at once, and if each read the whole tree, the
 * number of reads would grow with the square of its size.
 */
export function scopeWait(context: Context, waiter: JobRow, scope: Scope): Wait<string, never> {
  let below: Promise<Member[] | undefined> | undefined;
  return {
    waiter,
    phase: 'end',
    window: 1,
    few: 1,
    from: undefined,
    page: async (after) => {
      // The whole tree is the scope of its root.
      below ??= scope.execution === waiter.root ? Promise.resolve(undefined) : loadBelow(context, waiter.root, scope);
      const few = await below;
      const range = { scope, limit: memberPageSize, after };
      const { members, next } =
        few === undefined
          ? await loadNextMembers(context, waiter.root, range)
          : { members: behind(few, after), next: undefined };
      const items = members.map(({ row, sortKey }) => ({ dependency: dependencyOn(row), cursor: sortKey }));
      return { items, end: next === undefined };
    },
    read: async (dependencies) => {
      const rows = await loadExecutions(context, executionsOf(dependencies));
      return rows.map((row) => (hasEnded(row) ? 'ready' : 'unready'));
    },
  };
}

/**
 * All members inside a scope, each before those that it created; undefined when they are more than `memberPageSize`.
 */
async function loadBelow(context: Context, root: ExecutionId, scope: Scope): Promise<Member[] | undefined> {
  const found: Member[] = [];
  let makers: ExecutionId[] = [scope.execution];
  while (makers.length > 0) {
    const pages = await mapLimited(makers, (parent) =>
      loadMembers(context, root, { parent, scope, limit: memberPageSize }),
    );
    const made = pages.flatMap(({ members }) => members);
    found.push(...made);
    if (found.length > memberPageSize || pages.some(({ next }) => next !== undefined)) return undefined;
    makers = made.map(({ row }) => row.pk);
  }
  return found;
}

/** The next page that is not empty, if a member follows. A wait takes an empty page for the end. */
async function loadNextMembers(context: Context, root: ExecutionId, range: MemberRange) {
  let page = await loadMembers(context, root, range);
  while (page.members.length === 0 && page.next !== undefined) {
    page = await loadMembers(context, root, { ...range, after: page.next });
  }
  return page;
}

function behind(members: readonly Member[], sortKey: string | undefined): readonly Member[] {
  return members.slice(members.findIndex((one) => one.sortKey === sortKey) + 1);
}

function memberReadiness(parent: JobRow, row: ExecutionRow | undefined): Readiness<ExecutionRow> {
  if (!hasEnded(row)) return 'unready';
  if (row.state === 'done' || row.tombstone === true || row.parentTry !== parent.try) return 'ready';
  return { problem: row };
}

function hasEnded(row: ExecutionRow | undefined): row is ExecutionRow {
  return row !== undefined && isEndState(row.state);
}

function executionsOf(dependencies: readonly Dependency[]): ExecutionId[] {
  return dependencies.flatMap((one) => (one.kind === 'execution' ? [one.execution] : []));
}

function dependencyOn({ pk }: ExecutionRow): Dependency {
  return { kind: 'execution', execution: pk };
}

/** Writes a tombstone for an unborn member. If it was born a moment before, returns its row instead. */
async function buryUnborn(context: Context, member: MemberRow): Promise<ExecutionRow> {
  const { execution, parentTry } = member;
  const row = await unbornRow(context, member);
  // The member row says into which try of the parent, and below which tries of other jobs, it was to be born.
  const end = { state: 'terminated', tombstone: true } as const;
  const place = { parentTry, lineage: [...member.lineage], ...end };
  const tombstone: ExecutionRow = isJob(row) ? { ...row, ...place } : { ...row, ...place };
  const isBuried = await (isJob(tombstone) ? insertJob(context, tombstone) : insertAnalysis(context, tombstone));
  if (isBuried) return tombstone;
  const born = await loadExecution(context, execution);
  if (born === undefined) throw new Error(`${execution} has a row that cannot be read`);
  return born;
}

/** The row that an execution would have had at its birth, as far as a tombstone needs it. */
async function unbornRow(
  context: Context,
  { execution: id, parent: maker, workflow }: MemberRow,
): Promise<ExecutionRow> {
  if (isId(maker, 'analysis')) {
    const { stages } = await loadAnalysisSpec(context, maker);
    const stage = stages.find(({ execution }) => execution === id);
    if (stage === undefined) throw new Error(`${maker} created ${id} and has no such stage`);
    return stage.row;
  }
  const parent = await loadJob(context, maker);
  if (parent === undefined) throw new Error(`${maker} created ${id} but has no row`);
  const { executable, project, launchedBy, instance, priority, function: entryPoint } = parent;
  const at = { now: context.now(), digest: '', project, launchedBy, priority };
  if (isId(id, 'job')) {
    return newJobRow({ kind: 'subjob', id, parent, executable, function: entryPoint, instance, ...at });
  }
  if (workflow === undefined) throw new Error(`the member row of ${id} does not name its workflow`);
  return newAnalysisRow({ id, executable: workflow, above: { job: parent }, ...at });
}

const memberPageSize = 100;
