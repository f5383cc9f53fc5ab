// Evaluates CloudFormation's functions (Ref, Fn::…), which stand in a table.

import { StartRefusal } from '../../machine/start-refusal.ts';
import { localAccountId, localRegion } from '../cloud/wire/account.ts';

/** The names of a template that its expressions may refer to. */
export type Scope = {
  /** The value of `Ref` for a resource or parameter of the template. */
  reference(name: string): unknown;
  attribute(logicalId: string, attribute: string): unknown;
  condition(name: string): boolean;
  mapping(name: string, first: string, second: string): unknown;
};

/**
 * The value of an expression of a template, with every function carried out.
 * @throws StartRefusal for a function outside the table. `Fn::ImportValue` is one, because our stacks share names.
 */
export function evaluate(expression: unknown, scope: Scope): unknown {
  const value = evaluateAny(expression, scope);
  return value === noValue ? undefined : value;
}

function evaluateAny(expression: unknown, scope: Scope): unknown {
  if (Array.isArray(expression)) {
    return expression.map((element) => evaluateAny(element, scope)).filter((element) => element !== noValue);
  }
  if (typeof expression !== 'object' || expression === null) return expression;
  const entries = Object.entries(expression);
  const [name, argument] = entries[0] ?? [];
  if (
    entries.length === 1 &&
    name !== undefined &&
    (name === 'Ref' || name === 'Condition' || name.startsWith('Fn::'))
  ) {
    const run = Object.hasOwn(intrinsicFunctions, name) ? intrinsicFunctions[name] : undefined;
    if (!run) throw new StartRefusal(`The template uses ${name}, which the local platform does not evaluate.`);
    // `Condition` is also an ordinary key in policies.
    if (name !== 'Condition' || typeof argument === 'string') return run(argument, scope);
  }
  const pairs = entries.map(([key, value]) => [key, evaluateAny(value, scope)] as const);
  return Object.fromEntries(pairs.filter(([, value]) => value !== noValue));
}

function reference(name: string, scope: Scope): unknown {
  if (name === 'AWS::NoValue') return noValue;
  return Object.hasOwn(pseudoParameters, name) ? pseudoParameters[name] : scope.reference(name);
}

function list(argument: unknown, scope: Scope): unknown[] {
  return asList(evaluateAny(argument, scope), 'a function');
}

function asList(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value))
    throw new StartRefusal(`${what} of the template needs a list, not ${JSON.stringify(value)}.`);
  return value;
}

/** The values of `AWS::…` in the one account and region of the emulation. */
const pseudoParameters: Readonly<Record<string, unknown>> = {
  'AWS::AccountId': localAccountId,
  'AWS::Region': localRegion,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'local',
  'AWS::StackId': `arn:aws:cloudformation:${localRegion}:${localAccountId}:stack/local`,
  'AWS::NotificationARNs': [],
};

const noValue = Symbol('AWS::NoValue');
/** The answer of `Fn::GetAZs`. These are only names, and nothing runs in them. */
const zoneNames = ['a', 'b', 'c'].map((letter) => `${localRegion}${letter}`);

const intrinsicFunctions: Readonly<Record<string, (argument: unknown, scope: Scope) => unknown>> = {
  Ref: (argument, scope) => reference(String(argument), scope),
  Condition: (argument, scope) => scope.condition(String(argument)),
  'Fn::GetAtt': (argument, scope) => {
    const [id, ...rest] = Array.isArray(argument) ? argument.map(String) : String(argument).split('.');
    return scope.attribute(id ?? '', rest.join('.'));
  },
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = list(argument, scope);
    return asList(parts, 'Fn::Join').map(String).join(String(separator));
  },
  'Fn::Sub': (argument, scope) => {
    const [text, variables] = Array.isArray(argument) ? argument : [argument, {}];
    const values = evaluateAny(variables, scope) as Readonly<Record<string, unknown>>;
    return String(text).replace(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (Object.hasOwn(values, name)) return String(values[name]);
      const dot = name.indexOf('.');
      return String(dot < 0 ? reference(name, scope) : scope.attribute(name.slice(0, dot), name.slice(dot + 1)));
    });
  },
  'Fn::Split': (argument, scope) => {
    const [separator, text] = list(argument, scope);
    return String(text).split(String(separator));
  },
  'Fn::Select': (argument, scope) => {
    const [index, parts] = list(argument, scope);
    const values = asList(parts, 'Fn::Select');
    if (!(Number(index) in values)) throw new StartRefusal(`Fn::Select asks for element ${index} of ${values.length}.`);
    return values[Number(index)];
  },
  'Fn::If': (argument, scope) => {
    const [name, yes, no] = asList(argument, 'Fn::If');
    return evaluateAny(scope.condition(String(name)) ? yes : no, scope);
  },
  'Fn::Equals': (argument, scope) => {
    const [left, right] = list(argument, scope);
    return JSON.stringify(left) === JSON.stringify(right);
  },
  'Fn::Not': (argument, scope) => list(argument, scope)[0] !== true,
  'Fn::And': (argument, scope) => list(argument, scope).every((value) => value === true),
  'Fn::Or': (argument, scope) => list(argument, scope).some((value) => value === true),
  'Fn::FindInMap': (argument, scope) => {
    const [name, first, second] = list(argument, scope).map(String);
    return scope.mapping(name ?? '', first ?? '', second ?? '');
  },
  'Fn::GetAZs': () => zoneNames,
  'Fn::Base64': (argument, scope) => Buffer.from(String(evaluateAny(argument, scope))).toString('base64'),
};
