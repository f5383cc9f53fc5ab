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
  state: string;
  phase: Phase;
  /** Milliseconds since 1970. */
  enteredAt: number;
  enteredEventId: number;
  input: Json;
  variables: JsonObject;
  /** How often each retrier of the state was used in this visit, by index. */
  retryCounts: number[];
  dueAt?: number;
  task?: TaskInFlight;
};

export type TaskInFlight = {
  arguments: JsonObject;
  /**
   * Identifies this attempt to the service, so that a call that is repeated after a crash does not start the work
   * twice.
   */
  scheduledEventId: number;
  /** Only for runTask.sync, once RunTask has answered. */
  taskArn?: string;
  timeoutAt?: number | undefined;
  heartbeatAt?: number | undefined;
};

export type Execution = {
  arn: string;
  name: string;
  machineArn: string;
  roleArn: string;
  /**
   * The definition that the execution runs. It is the machine's definition at its start, even if the machine changes.
   */
  definitionId: string;
  input: Json;
  startedAt: number;
  /** The time when the machine's TimeoutSeconds have passed. */
  timeoutAt?: number | undefined;
  status: ExecutionStatus;
  lastEventId: number;
  position: Position;
  stoppedAt?: number;
  output?: Json;
  error?: string;
  cause?: string;
};

/** An event of the history. `details` are stored under the member that the service uses for the event's type. */
export type HistoryEvent = {
  id: number;
  previousEventId: number;
  type: string;
  timestamp: number;
  detailsMember?: string;
  details?: JsonObject;
};

/** The changes of one transition, which are written in one transaction. */
export type Change = { execution: Execution; events: readonly HistoryEvent[] };
