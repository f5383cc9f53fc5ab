// Makes DynamoDB's expressions from our conditions and changes. Pure.

import type { Change, Expected, Key, Value } from '../../core/context.ts';
import { withSafeKeys } from './special-key.ts';

export type Expression = {
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, Value>;
};

type Placeholders = ReturnType<typeof createPlaceholders>;

/** No condition, "there is no such row", or "the row has these values". A missing row has no attributes. */
export function conditionOf(expected: 'absent' | Expected | undefined): Expression {
  const placeholders = createPlaceholders();
  return placeholders.expression({ condition: conditions(placeholders, expected) });
}

/** An update never creates a row: a missing row fails the condition. `undefined` in `set` changes nothing. */
export function updateOf(change: Change, expected: Expected | undefined): Expression {
  const placeholders = createPlaceholders();
  const assigned: string[] = [];
  const removed = new Set(change.remove ?? []);
  for (const [attribute, value] of Object.entries(change.set ?? {})) {
    // An attribute that is both set and removed is removed. DynamoDB would refuse to get both.
    if (value === undefined || removed.has(attribute)) continue;
    assigned.push(`${placeholders.name(attribute)} = ${placeholders.value(value)}`);
  }
  const clauses = [
    ...(assigned.length > 0 ? [`SET ${assigned.join(', ')}`] : []),
    ...(removed.size > 0 ? [`REMOVE ${[...removed].map((attribute) => placeholders.name(attribute)).join(', ')}`] : []),
  ];
  const exists = `attribute_exists(${placeholders.name('pk')})`;
  return placeholders.expression({
    condition: [exists, ...conditions(placeholders, expected)],
    update: clauses.join(' '),
  });
}

/** Every attribute has a placeholder: many of our names are reserved words of DynamoDB's. */
function createPlaceholders() {
  const names = new Map<string, string>();
  const values: Record<string, Value> = {};
  return {
    name(attribute: string): string {
      const known = names.get(attribute);
      if (known !== undefined) return known;
      const placeholder = `#n${names.size}`;
      names.set(attribute, placeholder);
      return placeholder;
    },
    value(value: Value): string {
      const placeholder = `:v${Object.keys(values).length}`;
      values[placeholder] = value;
      return placeholder;
    },
    expression(parts: { readonly condition: readonly string[]; readonly update?: string }): Expression {
      return {
        ...(parts.condition.length > 0 ? { ConditionExpression: parts.condition.join(' AND ') } : {}),
        ...(parts.update ? { UpdateExpression: parts.update } : {}),
        ...(names.size > 0
          ? {
              ExpressionAttributeNames: Object.fromEntries(
                [...names].map(([name, placeholder]) => [placeholder, name]),
              ),
            }
          : {}),
        ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: withSafeKeys(values) } : {}),
      };
    },
  };
}

function conditions(placeholders: Placeholders, expected: 'absent' | Expected | undefined): string[] {
  if (expected === undefined) return [];
  if (expected === 'absent') return [`attribute_not_exists(${placeholders.name('pk')})`];
  return Object.entries(expected).map(([attribute, value]) =>
    value === undefined
      ? `attribute_not_exists(${placeholders.name(attribute)})`
      : `${placeholders.name(attribute)} = ${placeholders.value(value)}`,
  );
}

/**
 * Where a query begins. DynamoDB refuses a starting key outside the range, while `after` may be anywhere. Before the
 * range it changes nothing; behind it nothing is left.
 */
export function startOf(range: {
  pk: string;
  prefix?: string | undefined;
  after?: string | undefined;
  descending?: boolean;
}): Key | 'beginning' | 'nothing' {
  const { pk, prefix = '', after, descending = false } = range;
  if (after === undefined) return 'beginning';
  if (after.startsWith(prefix)) return { pk, sk: after };
  // Sort keys are in the order of their UTF-8 bytes.
  const isBefore = Buffer.compare(Buffer.from(after), Buffer.from(prefix)) < 0;
  return isBefore === descending ? 'nothing' : 'beginning';
}
