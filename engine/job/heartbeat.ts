// Takes a worker's heartbeat: it extends the lease, and the answer says whether and why the worker must stop
// (docs/reference/protocols.md, "Lease").

import type { Context } from '../../core/context.ts';
import { type FailureReason, failureMessages } from '../../core/execution/failure.ts';
import { heldUntil } from '../../core/job/hold.ts';
import type { JobRow } from '../../core/job/row.ts';
import { mayAct } from '../../core/job/state.ts';
import { saveJob } from '../store/save-job.ts';
import { endByDoom, loadDoom } from './doom.ts';

export type Stop = { readonly reason: FailureReason; readonly message: string };

/**
 * Extends the lease of a job.
 *
 * @param row the job of the worker's token, read just now
 * @returns `stop`: why the worker must stop; absent when it may continue
 */
export async function heartbeat(context: Context, row: JobRow): Promise<{ readonly stop?: Stop }> {
  if (!mayAct(row.state)) return { stop: stopOf(row) };
  const doom = await loadDoom(context, row);
  if (doom !== undefined) {
    const last = await endByDoom(context, row, doom);
    // A restart that came too late does not move a held job.
    if (!mayAct(last.state)) return { stop: stopOf(last) };
  }
  const now = context.now();
  const limit = heldUntil(row);
  if (limit !== undefined && now >= limit) {
    const released = await saveJob(context, row, { kind: 'release' });
    return released.kind === 'saved' ? { stop: stopOf(released.row) } : {};
  }
  const leaseUntil = now + context.settings.leaseSeconds * 1000;
  const saved = await saveJob(context, row, { kind: 'beat', leaseUntil }, { tokenHash: row.tokenHash });
  // The row changed meanwhile. The next heartbeat reads it again.
  if (saved.kind !== 'saved') return {};
  const { timeoutMs, startedRunning = now } = row;
  // A limit of the job's own does not count while it is held.
  if (limit !== undefined || timeoutMs === undefined || now <= startedRunning + timeoutMs) return {};
  return { stop: { reason: 'JobTimeoutExceeded', message: failureMessages.timeout(timeoutMs) } };
}

function stopOf(row: JobRow): Stop {
  return {
    reason: row.failureReason ?? 'Terminated',
    message: row.failureMessage ?? `This try of the job is over: it is ${row.state}`,
  };
}
