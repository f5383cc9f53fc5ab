// An execution as it is kept: what it was started with, where it stands, how it ended. It knows nothing of storage.
import type { Json, JsonObject } from './json.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/**
 * Where a running execution stands:
 * - `entered`: the state is to be evaluated;
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
  /** How often each retrier of the state was used in this visit, by its index. */
  retryCounts: number[];
  dueAt?: number;
  task?: TaskInFlight;
};

export type TaskInFlight = {
  arguments: JsonObject;
  /** Names this attempt for the service, so that a call repeated after a crash starts nothing twice. */
  scheduledEventId: number;
  /** Only runTask.sync, once RunTask has answered. */
  taskArn?: string;
  timeoutAt?: number | undefined;
  heartbeatAt?: number | undefined;
};

export type Execution = {
  arn: string;
  name: string;
  machineArn: string;
  roleArn: string;
  /** Which stored definition it runs: the machine's at its start, whatever becomes of the machine. */
  definitionId: string;
  input: Json;
  startedAt: number;
  /** When the machine's TimeoutSeconds are over. */
  timeoutAt?: number | undefined;
  status: ExecutionStatus;
  lastEventId: number;
  position: Position;
  stoppedAt?: number;
  output?: Json;
  error?: string;
  cause?: string;
};

/** An event of the history; `details` stand under the member that the service gives the event's type. */
export type HistoryEvent = {
  id: number;
  previousEventId: number;
  type: string;
  timestamp: number;
  detailsMember?: string;
  details?: JsonObject;
};

/** What one transition changes: written in one transaction. */
export type Change = { execution: Execution; events: readonly HistoryEvent[] };
