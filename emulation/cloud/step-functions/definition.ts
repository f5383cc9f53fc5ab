// Loads a state machine from the States Language, or reports everything that is wrong with it.

import { given } from '../../../core/given.ts';
import { AwsError } from '../wire/aws-error.ts';
import { createReport, type Fields, type Report } from './definition-field.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { loadState } from './load-state.ts';
import type { Machine, State } from './machine.ts';

/**
 * Loads a definition (JSON text). One AwsError `InvalidDefinition` lists all problems with their states and fields.
 * They include everything that AWS refuses, and what this interpreter does not run (JSONPath, Parallel, Map, other
 * resources …).
 * Source: https://states-language.net/spec.html
 */
export function loadMachine(text: string): Machine {
  const report = createReport();
  const machine = loadFrom(parse(text), report);
  if (report.problems.length === 0 && machine) return machine;
  throw invalidDefinition(report.problems.map(({ at, problem }) => `${problem} at ${at}`).join(', '));
}

function loadFrom(definition: JsonObject, report: Report): Machine | undefined {
  const fields: Fields = report.fields('', definition, machineFields);
  fields.oneOf('QueryLanguage', ['JSONata'], 'a machine without QueryLanguage is JSONPath, which does not run here');
  fields.optionalOneOf('Version', ['1.0']);
  const timeoutSeconds = fields.optionalInteger('TimeoutSeconds', { min: 1, max: 99_999_999 });
  const startAt = fields.text('StartAt');
  const found = definition.States;
  if (!isObject(found) || Object.keys(found).length === 0) {
    report.add('/', 'These fields are required: [States]');
    return undefined;
  }
  const states = new Map<string, State>();
  for (const [name, state] of Object.entries(found)) {
    const loaded = loadState(name, state, report);
    if (loaded) states.set(name, loaded);
  }
  checkTargets(startAt, found, report);
  return { startAt, states, ...given({ timeoutSeconds }) };
}

/** Checks that every next state exists and that every state can be reached. */
function checkTargets(startAt: string, states: JsonObject, report: Report): void {
  if (startAt && !Object.hasOwn(states, startAt)) {
    report.add('/StartAt', `MISSING_TRANSITION_TARGET: Missing 'Next' target: ${startAt}`);
  }
  const reached = new Set([startAt]);
  for (const name of reached) {
    const state = Object.hasOwn(states, name) ? states[name] : undefined;
    for (const [at, target] of targetsOf(state)) {
      if (Object.hasOwn(states, target)) reached.add(target);
      else report.add(`/States/${name}/${at}`, `MISSING_TRANSITION_TARGET: Missing 'Next' target: ${target}`);
    }
  }
  for (const name of Object.keys(states)) {
    if (!reached.has(name)) report.add(`/States/${name}`, 'MISSING_TRANSITION_TARGET: State is not reachable');
  }
}

function targetsOf(state: Json | undefined): [at: string, target: string][] {
  if (!isObject(state)) return [];
  const nested = (field: 'Choices' | 'Catch') =>
    Array.isArray(state[field])
      ? state[field].map((rule, index) => [`${field}[${index}]/Next`, isObject(rule) ? rule.Next : undefined])
      : [];
  const all = [['Next', state.Next], ['Default', state.Default], ...nested('Choices'), ...nested('Catch')];
  return all.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}

function parse(text: string): JsonObject {
  if (Buffer.byteLength(text) > maximumDefinitionBytes) {
    throw invalidDefinition(`SCHEMA_VALIDATION_FAILED: The definition is larger than ${maximumDefinitionBytes} bytes`);
  }
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw invalidDefinition(`INVALID_JSON_DESCRIPTION: ${(cause as Error).message}`);
  }
  if (!isObject(value)) throw invalidDefinition('SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object');
  return value;
}

function invalidDefinition(problem: string): AwsError {
  return new AwsError('InvalidDefinition', `Invalid State Machine Definition: '${problem}'`);
}

const maximumDefinitionBytes = 1_048_576;
const machineFields = ['Comment', 'QueryLanguage', 'StartAt', 'States', 'TimeoutSeconds', 'Version'];
