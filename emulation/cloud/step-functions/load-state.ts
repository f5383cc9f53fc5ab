// Loads one state of a definition: its type, its own fields and its exit.

import type { Fields, Report } from './definition-field.ts';
import { isObject, isTimestamp, type Json, type JsonObject } from './json.ts';
import { loadCatchers, loadRetriers } from './load-error-rule.ts';
import type { Catcher, Exit, State, TaskResource } from './machine.ts';
import { taskArguments } from './task-argument.ts';

type Loader = (fields: Fields, state: JsonObject, report: Report) => State;

/** Loads the state, or returns undefined if its type is not supported. Each problem goes to `report`. */
export function loadState(name: string, state: Json | undefined, report: Report): State | undefined {
  const path = `/States/${name}`;
  if (name.length === 0 || name.length > maximumNameLength) {
    report.add(path, `A state's name must have 1 to ${maximumNameLength} characters`);
  }
  if (!isObject(state)) {
    report.add(path, 'A state must be an object');
    return undefined;
  }
  const kind =
    typeof state.Type === 'string' && Object.hasOwn(stateKinds, state.Type) ? stateKinds[state.Type] : undefined;
  if (!kind) {
    report.add(`${path}/Type`, `Type must be one of ${Object.keys(stateKinds).join(', ')} here`);
    return undefined;
  }
  const fields = report.fields(path, state, [...commonFields, ...kind.fields]);
  fields.optionalOneOf('QueryLanguage', ['JSONata']);
  return kind.load(fields, state, report);
}

/** Loads Output, Assign and either Next or End. `mayEnd` is false for rules, which always need Next. */
function loadExit(fields: Fields, object: JsonObject, mayEnd = true): Exit {
  const next = fields.optionalText('Next');
  if (object.End !== undefined && typeof object.End !== 'boolean') fields.add('End', 'End must be a boolean');
  const ends = object.End === true;
  if (mayEnd && ends === (next !== undefined)) fields.add('Next', 'Exactly one of Next and End is required');
  if (!mayEnd && next === undefined) fields.add('Next', 'These fields are required: [Next]');
  return { ...loadYield(fields, object), ...maybe('next', next) };
}

/** Loads Output and Assign. */
function loadYield(fields: Fields, object: JsonObject): Exit {
  if (object.Assign !== undefined) checkVariables(fields, object.Assign);
  return { ...maybe('output', fields.template('Output')), ...maybe('assign', fields.template('Assign')) };
}

function checkVariables(fields: Fields, assign: Json): void {
  if (!isObject(assign)) {
    fields.add('Assign', 'Assign must be an object');
    return;
  }
  for (const name of Object.keys(assign)) {
    const wellFormed = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(name) && name.length <= maximumNameLength;
    if (!wellFormed || name === 'states') fields.add(`Assign/${name}`, `'${name}' cannot be the name of a variable`);
  }
}

function loadTask(fields: Fields, state: JsonObject, report: Report): State {
  const resource = resourceOf(fields);
  const given = state.Arguments;
  if (!isObject(given) && typeof given !== 'string') fields.add('Arguments', 'Arguments must be an object here');
  if (resource && isObject(given)) {
    report.fields(`${fields.path}/Arguments`, given, taskArguments[resource]);
  }
  const range = { min: 1, max: maximumSeconds };
  if (Number(state.HeartbeatSeconds) >= Number(state.TimeoutSeconds)) {
    fields.add('HeartbeatSeconds', 'HeartbeatSeconds must be smaller than TimeoutSeconds');
  }
  return {
    type: 'Task',
    resource: resource ?? 'lambda:invoke',
    arguments: fields.template('Arguments') ?? (async () => ({})),
    ...maybe('timeoutSeconds', fields.expressionOr('TimeoutSeconds', 'integer', range)),
    ...maybe('heartbeatSeconds', fields.expressionOr('HeartbeatSeconds', 'integer', range)),
    retry: loadRetriers(fields, state.Retry, report),
    catch: loadCatchers(fields, state.Catch, report).map(
      ({ errorEquals, rule, path }): Catcher => ({
        errorEquals,
        exit: loadExit(path, rule, false),
      }),
    ),
    exit: loadExit(fields, state),
  };
}

function resourceOf(fields: Fields): TaskResource | undefined {
  const text = fields.text('Resource');
  const found = /^arn:[^:]+:states:::(.+)$/.exec(text)?.[1];
  const resource = Object.keys(taskArguments).find((name) => name === found) as TaskResource | undefined;
  if (!resource)
    fields.add('Resource', `'${text}' is not supported here. Use one of: ${Object.keys(taskArguments).join(', ')}`);
  return resource;
}

function loadChoice(fields: Fields, state: JsonObject, report: Report): State {
  const rules = Array.isArray(state.Choices) ? state.Choices : [];
  if (rules.length === 0) fields.add('Choices', 'Choices must be a non-empty array');
  const choices = rules.filter(isObject).map((rule, index) => {
    const path = `${fields.path}/Choices[${index}]`;
    const own = report.fields(path, rule, ['Condition', 'Next', 'Output', 'Assign', 'Comment']);
    const condition = own.expressionOr('Condition', 'boolean');
    if (!condition) own.add('Condition', 'Condition must be an expression or a boolean');
    return { condition: condition ?? (async () => false), exit: loadExit(own, rule, false) };
  });
  if (choices.length < rules.length) fields.add('Choices', 'A choice must be an object');
  const otherwise = fields.optionalText('Default');
  if (otherwise === undefined) return { type: 'Choice', choices };
  return { type: 'Choice', choices, otherwise: { ...loadYield(fields, state), next: otherwise } };
}

function loadWait(fields: Fields, state: JsonObject): State {
  const seconds = fields.expressionOr('Seconds', 'integer', { min: 0, max: maximumSeconds });
  const timestamp = fields.expressionOr('Timestamp', 'string');
  if (typeof state.Timestamp === 'string' && !state.Timestamp.startsWith('{%') && !isTimestamp(state.Timestamp)) {
    fields.add('Timestamp', 'String does not match RFC3339 timestamp');
  }
  if ((state.Seconds === undefined) === (state.Timestamp === undefined)) {
    fields.add('Seconds', 'Exactly one of Seconds and Timestamp is required');
  }
  const until = timestamp
    ? { field: 'Timestamp' as const, value: timestamp }
    : { field: 'Seconds' as const, value: seconds ?? (async () => 0) };
  return { type: 'Wait', until, exit: loadExit(fields, state) };
}

function maybe<Name extends string, Value>(name: Name, value: Value | undefined): { [name in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [name in Name]?: Value };
}

const commonFields = ['Type', 'Comment', 'QueryLanguage'];
const exitFields = ['Output', 'Assign', 'Next', 'End'];
const taskFields = ['Resource', 'Arguments', 'TimeoutSeconds', 'HeartbeatSeconds', 'Retry', 'Catch'];

/** The types of state that are supported, with the fields that each may have. */
const stateKinds: Readonly<Record<string, { fields: readonly string[]; load: Loader }>> = {
  Pass: { fields: exitFields, load: (fields, state) => ({ type: 'Pass', exit: loadExit(fields, state) }) },
  Task: { fields: [...exitFields, ...taskFields], load: loadTask },
  Choice: { fields: ['Choices', 'Default', 'Output', 'Assign'], load: loadChoice },
  Wait: { fields: [...exitFields, 'Seconds', 'Timestamp'], load: loadWait },
  Succeed: {
    fields: ['Output'],
    load: (fields) => ({ type: 'Succeed', ...maybe('output', fields.template('Output')) }),
  },
  Fail: {
    fields: ['Error', 'Cause'],
    load: (fields) => ({
      type: 'Fail',
      ...maybe('error', fields.expressionOr('Error', 'string')),
      ...maybe('cause', fields.expressionOr('Cause', 'string')),
    }),
  },
};

const maximumNameLength = 80;
const maximumSeconds = 99_999_999;
