// Waiting, level-triggered (docs/reference/protocols.md, "Waits"): read what a job needs, in order; for the first that
// are not ready put an edge, then read them again. An edge only says "when this ends, look at that job": nothing is
// counted, nothing is lost for good.

import type { Context } from '../../core/context.ts';
import type { Dependency } from '../../core/execution/dependency.ts';
import type { Waiting } from '../../core/execution/head.ts';
import { edgeKey, edgeRow } from '../../core/row/execution/edge.ts';

export type Readiness<Problem> = 'ready' | 'unready' | { readonly problem: Problem };
/** One thing to wait for, and where a wait that has seen it ready goes on. */
export type Awaited<Cursor> = { readonly dependency: Dependency; readonly cursor: Cursor };
export type Wait<Cursor, Problem> = {
  readonly waiter: Waiting;
  /** In the edge's key, so that an old edge is not taken for one of another wait. */
  readonly phase: 'input' | 'output' | 'member' | 'end';
  /** How many unready things get an edge at a time. */
  readonly window: number;
  readonly from: Cursor | undefined;
  /** The next things after a cursor, in a fixed order; `end` when nothing follows them. */
  page(after: Cursor | undefined): Promise<{ readonly items: readonly Awaited<Cursor>[]; readonly end: boolean }>;
  /** Consistently, parallel. */
  read(dependencies: readonly Dependency[]): Promise<readonly Readiness<Problem>[]>;
};
export type WaitOutcome<Cursor, Problem> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'waiting'; readonly cursor: Cursor | undefined }
  | { readonly kind: 'problem'; readonly problem: Problem };

/** Looks whether everything is ready; when not, an edge is in place that wakes the waiter, and the cursor is told. */
export async function waitFor<Cursor, Problem>(
  context: Context,
  wait: Wait<Cursor, Problem>,
): Promise<WaitOutcome<Cursor, Problem>> {
  let reached = wait.from;
  for (;;) {
    const scan = await findUnready(wait, reached);
    if ('problem' in scan) return { kind: 'problem', problem: scan.problem };
    if (scan.unready.length === 0) return { kind: 'ready' };
    const dependencies = scan.unready.map(({ dependency }) => dependency);
    await putEdges(context, wait, dependencies);
    const again = await wait.read(dependencies);
    const problem = firstProblem(again);
    if (problem !== undefined) return { kind: 'problem', problem: problem.problem };
    if (again.includes('unready')) return { kind: 'waiting', cursor: scan.readyUntil };
    // All of them ended meanwhile, and readiness never goes back: go on behind them.
    reached = scan.unready.at(-1)?.cursor ?? reached;
  }
}

type Scan<Cursor, Problem> =
  | { readonly problem: Problem }
  | { readonly unready: readonly Awaited<Cursor>[]; readonly readyUntil: Cursor | undefined };

/** The first unready things after a cursor, and until where all is ready. */
async function findUnready<Cursor, Problem>(
  wait: Wait<Cursor, Problem>,
  from: Cursor | undefined,
): Promise<Scan<Cursor, Problem>> {
  const unready: Awaited<Cursor>[] = [];
  let readyUntil = from;
  let position = from;
  for (;;) {
    const { items, end } = await wait.page(position);
    const states = await wait.read(items.map(({ dependency }) => dependency));
    for (const [index, awaited] of items.entries()) {
      const state = states[index];
      if (state === undefined) throw new Error('a wait read fewer things than it asked for');
      if (typeof state === 'object') return state;
      if (state === 'unready') unready.push(awaited);
      else if (unready.length === 0) readyUntil = awaited.cursor;
      if (unready.length === wait.window) return { unready, readyUntil };
    }
    position = items.at(-1)?.cursor;
    if (end || position === undefined) return { unready, readyUntil };
  }
}

/** Edges that are there already are not written again: a wait is woken often and pays once. */
async function putEdges<Cursor, Problem>(
  context: Context,
  { waiter, phase }: Wait<Cursor, Problem>,
  dependencies: readonly Dependency[],
): Promise<void> {
  const keys = dependencies.map((dependency) => edgeKey(dependency, { execution: waiter.pk, try: waiter.try, phase }));
  const present = await context.rows.getMany('executions', keys);
  const missing = keys.filter((_, index) => present[index] === undefined);
  await Promise.all(missing.map((key) => context.rows.put('executions', edgeRow(key, context.now()))));
}

function firstProblem<Problem>(states: readonly Readiness<Problem>[]): { readonly problem: Problem } | undefined {
  return states.find((state) => typeof state === 'object');
}
