// Doom: a mark on a scope of a tree, which says that everything below it has to end. Flags are written before anything
// is ended, and read before anything is claimed or born (docs/reference/protocols.md, "Doom").

import type { ExecutionId, UserId } from '../id/identifier.ts';
import { type Failure, type FailureReason, failureMessages } from './failure.ts';
import type { Scope } from './scope.ts';

/** Why a scope ends. `execution` names the one whose end caused all others. */
export type DoomCause =
  | {
      readonly kind: 'failure';
      readonly execution: ExecutionId;
      readonly try: number;
      readonly reason: FailureReason;
      readonly message: string;
    }
  | { readonly kind: 'termination'; readonly execution: ExecutionId; readonly try: number; readonly by: UserId }
  | {
      readonly kind: 'restart';
      readonly execution: ExecutionId;
      readonly try: number;
      readonly reason: FailureReason;
      readonly message: string;
    };

/** A flag that has been read: why a scope ends. */
export type Doom = { readonly cause: DoomCause; readonly scope: Scope };

/** The place of a flag. Each kind has its own, so that a termination can follow a restart of the same scope. */
export type Flag = { readonly scope: Scope; readonly kind: DoomCause['kind'] };

/**
 * Every flag that may be on the scopes of an execution, in the order in which they decide. A termination comes before a
 * failure, and a failure before a restart. Among flags of one kind the outermost decides. Analyses and origin jobs are
 * terminated and fail as a whole. Only jobs restart.
 *
 * @param scopes outermost first
 */
export function possibleFlags(scopes: readonly Scope[]): Flag[] {
  // An origin job is at the root, or right below an analysis.
  const whole = scopes.filter(
    ({ kind }, at) => kind === 'analysis' || (scopes[at - 1]?.kind ?? 'analysis') === 'analysis',
  );
  const jobs = scopes.filter(({ kind }) => kind !== 'analysis');
  return [
    ...whole.map((scope): Flag => ({ scope, kind: 'termination' })),
    ...whole.map((scope): Flag => ({ scope, kind: 'failure' })),
    ...jobs.map((scope): Flag => ({ scope, kind: 'restart' })),
  ];
}

/** True for the job whose restart the flag asks for: its try is given up, and it does not end. */
export function restartsBy({ cause, scope }: Doom, execution: ExecutionId): boolean {
  return cause.kind === 'restart' && scope.execution === execution;
}

/** The failure of a doomed execution. The one that caused the doom keeps its own. */
export function doomFailure({ cause, scope }: Doom, execution: ExecutionId): Failure {
  if (cause.kind !== 'termination' && (cause.execution === execution || restartsBy({ cause, scope }, execution))) {
    return { reason: cause.reason, message: cause.message, from: cause.execution };
  }
  switch (cause.kind) {
    case 'failure':
      return {
        reason: 'JobTreeFailure',
        message: failureMessages.treeFailure(cause.execution, cause.reason, cause.message),
        from: cause.execution,
      };
    case 'termination':
      return { reason: 'Terminated', message: failureMessages.terminated(cause.by) };
    case 'restart':
      return { reason: 'Terminated', message: failureMessages.discarded(scope.execution, scope.try) };
    default:
      return cause satisfies never;
  }
}
