// Collects the events of one transition while it changes a copy of the execution.

import type { Change, Execution, HistoryEvent, Position } from './execution.ts';
import { exceedsPayload, type Json, type JsonObject } from './json.ts';
import type { State } from './machine.ts';
import { dataLimitExceeded, StateError } from './state-error.ts';

export type Draft = {
  readonly execution: Execution;
  add(type: string, details?: JsonObject, previousEventId?: number): HistoryEvent;
  change(): Change;
};

/**
 * The details of `TaskScheduled` are under `taskScheduledEventDetails`. The events of states share two such members.
 */
export function draftOf(before: Execution, now: number): Draft {
  const execution = { ...before, position: { ...before.position } };
  const events: HistoryEvent[] = [];
  return {
    execution,
    add(type, details, previousEventId = execution.lastEventId) {
      const event: HistoryEvent = { id: ++execution.lastEventId, previousEventId, type, timestamp: now };
      if (details) Object.assign(event, { detailsMember: detailsMemberOf(type), details });
      events.push(event);
      return event;
    },
    change: () => ({ execution, events }),
  };
}

function detailsMemberOf(type: string): string {
  if (type.endsWith('StateEntered')) return 'stateEnteredEventDetails';
  if (type.endsWith('StateExited')) return 'stateExitedEventDetails';
  return `${type[0]?.toLowerCase()}${type.slice(1)}EventDetails`;
}

/** In events, `input` and `output` are JSON text, with a note that they are complete. */
export function shown(member: 'input' | 'output' | 'assignedVariables', value: Json): JsonObject {
  const text =
    member === 'assignedVariables'
      ? Object.fromEntries(Object.entries(value as JsonObject).map(([name, each]) => [name, JSON.stringify(each)]))
      : JSON.stringify(value);
  return { [member]: text, [`${member}Details`]: { truncated: false } };
}

/**
 * Enters a state: adds its event and sets a fresh position. As observed on AWS, the first state's event has no previous
 * event.
 */
export function enterState(draft: Draft, name: string, state: State, input: Json, variables: JsonObject): void {
  const first = draft.execution.lastEventId === 1;
  if (draft.execution.lastEventId >= maximumEventCount) {
    const cause = `The execution reached the maximum number of history events (${maximumEventCount}).`;
    failExecution(draft, new StateError('States.Runtime', cause));
    return;
  }
  const details = { name, ...shown('input', input) };
  const entered = draft.add(`${state.type}StateEntered`, details, first ? 0 : undefined);
  const position: Position = {
    state: name,
    phase: 'entered',
    enteredAt: entered.timestamp,
    enteredEventId: entered.id,
    input,
    variables,
    retryCounts: [],
  };
  draft.execution.position = position;
}

/** Adds the state's exit event. Throws StateError States.DataLimitExceeded if the output is too large. */
export function exitState(draft: Draft, state: State, output: Json, assigned?: JsonObject): void {
  const name = draft.execution.position.state;
  if (exceedsPayload(output) || (assigned && exceedsPayload(assigned))) throw dataLimitExceeded(name);
  const variables = assigned && Object.keys(assigned).length > 0 ? shown('assignedVariables', assigned) : {};
  draft.add(`${state.type}StateExited`, { name, ...shown('output', output), ...variables });
}

export function succeedExecution(draft: Draft, output: Json): void {
  const ended = draft.add('ExecutionSucceeded', shown('output', output));
  Object.assign(draft.execution, { status: 'SUCCEEDED', output, stoppedAt: ended.timestamp });
}

export function failExecution(draft: Draft, { error, message }: StateError): void {
  endExecution(draft, 'FAILED', { error, cause: message });
}

/** Ends the execution without success. As on AWS, an absent or empty error or cause is left out. */
export function endExecution(
  draft: Draft,
  status: keyof typeof endEvents,
  told: { error?: string | undefined; cause?: string | undefined },
): void {
  const details = {
    ...(told.error ? { error: told.error } : {}),
    ...(told.cause ? { cause: told.cause } : {}),
  };
  const ended = draft.add(endEvents[status], details, status === 'FAILED' ? undefined : 0);
  Object.assign(draft.execution, { status, ...details, stoppedAt: ended.timestamp });
}

/** The longest history of a standard execution (service-quotas.html). */
const maximumEventCount = 25_000;
const endEvents = { FAILED: 'ExecutionFailed', ABORTED: 'ExecutionAborted', TIMED_OUT: 'ExecutionTimedOut' } as const;
