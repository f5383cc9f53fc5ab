// A state machine as the interpreter runs it, with compiled expressions and defaults.

import type { Template } from './expression.ts';

/** How a state is left: its output, its variables and the next state. Without a next state the execution ends. */
export type Exit = { readonly output?: Template; readonly assign?: Template; readonly next?: string };

export type Retrier = {
  readonly errorEquals: readonly string[];
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds?: number;
  readonly fullJitter: boolean;
};

export type Catcher = { readonly errorEquals: readonly string[]; readonly exit: Exit };

export type TaskResource = 'ecs:runTask.sync' | 'lambda:invoke';

export type TaskState = {
  readonly type: 'Task';
  readonly resource: TaskResource;
  readonly arguments: Template;
  readonly timeoutSeconds?: Template;
  readonly heartbeatSeconds?: Template;
  readonly retry: readonly Retrier[];
  readonly catch: readonly Catcher[];
  readonly exit: Exit;
};

export type State =
  | TaskState
  | { readonly type: 'Pass'; readonly exit: Exit }
  | {
      readonly type: 'Choice';
      readonly choices: readonly { readonly condition: Template; readonly exit: Exit }[];
      readonly otherwise?: Exit;
    }
  | {
      readonly type: 'Wait';
      readonly until: { readonly field: 'Seconds' | 'Timestamp'; readonly value: Template };
      readonly exit: Exit;
    }
  | { readonly type: 'Succeed'; readonly output?: Template }
  | { readonly type: 'Fail'; readonly error?: Template; readonly cause?: Template };

export type Machine = {
  readonly startAt: string;
  readonly timeoutSeconds?: number;
  readonly states: ReadonlyMap<string, State>;
};
