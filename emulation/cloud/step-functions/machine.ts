// A state machine as the interpreter runs it, with compiled expressions and defaults.

import type { Template } from './expression.ts';

/** How a state is left: its output, its variables and the next state. Without a next state the execution ends. */
export type Exit = { output?: Template; assign?: Template; next?: string };

export type Retrier = {
  errorEquals: readonly string[];
  intervalSeconds: number;
  maxAttempts: number;
  backoffRate: number;
  maxDelaySeconds?: number;
  fullJitter: boolean;
};

export type Catcher = { errorEquals: readonly string[]; exit: Exit };

export type TaskResource = 'ecs:runTask.sync' | 'lambda:invoke';

export type TaskState = {
  type: 'Task';
  resource: TaskResource;
  arguments: Template;
  timeoutSeconds?: Template;
  heartbeatSeconds?: Template;
  retry: readonly Retrier[];
  catch: readonly Catcher[];
  exit: Exit;
};

export type State =
  | TaskState
  | { type: 'Pass'; exit: Exit }
  | { type: 'Choice'; choices: readonly { condition: Template; exit: Exit }[]; otherwise?: Exit }
  | { type: 'Wait'; until: { field: 'Seconds' | 'Timestamp'; value: Template }; exit: Exit }
  | { type: 'Succeed'; output?: Template }
  | { type: 'Fail'; error?: Template; cause?: Template };

export type Machine = { startAt: string; timeoutSeconds?: number; states: ReadonlyMap<string, State> };
