// The comparison operators of event patterns, one value at a time. Pure; it knows nothing of fields or events.
import { BlockList, isIP } from 'node:net';
import { refuse } from './pattern-error.ts';
import { compileWildcard } from './wildcard.ts';

export type Leaf = string | number | boolean | null;
/** `absent` is `{"exists": false}`, which the field decides, not a value. */
export type Matcher = ((leaf: Leaf) => boolean) | 'absent';

/** Numbers that EventBridge compares: between minus and plus five billion. */
const MAX_NUMBER = 5e9;

/** One element of a pattern's array: a literal, or an object with exactly one operator. */
export function compileMatcher(element: unknown): Matcher {
  if (element === null || typeof element === 'string' || typeof element === 'boolean') {
    return (leaf) => leaf === element;
  }
  if (typeof element === 'number') {
    checkNumber(element);
    return (leaf) => leaf === element;
  }
  const { operator, operand } = onlyOperator(element);
  if (operator === 'exists') {
    if (typeof operand !== 'boolean') throw refuse('exists match pattern must be either true or false.');
    return operand ? () => true : 'absent';
  }
  const compile = OPERATORS[operator];
  if (!compile) throw refuse(`Unrecognized match type ${operator}`);
  return compile(operand);
}

type Compile = (operand: unknown) => (leaf: Leaf) => boolean;

const OPERATORS: Readonly<Record<string, Compile>> = {
  prefix: (operand) => affix('prefix', operand, (text, affix) => text.startsWith(affix)),
  suffix: (operand) => affix('suffix', operand, (text, affix) => text.endsWith(affix)),
  'equals-ignore-case': (operand) => {
    const wanted = textOf('equals-ignore-case', operand).toLowerCase();
    return (leaf) => typeof leaf === 'string' && leaf.toLowerCase() === wanted;
  },
  wildcard: (operand) => compileWildcard(textOf('wildcard', operand)),
  numeric: compileNumeric,
  cidr: compileCidr,
  'anything-but': compileAnythingBut,
};

function onlyOperator(element: unknown): { operator: string; operand: unknown } {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) {
    throw refuse('Match value must be String, number, true, false, or null');
  }
  const [entry, ...others] = Object.entries(element);
  if (!entry || others.length > 0) throw refuse('Only one key allowed in match expression');
  return { operator: entry[0], operand: entry[1] as unknown };
}

function affix(operator: string, operand: unknown, test: (text: string, affix: string) => boolean) {
  if (typeof operand === 'string') {
    return (leaf: Leaf) => typeof leaf === 'string' && test(leaf, operand);
  }
  const inner = onlyOperator(operand);
  if (inner.operator !== 'equals-ignore-case') throw refuse(`Unsupported ${operator} pattern: ${inner.operator}`);
  const wanted = textOf(operator, inner.operand).toLowerCase();
  return (leaf: Leaf) => typeof leaf === 'string' && test(leaf.toLowerCase(), wanted);
}

function textOf(operator: string, operand: unknown): string {
  if (typeof operand !== 'string') throw refuse(`${operator} match pattern must be a string`);
  return operand;
}

const COMPARISONS: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '=': (left, right) => left === right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

/** `["<", n]`, `["=", n]`, or a lower and an upper bound in this order: `[">", 0, "<=", 5]`. */
function compileNumeric(operand: unknown) {
  if (!Array.isArray(operand)) throw refuse('Value of numeric must be an array.');
  if (operand.length !== 2 && operand.length !== 4) throw refuse('numeric takes one or two comparisons');
  const tests: { operator: string; compare: (left: number, right: number) => boolean; bound: number }[] = [];
  for (let index = 0; index < operand.length; index += 2) {
    const operator = String(operand[index]);
    const compare = Object.hasOwn(COMPARISONS, operator) ? COMPARISONS[operator] : undefined;
    if (!compare) throw refuse(`Unrecognized numeric range operator: ${operator}`);
    tests.push({ operator, compare, bound: checkNumber(operand[index + 1]) });
  }
  const [lower, upper] = tests;
  if (lower && upper) {
    if (!lower.operator.startsWith('>') || !upper.operator.startsWith('<')) {
      throw refuse('Too many terms in numeric range expression');
    }
    if (lower.bound >= upper.bound) throw refuse('Bottom must be less than top');
  }
  return (leaf: Leaf) => typeof leaf === 'number' && tests.every(({ compare, bound }) => compare(leaf, bound));
}

function checkNumber(value: unknown): number {
  if (typeof value !== 'number' || Math.abs(value) > MAX_NUMBER) {
    throw refuse(`Value must be between ${-MAX_NUMBER} and ${MAX_NUMBER}, inclusive`);
  }
  return value;
}

function compileCidr(operand: unknown) {
  const [address = '', bits, ...rest] = textOf('cidr', operand).split('/');
  const version = isIP(address);
  const prefix = Number(bits);
  if (version === 0 || rest.length > 0 || bits === '' || !Number.isInteger(prefix)) throw refuse('Malformed CIDR');
  if (prefix < 0 || prefix > (version === 4 ? 32 : 128)) throw refuse('Malformed CIDR, mask bits out of range');
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(address, prefix, family);
  return (leaf: Leaf) => typeof leaf === 'string' && isIP(leaf) === version && block.check(leaf, family);
}

/** A value that is there and is none of those: literals, a list of strings or of numbers, or what an operator selects. */
function compileAnythingBut(operand: unknown) {
  if (typeof operand === 'object' && operand !== null && !Array.isArray(operand)) {
    const { operator, operand: inner } = onlyOperator(operand);
    const compile = OPERATORS[operator];
    if (!compile || !['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(operator)) {
      throw refuse(`Unsupported anything-but pattern: ${operator}`);
    }
    if (listOf(inner).includes('')) throw refuse(`Null ${operator} not allowed`);
    const excluded = listOf(inner).map(compile);
    return (leaf: Leaf) => !excluded.some((matches) => matches(leaf));
  }
  const literals = listOf(operand);
  const [first] = literals;
  const uniform = literals.every((literal) => typeof literal === typeof first);
  if (!uniform || (typeof first !== 'string' && typeof first !== 'number')) {
    throw refuse('Inside anything but list, either all values are number or string, mixed type is not supported');
  }
  return (leaf: Leaf) => !literals.includes(leaf);
}

function listOf(operand: unknown): unknown[] {
  const list = Array.isArray(operand) ? operand : [operand];
  if (list.length === 0) throw refuse('Empty arrays are not allowed');
  return list;
}
