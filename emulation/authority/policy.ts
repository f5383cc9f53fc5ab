// Evaluates IAM policy statements as AWS documents it: a deny wins, and otherwise one allow is needed.

import { StartRefusal } from '../../machine/start-refusal.ts';

/**
 * A question to a policy: may this action be done to this resource in this context? The context maps each condition key, in
 * lower case, to its values.
 */
export type Access = {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, readonly string[]>>;
};

export type Policy = { allows(access: Access): boolean };

type Condition = (context: Readonly<Record<string, readonly string[]>>) => boolean;
type Statement = {
  readonly denies: boolean;
  readonly actions: (action: string) => boolean;
  readonly resources: (resource: string) => boolean;
  readonly conditions: readonly Condition[];
};

/**
 * Compiles the policy documents of one role.
 * Rules: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 * @throws StartRefusal for a statement that is not understood, because ignoring a condition would allow too much.
 */
export function compilePolicy(documents: readonly unknown[]): Policy {
  const statements = documents.flatMap((document) => asList(field(document, 'Statement'))).map(compileStatement);
  return {
    allows(access) {
      const matching = statements.filter((statement) => matches(statement, access));
      return matching.length > 0 && !matching.some(({ denies }) => denies);
    },
  };
}

function compileStatement(statement: unknown): Statement {
  const notAction = field(statement, 'NotAction');
  const notResource = field(statement, 'NotResource');
  const actions = anyOf(asList(notAction ?? field(statement, 'Action')), 'i');
  const resources = anyOf(asList(notResource ?? field(statement, 'Resource')), '');
  return {
    denies: field(statement, 'Effect') === 'Deny',
    actions: notAction === undefined ? actions : (action) => !actions(action),
    resources: notResource === undefined ? resources : (resource) => !resources(resource),
    conditions: Object.entries((field(statement, 'Condition') ?? {}) as Record<string, object>).flatMap(
      ([operator, keys]) =>
        Object.entries(keys).map(([key, wanted]) => compileCondition(operator, key, asList(wanted))),
    ),
  };
}

function matches(statement: Statement, { action, resource, context = {} }: Access): boolean {
  return (
    statement.actions(action) &&
    statement.resources(resource) &&
    statement.conditions.every((condition) => condition(context))
  );
}

type Comparison = (wanted: readonly unknown[]) => (value: string) => boolean;
const equal: Comparison = (wanted) => (value) => wanted.map(String).includes(value);
const like: Comparison = (wanted) => anyOf(wanted, '');
const equalIgnoringCase: Comparison = (wanted) => (value) =>
  wanted.some((text) => String(text).toLowerCase() === value.toLowerCase());
const not =
  (comparison: Comparison): Comparison =>
  (wanted) => {
    const matchesOne = comparison(wanted);
    return (value) => !matchesOne(value);
  };

/** Where the key is absent, a positive comparison fails. A negated one, `…IfExists` and `ForAllValues:` hold. */
function compileCondition(operator: string, key: string, wanted: readonly unknown[]): Condition {
  const [, quantifier, name = '', ifExists] = /^(ForAllValues:|ForAnyValue:)?(.*?)(IfExists)?$/.exec(operator) ?? [];
  const contextKey = key.toLowerCase();
  if (name === 'Null') {
    const absent = String(wanted[0]) === 'true';
    return (context) => (context[contextKey] === undefined) === absent;
  }
  const comparison = Object.hasOwn(comparisons, name) ? comparisons[name] : undefined;
  if (!comparison)
    throw new StartRefusal(`A role uses the condition ${operator}, which the local platform does not evaluate.`);
  const holds = comparison(wanted);
  const holdsWhenAbsent = ifExists !== undefined || name.includes('Not') || quantifier === 'ForAllValues:';
  return (context) => {
    const values = context[contextKey];
    if (values === undefined) return holdsWhenAbsent;
    return quantifier === 'ForAllValues:' ? values.every(holds) : values.some(holds);
  };
}

/** A `*` matches any text, a `?` one character. */
function anyOf(patterns: readonly unknown[], flags: string): (text: string) => boolean {
  const expressions = patterns.map((pattern) => {
    const source = String(pattern)
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${source}$`, `s${flags}`);
  });
  return (text) => expressions.some((expression) => expression.test(text));
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function asList(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

const comparisons: Readonly<Record<string, Comparison>> = {
  StringEquals: equal,
  StringNotEquals: not(equal),
  StringEqualsIgnoreCase: equalIgnoringCase,
  StringLike: like,
  StringNotLike: not(like),
  ArnEquals: like,
  ArnLike: like,
  ArnNotEquals: not(like),
  ArnNotLike: not(like),
  Bool: equalIgnoringCase,
};
