// Ends a tree, or everything below one try of a master job. The doom flag is written before members are ended, and
// claims and births read it, so no job is missed (docs/reference/protocols.md, "Doom").

import type { Context } from '../../core/context.ts';
import { type Doom, type DoomCause, doomFailure, possibleFlags, restartsBy } from '../../core/execution/doom.ts';
import { isEndState } from '../../core/execution/head.ts';
import type { Scope } from '../../core/execution/scope.ts';
import type { ExecutionId } from '../../core/id/identifier.ts';
import { endsForGood } from '../../core/job/restart.ts';
import { type JobRow, scopesOf } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import { isJob } from '../../core/row/execution/execution.ts';
import { doomKey, doomRow, readDoom } from '../../core/row/execution/tree.ts';
import { loadJob } from '../store/load-job.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { sendWork } from '../store/send-work.ts';
import { loadMembers } from './member.ts';

/** Marks a scope with a doom flag. If it has a flag of the same kind already, the first cause stays. */
export async function putDoom(context: Context, root: ExecutionId, scope: Scope, cause: DoomCause): Promise<void> {
  await context.rows.put('executions', doomRow(root, scope, cause, context.now()), 'absent');
}

/** Marks a scope that holds a job, and returns the doom that decides about the job then. */
export async function doomScope(context: Context, row: JobRow, scope: Scope, cause: DoomCause): Promise<Doom> {
  await putDoom(context, row.root, scope, cause);
  const doom = await loadDoom(context, row);
  if (doom === undefined) throw new Error(`the doom flag on ${scope.execution} was written but cannot be read`);
  return doom;
}

/** The doom that decides about a job (`possibleFlags`); undefined when it may live. */
export async function loadDoom(context: Context, row: JobRow): Promise<Doom | undefined> {
  return loadDoomOn(context, row.root, scopesOf(row));
}

/** The doom on the scopes of an execution, outermost first; undefined when there is none. */
export async function loadDoomOn(
  context: Context,
  root: ExecutionId,
  scopes: readonly Scope[],
): Promise<Doom | undefined> {
  const flags = possibleFlags(scopes);
  const rows = await context.rows.getMany(
    'executions',
    flags.map((flag) => doomKey(root, flag)),
  );
  for (const [index, { scope }] of flags.entries()) {
    const cause = readDoom(rows[index]);
    if (cause !== undefined) return { cause, scope };
  }
  return undefined;
}

/** Ends a job that is under a doom. Undefined when it may live, or is already ending. */
export async function obeyDoom(context: Context, row: JobRow): Promise<Saved | undefined> {
  const doom = await loadDoom(context, row);
  if (doom === undefined) return undefined;
  const ended = await endByDoom(context, row, doom);
  return ended.state === row.state ? undefined : { kind: 'saved', row: ended };
}

/**
 * Ends one job that is under a doom, in whatever state it is. The master of a restart begins its next try instead, or
 * stays as it is if it was held meanwhile. A doom may follow another one: a job whose worker is still being stopped then
 * ends as the later one says.
 */
export async function endByDoom(context: Context, found: JobRow, doom: Doom): Promise<JobRow> {
  let row = found;
  const end = async () => {
    if (isTerminal(row.state)) return row;
    if (row.pk === doom.scope.execution && row.try !== doom.scope.try) return row;
    const restarts = restartsBy(doom, row.pk);
    if (restarts && (row.state === 'restartable' || endsForGood(row.state))) return row;
    const failure = doomFailure(doom, row.pk);
    const saved = await saveJob(context, row, { kind: restarts ? 'giveUp' : 'end', failure });
    if (saved.kind === 'saved') return saved.row;
    // A job that is terminating with a failure of its own takes only the reason of a termination.
    if (saved.kind === 'refused' && row.state === 'terminating') return row;
    if (saved.kind === 'refused') throw new Error(`${row.pk} is under a doom and cannot be ended: ${saved.why}`);
    row = (await loadJob(context, row.pk)) ?? row;
    return changed;
  };
  return retryWhileChanged(found.pk, end, (message) => new Error(message));
}

/** Ends a terminating job whose worker has stopped, by the doom that is on it now. */
export async function endStopped(context: Context, row: JobRow): Promise<Saved> {
  const doom = await loadDoom(context, row);
  const last = doom === undefined ? row : await endByDoom(context, row, doom);
  return saveJob(context, last, { kind: 'stopped' });
}

/**
 * Ends the members of a doomed scope, one page of at most 25. The scope's master is ended by the next look at it.
 *
 * @returns the position to continue from, undefined at the end
 */
export async function endMembers(
  context: Context,
  root: ExecutionId,
  doom: Doom,
  after?: string,
): Promise<string | undefined> {
  const range = { scope: doom.scope, limit: membersPerPage, after };
  const { members, next } = await loadMembers(context, root, range);
  const rows = members.map(({ row }) => row).filter(({ state }) => !isEndState(state));
  await Promise.all(rows.filter(isJob).map((row) => endByDoom(context, row, doom)));
  // An analysis reads the flag when it is looked at. Its stages are members of their own.
  const analyses = rows.filter((row) => !isJob(row));
  await sendWork(
    context,
    analyses.map(({ pk }) => ({ kind: 'advance', execution: pk })),
  );
  return next;
}

/** Members ended by one message (docs/reference/protocols.md, "Doom"). */
const membersPerPage = 25;
