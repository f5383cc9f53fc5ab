// The Context object that expressions read as $states.context. It knows nothing of evaluation.
// Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
import type { Execution } from './execution.ts';
import type { JsonObject } from './json.ts';
import type { State } from './machine.ts';

/** Execution, StateMachine and State; RetryCount stands only in a Task's, as observed on AWS. */
export function contextOf(execution: Execution, state: State): JsonObject {
  const { position } = execution;
  const retries = position.retryCounts.reduce((sum, count) => sum + count, 0);
  return {
    Execution: {
      Id: execution.arn,
      Input: execution.input,
      Name: execution.name,
      RoleArn: execution.roleArn,
      StartTime: new Date(execution.startedAt).toISOString(),
      RedriveCount: 0,
    },
    StateMachine: { Id: execution.machineArn, Name: execution.machineArn.split(':').at(-1) ?? '' },
    State: {
      Name: position.state,
      EnteredTime: new Date(position.enteredAt).toISOString(),
      ...(state.type === 'Task' ? { RetryCount: retries } : {}),
    },
  };
}
