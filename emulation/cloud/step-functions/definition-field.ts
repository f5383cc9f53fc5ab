// Reads the fields of an object of a definition by type, and collects the problems.

import { compileTemplate, isExpression, type Template } from './expression.ts';
import type { Json, JsonObject } from './json.ts';

export type Problem = { readonly at: string; readonly problem: string };

export type Report = {
  readonly problems: Problem[];
  add(at: string, problem: string): void;
  /** The fields of an object at `path`. Fields that are not in `known` are reported as problems. */
  fields(path: string, object: JsonObject, known: readonly string[]): Fields;
};

export type Range = { readonly min: number; readonly max: number };

/** Typed reading. A wrong field is reported as a problem and read as absent. */
export type Fields = {
  readonly path: string;
  text(name: string): string;
  optionalText(name: string): string | undefined;
  oneOf(name: string, values: readonly string[], why?: string): void;
  optionalOneOf(name: string, values: readonly string[]): string | undefined;
  optionalInteger(name: string, range: Range): number | undefined;
  optionalNumber(name: string, range: Range): number | undefined;
  /** A value whose strings may be expressions. In evaluation messages `prefix` stands before the name. */
  template(name: string, prefix?: string): Template | undefined;
  /** A field that is either a literal of the type or an expression. */
  expressionOr(name: string, type: 'integer' | 'string' | 'boolean', range?: Range): Template | undefined;
  add(name: string, problem: string): void;
};

export function createReport(): Report {
  const problems: Problem[] = [];
  const report: Report = {
    problems,
    add: (at, problem) => problems.push({ at, problem: prefixed(problem) }),
    fields(path, object, known) {
      for (const name of Object.keys(object)) {
        if (!known.includes(name)) report.add(`${path}/${name}`, `Field '${name}' is not supported here`);
      }
      return fieldsOf(path, object, report);
    },
  };
  return report;
}

function prefixed(problem: string): string {
  return /^[A-Z_]{8,}: /.test(problem) ? problem : `SCHEMA_VALIDATION_FAILED: ${problem}`;
}

function fieldsOf(path: string, object: JsonObject, report: Report): Fields {
  const add = (name: string, problem: string) => report.add(`${path}/${name}`, problem);
  const memberOf = (name: string): Json | undefined => (Object.hasOwn(object, name) ? object[name] : undefined);
  const read = <Value>(name: string, expected: string, accepts: (value: Json) => boolean): Value | undefined => {
    const value = memberOf(name);
    if (value === undefined) return undefined;
    if (accepts(value)) return value as Value;
    add(name, `Expected ${expected}, but was ${JSON.stringify(value)}`);
    return undefined;
  };
  const within =
    ({ min, max }: Range, integer: boolean) =>
    (value: Json) =>
      typeof value === 'number' && (!integer || Number.isInteger(value)) && value >= min && value <= max;
  const said = ({ min, max }: Range) => (max === Number.MAX_VALUE ? `of at least ${min}` : `from ${min} to ${max}`);
  const template = (name: string, prefix = ''): Template | undefined => {
    const value = memberOf(name);
    if (value === undefined) return undefined;
    return compileTemplate(value, prefix + name, (field, problem) => add(field.slice(prefix.length), problem));
  };
  const fields: Fields = {
    path,
    add,
    template,
    text(name) {
      if (memberOf(name) === undefined) report.add(path || '/', `These fields are required: [${name}]`);
      return fields.optionalText(name) ?? '';
    },
    optionalText: (name) => read(name, 'a string', (value) => typeof value === 'string'),
    oneOf(name, values, why) {
      if (memberOf(name) === undefined) report.add(path || '/', `These fields are required: [${name}]; ${why ?? ''}`);
      fields.optionalOneOf(name, values);
    },
    optionalOneOf: (name, values) =>
      read(name, `one of ${values.join(', ')}`, (value) => values.includes(String(value))),
    optionalInteger: (name, range) => read(name, `an integer ${said(range)}`, within(range, true)),
    optionalNumber: (name, range) => read(name, `a number ${said(range)}`, within(range, false)),
    expressionOr(name, type, range = { min: 0, max: Number.MAX_VALUE }) {
      const value = memberOf(name);
      if (value === undefined || isExpression(value)) return template(name);
      const accepts = type === 'integer' ? within(range, true) : (literal: Json) => typeof literal === type;
      const expected = type === 'integer' ? `an integer ${said(range)}` : `a ${type}`;
      return read(name, `${expected} or an expression`, accepts) === undefined ? undefined : template(name);
    },
  };
  return fields;
}
