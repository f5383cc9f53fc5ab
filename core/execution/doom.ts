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

/** The failure of a doomed execution. */
export function doomFailure(cause: DoomCause, scope: Scope): Failure {
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
