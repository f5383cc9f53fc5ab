// Handles an error of a state: Retry, then Catch, else the execution fails.

import type { Evaluator } from './evaluate.ts';
import { type Draft, failExecution } from './history.ts';
import type { Json, JsonObject } from './json.ts';
import type { Exit, Retrier, State, TaskState } from './machine.ts';
import { matchesError, StateError } from './state-error.ts';

/**
 * `random` returns a number from 0 up to, but not including, 1. It spreads retries. Times are milliseconds since 1970.
 */
export type Clock = { now(): number; random(): number };

type Failing = {
  readonly draft: Draft;
  readonly state: State;
  readonly clock: Clock;
  readonly evaluate: Evaluator;
  readonly error: StateError;
};

type Leave = (exit: Exit, output: Json, assigned?: JsonObject) => void;

/** Applies the first retrier that matches, or else the first catcher that matches (spec.html#errors). */
export async function carryOutError(failing: Failing, leave: Leave): Promise<void> {
  const { draft, state } = failing;
  const error = told(failing);
  if (state.type === 'Task') {
    if (retries({ ...failing, error }, state)) return;
    const catcher = state.catch.find(({ errorEquals }) => matchesError(errorEquals, error));
    if (catcher) return catchError({ ...failing, error }, catcher.exit, leave);
  }
  failExecution(draft, error);
}

/** The error as history reports it. A failed evaluation gets an event of its own. */
function told({ draft, error }: Failing): StateError {
  const { state, enteredEventId } = draft.execution.position;
  const ours = error.location !== undefined || ownErrors.includes(error.error);
  if (!ours) return error;
  const where = `An error occurred while executing the state '${state}' (entered at the event id #${enteredEventId}).`;
  const whole = new StateError(error.error, `${where} ${error.message}`);
  if (error.location === undefined) return whole;
  draft.add('EvaluationFailed', { error: whole.error, cause: whole.message, location: error.location, state });
  return whole;
}

function retries({ draft, clock, error }: Failing, state: TaskState): boolean {
  const index = state.retry.findIndex(({ errorEquals }) => matchesError(errorEquals, error));
  const retrier = state.retry[index];
  const { task: _failed, ...position } = draft.execution.position;
  const used = position.retryCounts[index] ?? 0;
  if (!retrier || used >= retrier.maxAttempts) return false;
  const retryCounts = state.retry.map((_, each) => (position.retryCounts[each] ?? 0) + (each === index ? 1 : 0));
  const dueAt = clock.now() + delayMs(retrier, used, clock.random());
  draft.execution.position = { ...position, phase: 'retrying', retryCounts, dueAt };
  return true;
}

/** The pause before the retry after `used` earlier ones: the interval, grown by the rate, capped, then spread. */
function delayMs(retrier: Retrier, used: number, random: number): number {
  const grown = retrier.intervalSeconds * retrier.backoffRate ** used;
  const capped = Math.min(grown, retrier.maxDelaySeconds ?? Number.MAX_SAFE_INTEGER / 1000);
  return Math.round(1000 * capped * (retrier.fullJitter ? random : 1));
}

/** A catcher's Output and Assign can read the error. An error in them is not caught again. */
async function catchError(failing: Failing, exit: Exit, leave: Leave): Promise<void> {
  const { draft, evaluate, error } = failing;
  const errorOutput = { Error: error.error, Cause: error.message };
  evaluate.setErrorOutput(errorOutput);
  try {
    const output = exit.output ? await evaluate(exit.output) : errorOutput;
    const assigned = exit.assign ? ((await evaluate(exit.assign)) as JsonObject) : undefined;
    leave(exit, output, assigned);
  } catch (inner) {
    if (!(inner instanceof StateError)) throw inner;
    failExecution(draft, told({ ...failing, error: inner }));
  }
}

/** Errors of the interpreter itself. Their cause names the state. */
const ownErrors: readonly string[] = ['States.NoChoiceMatched', 'States.Runtime'];
