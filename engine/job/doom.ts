// Ends a tree, or everything below one try of a master job. The doom flag is written before members are ended, and
// claims and births read it, so no job is missed (docs/reference/protocols.md, "Doom").

import type { Context } from '../../core/context.ts';
import { type DoomCause, doomFailure } from '../../core/execution/doom.ts';
import type { Scope } from '../../core/execution/scope.ts';
import type { ExecutionId } from '../../core/id/identifier.ts';
import { type JobRow, scopesOf } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import { doomKey, doomRow, readDoom } from '../../core/row/execution/tree.ts';
import { loadJob } from '../store/load-job.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { loadMembers } from './member.ts';

export type Doom = { readonly cause: DoomCause; readonly scope: Scope };

/** Marks a scope with a doom flag. If it is marked already, the first cause stays. */
export async function putDoom(context: Context, root: ExecutionId, scope: Scope, cause: DoomCause): Promise<void> {
  await context.rows.put('executions', doomRow(root, scope, cause, context.now()), 'absent');
}

/** The outermost doom that a job is under; undefined when it may live. */
export async function loadDoom(context: Context, row: JobRow): Promise<Doom | undefined> {
  const scopes = scopesOf(row);
  const flags = await context.rows.getMany(
    'executions',
    scopes.map((scope) => doomKey(row.root, scope)),
  );
  for (const [index, scope] of scopes.entries()) {
    const cause = readDoom(flags[index]);
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

/** Ends one job that is under a doom, in whatever state it is. The master of a restart begins its next try instead. */
export async function endByDoom(context: Context, found: JobRow, doom: Doom): Promise<JobRow> {
  let row = found;
  const end = async () => {
    if (isTerminal(row.state) || row.state === 'terminating') return row;
    const restarts = doom.cause.kind === 'restart' && row.pk === doom.scope.execution;
    if (restarts && (row.try !== doom.scope.try || row.state === 'restartable')) return row;
    const failure = doomFailure(doom.cause, doom.scope);
    const { kind } = doom.cause;
    const own = kind !== 'termination' ? { reason: doom.cause.reason, message: doom.cause.message } : failure;
    const saved = await saveJob(
      context,
      row,
      restarts
        ? { kind: 'giveUp', failure: own }
        : { kind: 'end', failure: kind === 'failure' && doom.cause.execution === row.pk ? own : failure },
    );
    if (saved.kind === 'saved') return saved.row;
    if (saved.kind === 'refused') throw new Error(`${row.pk} is under a doom and cannot be ended: ${saved.why}`);
    row = (await loadJob(context, row.pk)) ?? row;
    return changed;
  };
  return retryWhileChanged(found.pk, end, (message) => new Error(message));
}

/**
 * Ends the members of a doomed scope, one page of at most 25. The scope's master is ended by the next look at it.
 *
 * @returns `next`: the position to continue from, absent at the end; and whether a member of the page still runs
 */
export async function endMembers(
  context: Context,
  root: ExecutionId,
  doom: Doom,
  after?: string,
): Promise<{ next: string | undefined; stopping: boolean }> {
  const range = { scope: doom.scope, limit: membersPerPage, after };
  const { members, next } = await loadMembers(context, root, range);
  const ended = await Promise.all(members.map(({ row }) => endByDoom(context, row, doom)));
  const stopping = ended.some(({ state }) => !isTerminal(state));
  return { next, stopping };
}

/** Members ended by one message (docs/reference/protocols.md, "Doom"). */
const membersPerPage = 25;
