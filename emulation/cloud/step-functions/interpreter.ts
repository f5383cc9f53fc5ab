// The States Language: computes the next transition from an execution's position and a stimulus.

import { given } from '../../../core/given.ts';
import { localRegion } from '../wire/account.ts';
import { type Clock, carryOutError } from './error-rule.ts';
import { contextOf, createEvaluator, type Evaluator } from './evaluate.ts';
import type { Change, Execution } from './execution.ts';
import { type Draft, draftOf, endExecution, enterState, exitState, shown, succeedExecution } from './history.ts';
import { exceedsPayload, isObject, isTimestamp, type Json, type JsonObject } from './json.ts';
import type { Exit, Machine, State, TaskState } from './machine.ts';
import { dataLimitExceeded, queryEvaluationError, StateError } from './state-error.ts';
import { checkArguments } from './task-argument.ts';

/** An occurrence that makes an execution continue. */
export type Stimulus =
  /** The state was entered, its wait is over, or the pause before a retry is over. */
  | { readonly kind: 'due' }
  /** RunTask has answered, so the task exists. */
  | { readonly kind: 'submitted'; readonly taskArn: string; readonly output: Json }
  | { readonly kind: 'succeeded'; readonly result: Json }
  | {
      readonly kind: 'failed';
      readonly error: StateError;
      readonly event: 'TaskFailed' | 'TaskSubmitFailed' | 'TaskTimedOut';
    };

type Turn = {
  readonly machine: Machine;
  readonly draft: Draft;
  readonly state: State;
  readonly clock: Clock;
  readonly evaluate: Evaluator;
};

/** The service and the call, as events name them: `ecs` and `runTask.sync`. */
function resourceOf({ resource }: TaskState): JsonObject {
  const [resourceType = '', name = ''] = resource.split(':');
  return { resource: name, resourceType };
}

/** Makes the first transition, into StartAt. `before` does not have a position yet. */
export function begin(machine: Machine, before: Omit<Execution, 'position'>, clock: Clock): Change {
  const draft = draftOf({ ...before, position: noPosition }, clock.now());
  draft.add('ExecutionStarted', { ...shown('input', before.input), roleArn: before.roleArn });
  enterState(draft, machine.startAt, stateOf(machine, machine.startAt), before.input, {});
  return draft.change();
}

/** Makes the transition that `stimulus` causes. Retry and Catch handle errors of states, or the execution ends. */
export async function advance(
  machine: Machine,
  execution: Execution,
  stimulus: Stimulus,
  clock: Clock,
): Promise<Change> {
  const draft = draftOf(execution, clock.now());
  const state = stateOf(machine, execution.position.state);
  const evaluate = createEvaluator(execution.position, contextOf(execution, state));
  const turn: Turn = { machine, draft, state, clock, evaluate };
  try {
    await take(turn, stimulus);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    const rules = { draft, state, clock, evaluate, error };
    await carryOutError(rules, (exit, output, assigned) => leave(turn, exit, output, assigned));
  }
  return draft.change();
}

async function take(turn: Turn, stimulus: Stimulus): Promise<void> {
  const { draft, state } = turn;
  switch (stimulus.kind) {
    case 'due':
      return takeDue(turn);
    case 'submitted': {
      const details = { ...resourceOf(state as TaskState), ...shown('output', stimulus.output) };
      draft.add('TaskSubmitted', details);
      const { task } = draft.execution.position;
      if (task) draft.execution.position.task = { ...task, taskArn: stimulus.taskArn };
      return;
    }
    case 'succeeded':
      return finishTask(turn, state as TaskState, stimulus.result);
    case 'failed': {
      const { error, event } = stimulus;
      const cause = error.message ? { cause: error.message } : {};
      draft.add(event, { ...resourceOf(state as TaskState), error: error.error, ...cause });
      throw error;
    }
    default:
      stimulus satisfies never;
  }
}

async function takeDue(turn: Turn): Promise<void> {
  const { draft, state, evaluate } = turn;
  const { phase, input } = draft.execution.position;
  switch (state.type) {
    case 'Pass':
      return exit(turn, state.exit, input);
    case 'Succeed': {
      const output = state.output ? await evaluate(state.output) : input;
      exitState(draft, state, output);
      return succeedExecution(draft, output);
    }
    case 'Fail': {
      const error = await evaluate.text('Error', state.error);
      const cause = await evaluate.text('Cause', state.cause);
      return endExecution(draft, 'FAILED', { error, cause });
    }
    case 'Choice':
      return choose(turn, state);
    case 'Wait':
      if (phase === 'waiting') return exit(turn, state.exit, input);
      Object.assign(draft.execution.position, { phase: 'waiting', dueAt: await dueAt(turn, state) });
      return;
    case 'Task':
      return scheduleTask(turn, state);
    default:
      state satisfies never;
  }
}

async function choose(turn: Turn, state: State & { type: 'Choice' }): Promise<void> {
  const { input } = turn.draft.execution.position;
  for (const [index, { condition, exit: chosen }] of state.choices.entries()) {
    if (await turn.evaluate.truth(`Choices[${index}]/Condition`, condition)) return exit(turn, chosen, input);
  }
  if (state.otherwise) return exit(turn, state.otherwise, input);
  const cause = 'Failed to transition out of the state. The state does not point to a next state.';
  throw new StateError('States.NoChoiceMatched', cause);
}

async function dueAt(turn: Turn, { until }: State & { type: 'Wait' }): Promise<number> {
  if (until.field === 'Seconds') {
    return turn.clock.now() + 1000 * (await turn.evaluate.seconds('Seconds', until.value, 0));
  }
  const text = (await turn.evaluate.text('Timestamp', until.value)) ?? '';
  if (!isTimestamp(text)) {
    const cause = `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${text}`;
    throw queryEvaluationError('Timestamp', cause);
  }
  return Date.parse(text);
}

/** Evaluates the arguments of the service. The driver makes the call itself. */
async function scheduleTask({ draft, clock, evaluate }: Turn, state: TaskState): Promise<void> {
  const evaluated = await evaluate(state.arguments);
  if (!isObject(evaluated)) {
    throw queryEvaluationError(
      'Arguments',
      `The field 'Arguments' must be an object, but was ${JSON.stringify(evaluated)}`,
    );
  }
  checkArguments(state.resource, evaluated);
  const parameters =
    state.resource === 'ecs:runTask.sync' ? { ...evaluated, StartedBy: 'AWS Step Functions' } : evaluated;
  if (exceedsPayload(parameters)) throw dataLimitExceeded(draft.execution.position.state);
  const timeout = state.timeoutSeconds && (await evaluate.seconds('TimeoutSeconds', state.timeoutSeconds, 1));
  const heartbeat = state.heartbeatSeconds && (await evaluate.seconds('HeartbeatSeconds', state.heartbeatSeconds, 1));
  const scheduled = draft.add('TaskScheduled', {
    ...resourceOf(state),
    region: localRegion,
    parameters: JSON.stringify(parameters),
    ...given({ timeoutInSeconds: timeout, heartbeatInSeconds: heartbeat }),
  });
  draft.add('TaskStarted', resourceOf(state));
  const { dueAt: _over, ...position } = draft.execution.position;
  const task = {
    arguments: parameters,
    scheduledEventId: scheduled.id,
    timeoutAt: timeout === undefined ? undefined : clock.now() + timeout * 1000,
    heartbeatAt: heartbeat === undefined ? undefined : clock.now() + heartbeat * 1000,
  };
  draft.execution.position = { ...position, phase: 'working', task };
}

async function finishTask(turn: Turn, state: TaskState, result: Json): Promise<void> {
  const { draft, evaluate } = turn;
  if (exceedsPayload(result)) {
    const error = dataLimitExceeded(String(resourceOf(state).resourceType));
    draft.add('TaskFailed', { ...resourceOf(state), error: error.error, cause: error.message });
    throw error;
  }
  draft.add('TaskSucceeded', { ...resourceOf(state), ...shown('output', result) });
  evaluate.setResult(result);
  return exit(turn, state.exit, result);
}

/** Leaves the state. Output and Assign are both evaluated with the variables as they were. */
async function exit(turn: Turn, way: Exit, otherwise: Json): Promise<void> {
  const output = way.output ? await turn.evaluate(way.output) : otherwise;
  const assigned = way.assign ? ((await turn.evaluate(way.assign)) as JsonObject) : undefined;
  leave(turn, way, output, assigned);
}

function leave({ machine, draft, state }: Turn, way: Exit, output: Json, assigned?: JsonObject): void {
  exitState(draft, state, output, assigned);
  if (way.next === undefined) {
    succeedExecution(draft, output);
    return;
  }
  const variables = { ...draft.execution.position.variables, ...assigned };
  enterState(draft, way.next, stateOf(machine, way.next), output, variables);
}

function stateOf(machine: Machine, name: string): State {
  const state = machine.states.get(name);
  // The definition's loading has proven that every named state exists.
  if (!state) throw new Error(`The definition has no state ${name}`);
  return state;
}

const noPosition = {
  ...{ state: '', phase: 'entered' as const, enteredAt: 0, enteredEventId: 0 },
  ...{ input: null, variables: {}, retryCounts: [] },
};
