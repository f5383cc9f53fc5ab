// The fields that the row of every execution has, whether it is a job or an analysis.

import type { ExecutionId, JobId, ProjectId, UserId } from '../id/identifier.ts';
import type { FailureReason } from './failure.ts';

/** `pk` is the execution. Times are in milliseconds since 1970. */
export type ExecutionHead<Id extends ExecutionId, State extends string> = {
  readonly pk: Id;
  readonly state: State;
  /** 0 at first. Raised when the execution restarts. */
  readonly try: number;
  readonly project: ProjectId;
  readonly launchedBy: UserId;
  /** The job that created this execution, with its try at that time. Absent when a user ran the execution. */
  readonly parent?: JobId;
  readonly parentTry?: number;
  /** The execution that a user ran, above everything in the tree. It names the partition of the tree. */
  readonly root: ExecutionId;
  /** Every enclosing scope at birth, `m:job-x:0`, outermost first. A master job is not in its own lineage. */
  readonly lineage: string[];
  readonly name?: string;
  readonly priority: 'low' | 'normal' | 'high';
  readonly created: number;
  readonly modified: number;
  /** State changes of this try. */
  readonly transitions: [State, number][];
  /** Digest of the request that made the execution: the same id with another digest is a reused nonce. */
  readonly digest: string;
  readonly failureReason?: FailureReason;
  /** Truncated so that the row stays small. The whole text is then in the output body (`{failure: {message}}`). */
  readonly failureMessage?: string;
  /** The execution of the tree that failed first, if it is another one. */
  readonly failureFrom?: ExecutionId;
  /**
   * Tombstone. The creator crashed after writing the member row. This row reserves the id, so that the execution can
   * never be born. It is never listed.
   */
  readonly tombstone?: true;
  /** Both are present while consequences are left. The sweep looks at the row at `dueAt`. */
  readonly openShard?: number;
  readonly dueAt?: number;
};

/** The facts about a waiting execution that a wait and an edge need. */
export type Waiting = { readonly pk: ExecutionId; readonly try: number };

/** True for a state that an execution of either class never leaves. */
export function isEndState(state: string): boolean {
  return (endStates as readonly string[]).includes(state);
}

const endStates = ['done', 'failed', 'terminated'] as const;
