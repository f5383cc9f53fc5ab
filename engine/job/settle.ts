// Carries out what the end of a try calls for: ends the tree, wakes waiters, empties the workspace, and then says so in the
// row, which leaves the sweep's index. Every stage may be repeated; what takes long goes on by message.

import type { Context } from '../../core/context.ts';
import type { JobId } from '../../core/id/identifier.ts';
import { followUp } from '../../core/job/consequence.ts';
import { type DoomCause, type Scope, treeScope } from '../../core/job/doom.ts';
import type { Command } from '../../core/job/event.ts';
import { type JobRow, jobKey, jobWorkspace } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { isTerminal } from '../../core/job/state.ts';
import { type Stage, stages, toWorkRecord } from '../../core/work/message.ts';
import { stopLaunch, stopWorker } from '../launch/worker-task.ts';
import { destroyContainer } from '../removal/container.ts';
import { loadJob, loadSpec } from '../store/load-job.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { waitFor } from '../wait/wait.ts';
import { wakePage } from '../wait/wake.ts';
import { endByDoom, endMembers, loadDoom, putDoom } from './doom.ts';
import { scopeWait } from './member.ts';

/** Where a message goes on. */
export type SettlePosition = { readonly stage: Stage; readonly after: string };
type Look = (context: Context, job: JobId) => Promise<void>;
/** `hold`: something else has to end first, and wakes this job, or its due time does. */
type StageOutcome = 'done' | 'hold' | { readonly next: string };

/**
 * Goes through the consequences of a row that is restartable, done, failed or terminated, as far as they can be done now.
 *
 * @returns what became of the row; undefined when more is to come by a message, an edge or the sweep
 */
export async function settle(
  context: Context,
  row: JobRow,
  look: Look,
  from?: SettlePosition,
): Promise<Saved | undefined> {
  if (row.dueAt === undefined) return undefined;
  let resumed = from === undefined;
  for (const command of followUp(row)) {
    if (command.kind === 'settle') return saveJob(context, row, { kind: 'settle' });
    if (command.kind === 'retry') return retry(context, row);
    const stage = stages.find((name) => name === command.kind);
    if (!resumed && stage !== from?.stage) continue;
    const after = resumed ? undefined : from?.after;
    resumed = true;
    const outcome = await carryOut(context, row, command, look, after);
    if (outcome === 'hold') return undefined;
    if (outcome === 'done') continue;
    if (stage === undefined) throw new Error(`${command.kind} has no pages`);
    const message = { kind: 'settle', job: row.pk, try: row.try, stage, after: outcome.next } as const;
    await context.queues.sendWork([toWorkRecord(message)]);
    return undefined;
  }
  return undefined;
}

async function carryOut(
  context: Context,
  row: JobRow,
  command: Command,
  look: Look,
  after: string | undefined,
): Promise<StageOutcome> {
  switch (command.kind) {
    case 'stopWorker':
      await stopWorker(context, row, 'its try was given up');
      return 'done';
    case 'stopLaunch':
      await stopLaunch(context, row, `the job is ${row.state}`);
      return 'done';
    case 'endTree':
      return endTree(context, row, after);
    case 'endDescendants':
      return endDescendants(context, row, after);
    case 'wakeWaiters': {
      const { next } = await wakePage(context, row.pk, look, after);
      return next === undefined ? 'done' : { next };
    }
    case 'destroyWorkspace':
      return destroyWorkspace(context, row, after);
    default:
      throw new Error(`"${command.kind}" does not follow an end`);
  }
}

/** The job that failed first, and the origin job, see to it that every job of the tree ends; the others need not. */
async function endTree(context: Context, row: JobRow, after: string | undefined): Promise<StageOutcome> {
  const doom = (await loadDoom(context, row)) ?? (await doomTree(context, row));
  const firstToFail = doom.cause.kind !== 'restart' && doom.cause.job === row.pk;
  if (!firstToFail && row.origin !== row.pk) return 'done';
  if (after === undefined && row.origin !== row.pk) {
    const origin = await loadJob(context, row.origin);
    if (origin !== undefined && origin.try === doom.scope.try) await endByDoom(context, origin, doom);
  }
  const { next } = await endMembers(context, row.origin, doom, after);
  return next === undefined ? 'done' : { next };
}

async function doomTree(context: Context, row: JobRow) {
  const { failureReason: reason = 'JMInternalError', failureMessage: message = '' } = row;
  const cause: DoomCause = { kind: 'failure', job: row.pk, try: row.try, reason, message };
  await putDoom(context, row.origin, treeScope(row), cause);
  const doom = await loadDoom(context, row);
  if (doom === undefined) throw new Error(`the flag on the tree of ${row.origin} is not there`);
  return doom;
}

async function endDescendants(context: Context, row: JobRow, after: string | undefined): Promise<StageOutcome> {
  const doom = await loadDoom(context, row);
  if (doom === undefined) throw new Error(`${row.pk} is restartable and nothing says why`);
  const { next } = await endMembers(context, row.origin, { ...doom, scope: ownScope(row) }, after);
  return next === undefined ? 'done' : { next };
}

/** Only once everything that could still write to it has stopped. */
async function destroyWorkspace(context: Context, row: JobRow, after: string | undefined): Promise<StageOutcome> {
  if (after === undefined) {
    if (row.state !== 'done') {
      const ended = await waitFor(context, scopeWait(context, row, ownScope(row)));
      if (ended.kind !== 'ready') return 'hold';
    }
    if (row.state === 'restartable') {
      if ((await stopWorker(context, row, 'its try was given up')).kind !== 'ended') return 'hold';
    } else if (await keepsWorkspace(context, row)) return 'hold';
  }
  const next = await destroyContainer(context, jobWorkspace(row), after);
  return next === undefined ? 'done' : { next };
}

/**
 * `delayWorkspaceDestruction`: 3 days, in which the row stays in the sweep's index (docs/reference/api.md,
 * "Other options of a run").
 */
async function keepsWorkspace(context: Context, row: JobRow): Promise<boolean> {
  const spec = await loadSpec(context, row.pk);
  const keptUntil = workspaceKeptUntil(row, spec);
  if (!spec.delayWorkspaceDestruction || context.now() >= keptUntil) return false;
  await saveJob(context, row, { kind: 'look', dueAt: keptUntil });
  return true;
}

/** Until when the workspace of a job that has ended is kept at least, in milliseconds since 1970. */
export function workspaceKeptUntil(row: JobRow, { delayWorkspaceDestruction }: ExecutionSpec): number {
  const ended = row.transitions.findLast(([state]) => isTerminal(state))?.[1] ?? row.modified;
  return delayWorkspaceDestruction ? ended + workspaceDelayMs : ended;
}

/** The try that was given up is kept as it was, then the next one begins. */
async function retry(context: Context, row: JobRow): Promise<Saved> {
  const { openShard, dueAt, ...kept } = row;
  await context.rows.put('executions', { ...kept, ...jobKey(row.pk), sk: `T#${row.try}`, state: 'restarted' });
  return saveJob(context, row, { kind: 'retry' });
}

function ownScope(row: JobRow): Scope {
  return { master: row.pk, try: row.try };
}

const workspaceDelayMs = 3 * 24 * 3_600_000;
