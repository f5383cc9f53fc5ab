// Evaluates a state's fields, checks their types, and gives expressions the position and the Context object.

import type { Execution, Position } from './execution.ts';
import type { Scope, Template } from './expression.ts';
import { type Json, type JsonObject, typeName } from './json.ts';
import type { State } from './machine.ts';
import { queryEvaluationError } from './state-error.ts';

/** Every method throws StateError States.QueryEvaluationError. */
export type Evaluator = {
  (template: Template): Promise<Json>;
  /** A string, or undefined if the field is absent. */
  text(field: string, template: Template | undefined): Promise<string | undefined>;
  truth(field: string, template: Template): Promise<boolean>;
  /** A whole number of seconds, from `min` to 99,999,999. */
  seconds(field: string, template: Template, min: number): Promise<number>;
  /** From now on, expressions may read $states.result. */
  setResult(result: Json): void;
  /** From now on, expressions may read $states.errorOutput, but no result. */
  setErrorOutput(errorOutput: Json): void;
};

/** Evaluates the fields of one visit to a state. Expressions read its input, its variables and the Context object. */
export function createEvaluator({ input, variables }: Position, context: JsonObject): Evaluator {
  const scope: Scope = { states: { input, context }, variables };
  const evaluate = (template: Template) => template(scope);
  const typed = async (field: string, template: Template, type: string): Promise<Json> => {
    const value = await evaluate(template);
    if (typeName(value) === type) return value;
    const told = `Expected '${type}', but was '${typeName(value)}' for value: ${JSON.stringify(value)}`;
    const cause = `The expression specified for the field '${field}' returned an unexpected result type. ${told}`;
    throw queryEvaluationError(field, cause);
  };
  return Object.assign(evaluate, {
    text: async (field: string, template: Template | undefined) =>
      template && ((await typed(field, template, 'string')) as string),
    truth: async (field: string, template: Template) => (await typed(field, template, 'boolean')) as boolean,
    async seconds(field: string, template: Template, min: number) {
      const value = (await typed(field, template, 'number')) as number;
      if (Number.isInteger(value) && value >= min && value <= maximumSeconds) return value;
      const cause = `The ${field} field must be an integer from ${min} to ${maximumSeconds}, but was ${value}`;
      throw queryEvaluationError(field, cause);
    },
    setResult(result: Json) {
      scope.states.result = result;
    },
    setErrorOutput(errorOutput: Json) {
      delete scope.states.result;
      scope.states.errorOutput = errorOutput;
    },
  });
}

/**
 * The Context object, which expressions read as $states.context: Execution, StateMachine and State. As observed on AWS,
 * only a Task has RetryCount.
 * Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
 */
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

const maximumSeconds = 99_999_999;
