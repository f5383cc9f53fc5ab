// Event patterns: compiles one into a predicate over events, as EventBridge documents them. Pure; it knows no rule or target.
import { compileMatcher, type Matcher } from './matcher.ts';
import { refuse } from './pattern-error.ts';

/** Says whether an event matches. Fields of an event that the pattern does not name do not matter. */
export type EventPattern = (event: unknown) => boolean;

/** Patterns nested deeper than this are refused. */
const MAX_DEPTH = 64;

/** A node of a compiled pattern: tests one place of the event; `root` and `path` are for "exists: false". */
type Node = (value: unknown, root: unknown) => boolean;

/**
 * Compiles a pattern, given as an object or as JSON text. InvalidEventPatternException names what is wrong.
 * Keys of an object must all match, of the values of an array one; `$or` holds alternatives. An array in the event matches
 * by any of its elements, and several conditions on fields of its objects must hold for one and the same element.
 * Source: eb-create-pattern-operators.html and the event-ruler's README. One difference: numbers are compared by value
 * (300 and 300.0 are one number here), which AWS's documentation denies and its rule engine does.
 */
export function compilePattern(pattern: unknown): EventPattern {
  const parsed = typeof pattern === 'string' ? parse(pattern) : pattern;
  if (!isObject(parsed)) throw refuse('Filter is not an object');
  const node = compileObject(parsed, []);
  return (event) => node(event, event);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw refuse((cause as Error).message);
  }
}

function compileObject(pattern: Record<string, unknown>, path: readonly string[]): Node {
  const keys = Object.keys(pattern);
  if (keys.length === 0) throw refuse('Empty objects are not allowed');
  if (path.length > MAX_DEPTH) throw refuse(`Patterns are at most ${MAX_DEPTH} deep`);
  const conditions = keys.map((key) => {
    const value = pattern[key];
    if (key === '$or' && isAlternatives(value)) return anyOf(value.map((each) => compileObject(each, path)));
    return compileField(key, value, [...path, key]);
  });
  return (value, root) => conditions.every((condition) => condition(value, root));
}

/** In a `$or`, objects with one of these as a key are matchers, and `$or` is a field's name. */
const OPERATOR_NAMES: readonly string[] =
  'exists prefix suffix equals-ignore-case wildcard numeric cidr anything-but'.split(' ');

/** `$or` is an operator only where it holds at least two objects that are no matchers; else it is a field's name. */
function isAlternatives(value: unknown): value is Record<string, unknown>[] {
  if (!Array.isArray(value) || value.length < 2) return false;
  return value.every((each) => isObject(each) && !Object.keys(each).some((key) => OPERATOR_NAMES.includes(key)));
}

function anyOf(nodes: readonly Node[]): Node {
  return (value, root) => nodes.some((node) => node(value, root));
}

function compileField(key: string, value: unknown, path: readonly string[]): Node {
  if (isObject(value)) {
    const inner = compileObject(value, path);
    return (parent, root) => overElements(fieldOf(parent, key), (element) => inner(element, root));
  }
  if (!Array.isArray(value)) throw refuse(`"${key}" must be an object or an array`);
  if (value.length === 0) throw refuse('Empty arrays are not allowed');
  const matchers = value.map((each) => compileMatcher(each));
  const absenceSuffices = matchers.includes('absent');
  const present = matchers.filter((matcher): matcher is Exclude<Matcher, 'absent'> => matcher !== 'absent');
  return (parent, root) => {
    if (absenceSuffices && !isPresent(root, path)) return true;
    return overLeaves(fieldOf(parent, key), (leaf) => present.some((matcher) => matcher(leaf)));
  };
}

/** A field of an object; of the elements of an array none, since arrays are taken apart before. */
function fieldOf(parent: unknown, key: string): unknown {
  return isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
}

/** Runs a sub-pattern on the value, or on each element where it is an array. Absent values run it too (exists: false). */
function overElements(value: unknown, run: (element: unknown) => boolean): boolean {
  if (!Array.isArray(value)) return run(value);
  return value.length === 0 ? run(undefined) : value.some((element) => overElements(element, run));
}

/** Leaves are strings, numbers, booleans and null; "exists" and the like do not see objects. */
function overLeaves(value: unknown, run: (leaf: string | number | boolean | null) => boolean): boolean {
  if (Array.isArray(value)) return value.some((element) => overLeaves(element, run));
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null) {
    return run(value);
  }
  return false;
}

/** Whether the event has a leaf anywhere under this path, in whichever elements of arrays. */
function isPresent(value: unknown, path: readonly string[]): boolean {
  if (Array.isArray(value)) return value.some((element) => isPresent(element, path));
  const [key, ...rest] = path;
  if (key === undefined) return overLeaves(value, () => true);
  return isObject(value) && Object.hasOwn(value, key) && isPresent(value[key], rest);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
