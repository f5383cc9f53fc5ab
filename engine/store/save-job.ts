// Saves jobs; no other file does. The state machine decides every change, and one conditional write carries it out.

import type { Context, Expected, Value } from '../../core/context.ts';
import type { Failure } from '../../core/execution/failure.ts';
import { decide } from '../../core/job/decide.ts';
import type { Unchanged } from '../../core/job/demand.ts';
import { dueTime, openShard } from '../../core/job/due.ts';
import type { JobEvent } from '../../core/job/event.ts';
import { placedObjects } from '../../core/job/plan-output.ts';
import { type JobRow, outputBodyId } from '../../core/job/row.ts';
import { fitFailureMessage } from '../../core/job/size.ts';
import { jobKey, readJob, toRow } from '../../core/row/execution/job.ts';

export type Saved =
  | { readonly kind: 'saved'; readonly row: JobRow }
  /** The state machine does not allow the event, and nothing was written. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Another call changed the row meanwhile. Read it again before any decision. */
  | { readonly kind: 'changed' };

/**
 * Applies an event to a job whose row was read before, by one write on the condition of its state, try and launch. The
 * row stays in the sweep's index while a step is still to come. A write that only moves or removes its due time is also
 * conditional on that, so that a row which has left the index stays out. A write that depends on the failure of a job
 * that is being stopped is conditional on that failure, so that a termination in between is not lost.
 *
 * @param expected other values that must still hold, for example the token hash of the worker that calls
 */
export async function saveJob(context: Context, row: JobRow, event: JobEvent, expected: Expected = {}): Promise<Saved> {
  const now = context.now();
  const decision = decide(row, event, now);
  if (decision.kind === 'refusal') return { kind: 'refused', why: decision.why };
  const next = withDueTime(context, decision.row, event, now);
  const condition = { ...conditionOf(row, decision.unchanged), ...expected };
  const saved = await context.rows.update('executions', jobKey(row.pk), difference(row, next), condition);
  if (saved === undefined) return { kind: 'changed' };
  if ('failure' in event) await keepWholeMessage(context, next, event.failure);
  return { kind: 'saved', row: readJob(saved) ?? next };
}

/**
 * Writes the row of a new job if no row has its id. This commits the birth, so everything else is written before. A job
 * that has nothing to wait for leaves `idle` in the same write.
 */
export async function insertJob(context: Context, born: JobRow, ready = false): Promise<boolean> {
  const now = context.now();
  const decision = ready ? decide(born, { kind: 'ready' }, now) : undefined;
  const row = decision?.kind === 'change' ? decision.row : born;
  const due = { openShard: shardOf(context, row), dueAt: dueTime(row, now, leaseMs(context)) };
  return context.rows.put('executions', toRow(fitFailureMessage(row.tombstone ? row : { ...row, ...due })), 'absent');
}

function conditionOf(row: JobRow, unchanged: Unchanged | undefined): Expected {
  const { state, try: attempt, launch } = row;
  const same = { state, try: attempt, launch };
  return unchanged === undefined ? same : { ...same, [unchanged]: row[unchanged] };
}

function withDueTime(context: Context, row: JobRow, event: JobEvent, now: number): JobRow {
  if (row.dueAt === undefined || event.kind === 'look' || event.kind === 'beat') return row;
  return { ...row, openShard: shardOf(context, row), dueAt: dueTime(row, now, leaseMs(context)) };
}

/**
 * Stores the whole failure message, because the row may hold only its beginning. It is written after the end is
 * certain, so it never overwrites the output of a job that is done. The objects of an output that it replaces are kept,
 * because those of them that were placed must be taken back.
 */
async function keepWholeMessage(context: Context, row: JobRow, failure: Failure): Promise<void> {
  if (row.failureMessage === failure.message || row.state === 'restartable') return;
  const objects = placedObjects(await context.bodies.load(outputBodyId(row), 'output'));
  const { reason, message } = failure;
  await context.bodies.save(outputBodyId(row), 'output', { failure: { reason, message }, objects });
}

function difference(before: JobRow, after: JobRow): { set: { [name: string]: Value }; remove: string[] } {
  const old = toRow(before);
  const fresh = toRow(after);
  const set: { [name: string]: Value } = {};
  for (const [name, value] of Object.entries(fresh)) {
    if (value !== undefined && !same(value, old[name])) set[name] = value;
  }
  return { set, remove: Object.keys(old).filter((name) => fresh[name] === undefined) };
}

function same(first: Value, second: Value | undefined): boolean {
  if (first === second) return true;
  return typeof first === 'object' && JSON.stringify(first) === JSON.stringify(second);
}

function shardOf(context: Context, row: JobRow): number {
  return openShard(row.pk, context.settings.openShardCount);
}

function leaseMs(context: Context): number {
  return context.settings.leaseSeconds * 1000;
}
