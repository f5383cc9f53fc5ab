// Compiles an event pattern of EventBridge into a predicate over events. Equality is the only comparison, because the
// template's rules and stream filters use no other.

import { AwsError } from '../wire/aws-error.ts';

/** Says whether an event matches. Fields that the pattern does not name are ignored. */
export type EventPattern = (event: unknown) => boolean;

/**
 * Compiles a pattern, given as an object or as JSON text. InvalidEventPatternException says what is wrong and names
 * each operator that is not implemented here.
 * All keys of an object must match, but only one value of an array. An array in the event matches if any of its
 * elements does. Several conditions on the fields of its objects must hold for the same element.
 * Source: eb-create-pattern-operators.html and the event-ruler's README. Numbers are compared by value, so 300 equals
 * 300.0. This differs from AWS's documentation, but AWS's rule engine does the same.
 */
export function compilePattern(pattern: unknown): EventPattern {
  const parsed = typeof pattern === 'string' ? parse(pattern) : pattern;
  if (!isObject(parsed)) throw refuse('Filter is not an object');
  return compileObject(parsed, 0);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw refuse((cause as Error).message);
  }
}

function compileObject(pattern: Record<string, unknown>, depth: number): EventPattern {
  const fields = Object.entries(pattern);
  if (fields.length === 0) throw refuse('Empty objects are not allowed');
  if (depth > maximumDepth) throw refuse(`Patterns are at most ${maximumDepth} deep`);
  const conditions = fields.map(([key, value]) => compileField(key, value, depth));
  return (event) => conditions.every((holds) => holds(event));
}

function compileField(key: string, value: unknown, depth: number): EventPattern {
  if (isObject(value)) {
    const holds = compileObject(value, depth + 1);
    return (parent) => someElement(fieldOf(parent, key), holds);
  }
  if (!Array.isArray(value)) throw refuse(`"${key}" must be an object or an array`);
  if (value.length === 0) throw refuse('Empty arrays are not allowed');
  for (const literal of value) checkLiteral(literal);
  return (parent) => someElement(fieldOf(parent, key), (leaf) => value.includes(leaf));
}

function checkLiteral(value: unknown): void {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return;
  if (!isObject(value)) throw refuse('Match value must be String, number, true, false, or null');
  const operators = Object.keys(value).join(', ');
  throw refuse(`The operator ${operators} is not implemented here. Use values that must be equal.`);
}

/** A field of an object. An array has no fields here, because its elements have been tested one by one before. */
function fieldOf(parent: unknown, key: string): unknown {
  return isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
}

/** Whether the predicate holds for the value, or for one of its elements if it is an array. */
function someElement(value: unknown, holds: EventPattern): boolean {
  return Array.isArray(value) ? value.some((element) => someElement(element, holds)) : holds(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(what: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${what}`);
}

/** More deeply nested patterns are refused. */
const maximumDepth = 64;
