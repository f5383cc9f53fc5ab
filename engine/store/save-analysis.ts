// Saves analyses; no other file does. One write, on condition of the state that was read, carries out each change.

import { analysisDueTime } from '../../core/analysis/due.ts';
import type { AnalysisRow } from '../../core/analysis/row.ts';
import type { AnalysisSpec } from '../../core/analysis/spec.ts';
import type { Change, Context } from '../../core/context.ts';
import type { AnalysisId } from '../../core/id/identifier.ts';
import { openShard } from '../../core/job/due.ts';
import { readAnalysisSpec, toAnalysisRow } from '../../core/row/execution/analysis.ts';
import { type ExecutionRow, executionKey } from '../../core/row/execution/execution.ts';

/** The result of a look at an execution that had something to save. */
export type Looked =
  | { readonly kind: 'saved'; readonly row: ExecutionRow }
  | { readonly kind: 'refused'; readonly why: string }
  /** Another call changed the row meanwhile. Read it again before any decision. */
  | { readonly kind: 'changed' };

/** Writes the row of a new analysis if no row has its id. This commits the birth, so everything else is written before. */
export async function insertAnalysis(context: Context, born: AnalysisRow): Promise<boolean> {
  const row = born.tombstone === true ? born : withDueTime(context, born);
  return context.rows.put('executions', toAnalysisRow(row), 'absent');
}

/** Saves another state of an analysis whose row was read before. */
export async function saveAnalysis(context: Context, before: AnalysisRow, after: AnalysisRow): Promise<Looked> {
  const { pk, sk, ...set } = toAnalysisRow(withDueTime(context, after));
  const saved = await context.rows.update('executions', executionKey(before.pk), { set }, { state: before.state });
  return saved === undefined ? { kind: 'changed' } : { kind: 'saved', row: withDueTime(context, after) };
}

/** Sets the time of the next look. False when the row changed meanwhile. */
export async function lookAgainAt(context: Context, row: AnalysisRow, dueAt: number): Promise<boolean> {
  return change(context, row, { set: { dueAt } });
}

/** Takes an analysis that has ended out of the sweep's index. */
export async function settleAnalysis(context: Context, row: AnalysisRow): Promise<Looked> {
  const { openShard: shard, dueAt, ...settled } = row;
  const isSaved = await change(context, row, { remove: ['openShard', 'dueAt'] });
  return isSaved ? { kind: 'saved', row: settled } : { kind: 'changed' };
}

/**
 * The specification of an analysis: the request that created it.
 *
 * @throws Error when it is missing or malformed. It is written before the row, so that is a fault of the platform.
 */
export async function loadAnalysisSpec(context: Context, analysis: AnalysisId): Promise<AnalysisSpec> {
  const spec = readAnalysisSpec(analysis, await context.bodies.load(analysis, 'spec'));
  if (spec === undefined) throw new Error(`${analysis} has a row but no specification`);
  return spec;
}

async function change(context: Context, { pk, state, dueAt }: AnalysisRow, wanted: Change): Promise<boolean> {
  return (await context.rows.update('executions', executionKey(pk), wanted, { state, dueAt })) !== undefined;
}

function withDueTime(context: Context, row: AnalysisRow): AnalysisRow {
  const { openShardCount } = context.settings;
  return { ...row, openShard: openShard(row.pk, openShardCount), dueAt: analysisDueTime(row, context.now()) };
}
