// Compiles JSONata expressions, and JSON templates that contain them, once per definition.

import jsonata from 'jsonata';
import type { Json, JsonObject } from './json.ts';
import { queryEvaluationError } from './state-error.ts';

/** The names that an expression may use: `$states` and the variables. */
export type Scope = {
  readonly states: { readonly input: Json; readonly context: Json; result?: Json; errorOutput?: Json };
  readonly variables: JsonObject;
};

/** A field's value with its expressions compiled. Throws StateError States.QueryEvaluationError. */
export type Template = (scope: Scope) => Promise<Json>;

/** Whether a string is an expression: `{%` and `%}` are its first and last characters, without surrounding spaces. */
export function isExpression(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('{%') && value.endsWith('%}') && value.length >= 4;
}

/**
 * Compiles a value in which any string may be an expression. `field` names it in messages, as `Output/result`. `report`
 * receives each problem (syntax, `$`, unqualified names) with its field.
 */
export function compileTemplate(
  value: Json,
  field: string,
  report: (field: string, problem: string) => void,
): Template {
  if (isExpression(value)) return compileExpression(value.slice(2, -2).trim(), field, report);
  if (Array.isArray(value)) {
    const parts = value.map((element, index) => compileTemplate(element, `${field}[${index}]`, report));
    return (scope) => Promise.all(parts.map((part) => part(scope)));
  }
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).map(
      ([name, member]) => [name, compileTemplate(member, `${field}/${name}`, report)] as const,
    );
    return async (scope) => {
      const result: JsonObject = {};
      for (const [name, part] of parts) result[name] = await part(scope);
      return result;
    };
  }
  return async () => value;
}

function compileExpression(text: string, field: string, report: (field: string, problem: string) => void): Template {
  let compiled: jsonata.Expression;
  try {
    compiled = jsonata(text, { timeout: evaluationTimeoutMs, stack: evaluationStack });
  } catch (error) {
    report(field, `'${text}' is not valid JSONata: ${messageOf(error)}`);
    return async () => null;
  }
  for (const problem of findForbidden(compiled.ast())) report(field, `'${text}': ${problem}`);
  return async ({ states, variables }) => {
    const told = `The JSONata expression '${text}' specified for the field '${field}'`;
    let result: unknown;
    try {
      result = await compiled.evaluate(undefined, { ...variables, states });
    } catch (error) {
      throw queryEvaluationError(field, `${told} threw an error during evaluation. ${messageOf(error)}`);
    }
    if (result === undefined) throw queryEvaluationError(field, `${told} returned nothing (undefined).`);
    const plain = toJson(result);
    if (plain === undefined) throw queryEvaluationError(field, `${told} returned an unsupported result type.`);
    return plain;
  };
}

/** A copy without JSONata's own marks. Undefined if the value contains a function. */
function toJson(value: unknown): Json | undefined {
  let hasFunction = false;
  const text = JSON.stringify(value, (_name, member: unknown) => {
    const marked = typeof member === 'object' && member !== null;
    if (typeof member === 'function' || (marked && ('_jsonata_lambda' in member || '_jsonata_function' in member))) {
      hasFunction = true;
      return null;
    }
    return member;
  });
  return hasFunction ? undefined : (JSON.parse(text) as Json);
}

function messageOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code ? `${code}: ${message}` : String(message ?? error);
}

type Node = {
  readonly type?: string;
  readonly value?: unknown;
  readonly steps?: readonly Node[];
  readonly procedure?: Node;
  [member: string]: unknown;
};

/**
 * Finds names that have no meaning at the top of an expression (`$`, `$$`, a bare name), and functions that are not
 * available here.
 */
function findForbidden(ast: unknown): string[] {
  const problems = new Set<string>();
  const visit = (node: unknown, top: boolean): void => {
    if (Array.isArray(node)) {
      for (const element of node) visit(element, top);
      return;
    }
    if (typeof node !== 'object' || node === null || node instanceof RegExp) return;
    const { type, value, steps, procedure, ...rest } = node as Node;
    if (top && type === 'variable' && (value === '' || value === '$')) {
      problems.add(`$${value} has no meaning outside of a path or filter; use $states.input`);
    }
    if (top && type === 'name') problems.add(`the name ${String(value)} is not qualified; use $states.input`);
    if (type === 'variable' && unavailable.includes(String(value))) problems.add(`$${value} is not available here`);
    if (steps) {
      visit({ ...steps[0], stages: undefined, predicate: undefined, group: undefined }, top);
      visit([steps[0]?.stages, steps[0]?.predicate, steps[0]?.group, steps.slice(1)], false);
    }
    visit(procedure, top);
    // Predicates, groups and the like read the elements of the steps before them.
    const { stages, predicate, group, update, delete: removed, ...here } = rest;
    visit([stages, predicate, group, update, removed], false);
    visit(Object.values(here), top);
  };
  visit(ast, true);
  return [...problems];
}

/** $eval, which Step Functions does not have, and functions that it adds but our state machine does not use. */
const unavailable: readonly string[] = ['eval', 'partition', 'range', 'hash', 'uuid', 'parse'];

/** The limits of one evaluation: its duration and the depth of its recursion. */
const evaluationTimeoutMs = 5_000;
const evaluationStack = 500;
