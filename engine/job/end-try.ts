// Ends a try that went wrong: its job and tree fail or, if the policy allows it, it or a job above it restarts as try + 1
// (docs/reference/protocols.md, "Restart"). core/job/restart.ts decides which.

import type { Context } from '../../core/context.ts';
import { type FailureReason, failureReasons } from '../../core/execution/failure.ts';
import type { Scope } from '../../core/execution/scope.ts';
import { given } from '../../core/given.ts';
import { isDebugReason, isHeldFor } from '../../core/job/hold.ts';
import { nextPriority, type RestartFacts, startsAgain, type TryEnd } from '../../core/job/restart.ts';
import { type JobRow, restartScope } from '../../core/job/row.ts';
import { expectJob } from '../../core/row/execution/execution.ts';
import { tryRow } from '../../core/row/execution/job.ts';
import { loadExecution, loadJob, loadSpec } from '../store/load-job.ts';
import { loadEarlierTries } from '../store/load-try.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { doomScope, endByDoom, obeyDoom } from './doom.ts';

/**
 * Ends the try of a running job. If no restart follows and its run asks for a hold, the job is held instead. Nothing
 * changes when a task has claimed the job or renewed its lease since the row was read. A held job whose worker is gone
 * ends with the failure that it was held for. A running job that is under a doom ends by that doom, whatever its worker
 * met.
 */
export async function endTry(context: Context, row: JobRow, end: TryEnd): Promise<Saved> {
  const expected = { tokenHash: row.tokenHash, leaseUntil: row.leaseUntil };
  if (row.state === 'debug_hold') return saveJob(context, row, { kind: 'stopped' }, expected);
  const doomed = await obeyDoom(context, row);
  if (doomed !== undefined) return doomed;
  const scope = await findRestart(context, row, end.failure.reason);
  if (scope !== undefined) return restart(context, row, scope, end);
  const kind = (await holds(context, row, end)) ? 'hold' : 'fail';
  return saveJob(context, row, { kind, failure: end.failure }, expected);
}

/** The specification is read only for a failure for which some run may hold its jobs. */
async function holds(context: Context, row: JobRow, { reported, failure: { reason } }: TryEnd): Promise<boolean> {
  if (reported !== true || !isDebugReason(reason)) return false;
  const { debugOn } = await loadSpec(context, row.pk);
  return isHeldFor(debugOn, reason);
}

/** Stores the row of the try that was given up, then begins the next one. */
export async function beginNextTry(context: Context, row: JobRow): Promise<Saved> {
  const priority = nextPriority(await loadRestartFacts(context, row));
  await context.rows.put('executions', tryRow(row));
  return saveJob(context, row, { kind: 'retry', ...given({ priority }) });
}

/** The scope that restarts when the job fails for this reason. Undefined when none may restart. */
async function findRestart(context: Context, row: JobRow, reason: FailureReason): Promise<Scope | undefined> {
  if (!failureReasons[reason].restartable) return undefined;
  const { restartableEntryPoints } = await loadSpec(context, row.pk);
  const scope = restartScope(row, restartableEntryPoints === 'all');
  const job = scope.execution === row.pk ? row : await loadRestarting(context, scope);
  if (job?.try !== scope.try) return undefined;
  return startsAgain(await loadRestartFacts(context, job), reason) ? scope : undefined;
}

async function loadRestarting(context: Context, { execution }: Scope): Promise<JobRow | undefined> {
  const row = await loadExecution(context, execution);
  return row && expectJob(row);
}

async function loadRestartFacts(context: Context, job: JobRow): Promise<RestartFacts> {
  const [{ executionPolicy: policy }, earlier] = await Promise.all([
    loadSpec(context, job.pk),
    loadEarlierTries(context, job),
  ]);
  return { job, policy, earlier };
}

/**
 * Writes the flag first. From then on nothing inside the scope is born or claimed, and a look at the job that restarts
 * gives its try up. Then it ends the failing job, if that is another one. This call or the next look gives the try up.
 */
async function restart(context: Context, row: JobRow, scope: Scope, { failure }: TryEnd): Promise<Saved> {
  const { reason, message } = failure;
  // The job may have finished after the row was read and before its machine was lost. Then nothing was lost.
  const again = await loadJob(context, row.pk);
  if (again?.state !== row.state || again.try !== row.try) return { kind: 'changed' };
  const doom = await doomScope(context, row, scope, {
    kind: 'restart',
    execution: row.pk,
    try: row.try,
    reason,
    message,
  });
  const isCause = doom.cause.execution === row.pk;
  if (scope.execution === row.pk || !isCause) return { kind: 'saved', row: await endByDoom(context, row, doom) };
  const saved = await saveJob(context, row, { kind: 'fail', failure });
  const found = await loadRestarting(context, scope);
  if (found !== undefined) await endByDoom(context, found, doom);
  return saved;
}
