// An execution as it is stored: its input, its position and its end.

import type { Json, JsonObject } from './json.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/**
 * The position of a running execution:
 * - `entered`: the state is about to be evaluated;
 * - `waiting`: a Wait, until `dueAt`; `retrying`: the pause before a Task is tried again, until `dueAt`;
 * - `working`: the Task's service has been, or is about to be, called.
 */
export type Phase = 'entered' | 'waiting' | 'retrying' | 'working';

export type Position = {
  readonly state: string;
  readonly phase: Phase;
  /** Milliseconds since 1970. */
  readonly enteredAt: number;
  readonly enteredEventId: number;
  readonly input: Json;
  readonly variables: JsonObject;
  /** How often each retrier of the state was used in this visit, by index. */
  readonly retryCounts: readonly number[];
  readonly dueAt?: number;
  task?: TaskInFlight;
};

export type TaskInFlight = {
  readonly arguments: JsonObject;
  /**
   * Identifies this attempt to the service, so that a call that is repeated after a crash does not start the work
   * twice.
   */
  readonly scheduledEventId: number;
  /** Only for runTask.sync, once RunTask has answered. */
  readonly taskArn?: string;
  readonly timeoutAt?: number | undefined;
  readonly heartbeatAt?: number | undefined;
};

export type Execution = {
  readonly arn: string;
  readonly name: string;
  readonly machineArn: string;
  readonly roleArn: string;
  /**
   * The definition that the execution runs. It is the machine's definition at its start, even if the machine changes.
   */
  readonly definitionId: string;
  readonly input: Json;
  readonly startedAt: number;
  /** The time when the machine's TimeoutSeconds have passed. */
  readonly timeoutAt?: number | undefined;
  readonly status: ExecutionStatus;
  lastEventId: number;
  position: Position;
  readonly stoppedAt?: number;
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
};

/** An event of the history. `details` are stored under the member that the service uses for the event's type. */
export type HistoryEvent = {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  readonly timestamp: number;
  readonly detailsMember?: string;
  readonly details?: JsonObject;
};

/** The changes of one transition, which are written in one transaction. */
export type Change = { readonly execution: Execution; readonly events: readonly HistoryEvent[] };
