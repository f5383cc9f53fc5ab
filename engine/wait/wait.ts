// Waits for the dependencies of a job (docs/reference/protocols.md, "Waits"). An edge only says "when this ends, look
// at that job": nothing is counted, and a lost edge is written again.

import type { Context } from '../../core/context.ts';
import { type Dependency, lotOf } from '../../core/execution/dependency.ts';
import type { Waiting } from '../../core/execution/head.ts';
import { edgeKey, edgeRow } from '../../core/row/execution/edge.ts';

export type Readiness<Problem> = 'ready' | 'unready' | { readonly problem: Problem };
/** One dependency, and the cursor from which a wait continues once it is ready. */
export type Awaited<Cursor> = { readonly dependency: Dependency; readonly cursor: Cursor };
type Phase = 'input' | 'output' | 'member' | 'end' | 'stage';
export type Wait<Cursor, Problem> = {
  readonly waiter: Waiting;
  /** Part of an edge's key, so that an old edge is not taken for an edge of another wait. */
  readonly phase: Phase;
  /** The number of unready dependencies that a look searches. */
  readonly window: number;
  /** If at most so many are unready, each gets an edge. If there are more, only one gets an edge (`choose`). */
  readonly few: number;
  readonly from: Cursor | undefined;
  /** The next dependencies after a cursor, in a fixed order. `end` is true when none follow them. */
  page(after: Cursor | undefined): Promise<{ readonly items: readonly Awaited<Cursor>[]; readonly end: boolean }>;
  /** The readiness of dependencies, read consistently, parallel to `dependencies`. */
  read(dependencies: readonly Dependency[]): Promise<readonly Readiness<Problem>[]>;
};
export type WaitOutcome<Cursor, Problem> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'waiting'; readonly cursor: Cursor | undefined }
  | { readonly kind: 'problem'; readonly problem: Problem };

/**
 * Checks whether all dependencies are ready. It reads them in order, writes edges on some that are not ready, and reads
 * those again. If some of those are still not ready, an edge will wake the waiter, and the result holds the new cursor.
 */
export async function waitFor<Cursor, Problem>(
  context: Context,
  wait: Wait<Cursor, Problem>,
): Promise<WaitOutcome<Cursor, Problem>> {
  let reached = wait.from;
  for (;;) {
    const scan = await findUnready(wait, reached);
    if ('problem' in scan) return { kind: 'problem', problem: scan.problem };
    if (scan.unready.length === 0) return { kind: 'ready' };
    const unready = scan.unready.map(({ dependency }) => dependency);
    const chosen = choose(wait, unready);
    await putEdges(context, wait, chosen);
    const again = await wait.read(chosen);
    const problem = firstProblem(again);
    if (problem !== undefined) return { kind: 'problem', problem: problem.problem };
    if (again.includes('unready')) return { kind: 'waiting', cursor: scan.readyUntil };
    // All that have an edge ended meanwhile, and a ready dependency stays ready. Continue after them.
    reached = chosen.length === unready.length ? scan.unready.at(-1)?.cursor : scan.readyUntil;
  }
}

/**
 * The dependencies that get an edge. Among many it is one by chance, so that half of them have ended when it ends, in
 * whatever order they end. The choice depends on the ids alone: a repeated look chooses the same, and writes nothing.
 */
function choose<Cursor, Problem>(
  { waiter, few }: Wait<Cursor, Problem>,
  unready: readonly Dependency[],
): readonly Dependency[] {
  if (unready.length <= few) return unready;
  const lots = unready.map((dependency) => lotOf(waiter.pk, dependency));
  return unready.filter((_, index) => index === lots.indexOf(Math.max(...lots)));
}

type Scan<Cursor, Problem> =
  | { readonly problem: Problem }
  | { readonly unready: readonly Awaited<Cursor>[]; readonly readyUntil: Cursor | undefined };

/** The first unready dependencies after a cursor, and the cursor up to which all are ready. */
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
      if (state === undefined) throw new Error('a wait read fewer dependencies than it asked for');
      if (typeof state === 'object') return state;
      if (state === 'unready') unready.push(awaited);
      else if (unready.length === 0) readyUntil = awaited.cursor;
      if (unready.length === wait.window) return { unready, readyUntil };
    }
    position = items.at(-1)?.cursor;
    if (end || position === undefined) return { unready, readyUntil };
  }
}

/**
 * Writes the missing edges. Existing ones are not written again, because a wait is woken often.
 *
 * @returns how many were missing
 */
export async function putEdges(
  context: Context,
  { waiter, phase }: { readonly waiter: Waiting; readonly phase: Phase },
  dependencies: readonly Dependency[],
): Promise<number> {
  const keys = dependencies.map((dependency) => edgeKey(dependency, { execution: waiter.pk, try: waiter.try, phase }));
  const present = await context.rows.getMany('executions', keys);
  const missing = keys.filter((_, index) => present[index] === undefined);
  await Promise.all(missing.map((key) => context.rows.put('executions', edgeRow(key, context.now()))));
  return missing.length;
}

function firstProblem<Problem>(states: readonly Readiness<Problem>[]): { readonly problem: Problem } | undefined {
  return states.find((state) => typeof state === 'object');
}
