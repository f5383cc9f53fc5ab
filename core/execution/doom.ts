// Doom: a mark on a tree, or on one try of a master job in it, that everything below has to end. Flags are put before
// anything is ended, and read before anything is claimed or born (docs/reference/protocols.md, "Doom").

import type { JobId, UserId } from '../id/identifier.ts';
import { isMaster, type JobRow, lineageEntry, parseLineage } from '../job/row.ts';
import { type Failure, type FailureReason, failureMessages } from './failure.ts';

/** Why a tree, or a try of a master job, ends. `job` follows the ends of all others through. */
export type DoomCause =
  | {
      readonly kind: 'failure';
      readonly job: JobId;
      readonly try: number;
      readonly reason: FailureReason;
      readonly message: string;
    }
  | { readonly kind: 'termination'; readonly job: JobId; readonly try: number; readonly by: UserId }
  | {
      readonly kind: 'restart';
      readonly job: JobId;
      readonly try: number;
      readonly reason: FailureReason;
      readonly message: string;
    };
/** One try of a master job with everything below it. */
export type Scope = { readonly master: JobId; readonly try: number };

/** Every scope that a job is in, outermost first: the first that is doomed decides. */
export function scopesOf(row: JobRow): Scope[] {
  const enclosing = row.lineage.map(parseLineage);
  return isMaster(row) ? [...enclosing, ownScope(row)] : enclosing;
}

/** The present try of a master job, with everything below it. */
export function ownScope(row: JobRow): Scope {
  return { master: row.pk, try: row.try };
}

/** The scope of the whole tree. */
export function treeScope(row: JobRow): Scope {
  return row.lineage[0] === undefined ? ownScope(row) : parseLineage(row.lineage[0]);
}

/** True for a job, or the lineage of one, inside the scope, its master apart. */
export function isInside(lineage: readonly string[], scope: Scope): boolean {
  return lineage.includes(lineageEntry(scope.master, scope.try));
}

/** What a doomed job ends with. */
export function doomFailure(cause: DoomCause, scope: Scope): Failure {
  switch (cause.kind) {
    case 'failure':
      return {
        reason: 'JobTreeFailure',
        message: failureMessages.treeFailure(cause.job, cause.reason, cause.message),
        from: cause.job,
      };
    case 'termination':
      return { reason: 'Terminated', message: failureMessages.terminated(cause.by) };
    case 'restart':
      return { reason: 'Terminated', message: failureMessages.discarded(scope.master, scope.try) };
    default:
      return cause satisfies never;
  }
}
