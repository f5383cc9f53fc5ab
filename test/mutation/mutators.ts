// The mutations: what a wrong program could say in place of an expression, a property or a statement. Words for people
// are left alone: strings with a space, templates and regular expressions.

import { isOneOf, type Node } from './syntax.ts';

/** One mutation of a node. */
export type Mutation = {
  readonly kind: string;
  /** The text in place of the node. A statement that is left out has none. */
  readonly after: string;
  /** The part of the node that changes, if that is not the whole node. */
  readonly before?: string;
};

type Mutator = (node: Node, text: (part: Node) => string, parent: Node | undefined) => Mutation[];

/** The mutations of an expression. A property or a statement can only be left out (`isDroppable`). */
export function mutationsOf(node: Node, source: string, parent: Node | undefined): Mutation[] {
  const text = (part: Node) => source.slice(part.start, part.end);
  return mutators[node.type]?.(node, text, parent) ?? [];
}

/** True for a statement, a property or a spread that the program may do without, as far as the syntax is concerned. */
export function isDroppable(node: Node, parent: Node | undefined): boolean {
  switch (node.type) {
    case 'ExpressionStatement':
      return node.directive === undefined || node.directive === null;
    case 'Property':
    case 'SpreadElement':
      return isOneOf(parent, 'ObjectExpression', 'ArrayExpression');
    default:
      return false;
  }
}

const mutators: { readonly [type: string]: Mutator } = {
  LogicalExpression: ({ left, right, operator }, text) => [
    { kind: `${operator} without its right side`, after: text(left as Node) },
    { kind: `${operator} without its left side`, after: text(right as Node) },
  ],
  ConditionalExpression: ({ consequent, alternate }, text) => [
    { kind: 'always the first', after: text(consequent as Node) },
    { kind: 'always the second', after: text(alternate as Node) },
  ],
  BinaryExpression: ({ left, right, operator }, text, parent) => {
    if (isTestOf(parent, left, right) && equalities.has(operator as string)) return [];
    const others = otherOperators.get(operator as string) ?? [];
    if (operator === '+' && [left, right].some((side) => isWords(side as Node))) return [];
    return others.map((other) => ({
      kind: `${operator} as ${other}`,
      after: `${text(left as Node)} ${other} ${text(right as Node)}`,
    }));
  },
  UnaryExpression: ({ operator, argument }, text) =>
    operator === '!' || operator === '-' ? [{ kind: `no ${operator}`, after: text(argument as Node) }] : [],
  UpdateExpression: ({ operator, argument, prefix }, text) => {
    const other = operator === '++' ? '--' : '++';
    return [
      {
        kind: `${operator} as ${other}`,
        after: prefix ? other + text(argument as Node) : text(argument as Node) + other,
      },
    ];
  },
  AssignmentExpression: ({ left, right, operator }, text) =>
    (otherOperators.get(operator as string) ?? []).map((other) => ({
      kind: `${operator} as ${other}`,
      after: `${text(left as Node)} ${other} ${text(right as Node)}`,
    })),
  Literal: ({ value, raw }, _text, parent) => {
    if (typeof value === 'boolean') return [{ kind: 'the other boolean', after: String(!value) }];
    if (typeof value !== 'string' || value.includes(' ') || String(raw).startsWith('`')) return [];
    if (parent?.type === 'Property' || (parent?.type === 'BinaryExpression' && parent.operator !== '+')) return [];
    return [{ kind: 'another string', after: value === '' ? "'mutant'" : "''" }];
  },
  ArrayExpression: ({ elements }, _text, parent) =>
    (elements as Node[]).length === 0 || isOneOf(parent, 'ArrayExpression')
      ? []
      : [{ kind: 'no elements', after: '[]' }],
  ChainExpression: (node, text) => optionalLinks(node.expression as Node, text, node.start),
  CallExpression: callMutations,
};

/** A comparison that is a whole condition: the condition's own mutations say the same. */
function isTestOf(parent: Node | undefined, left: unknown, right: unknown): boolean {
  if (!isOneOf(parent, ...conditions)) return false;
  const test = parent.test as Node;
  return isOneOf(test, 'BinaryExpression') && test.left === left && test.right === right;
}

function isWords(node: Node): boolean {
  return node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string');
}

/** Each `?.` of a chain as a plain link. */
function optionalLinks(node: Node, text: (part: Node) => string, start: number): Mutation[] {
  const whole = text({ ...node, start });
  const links: number[] = [];
  for (let at: unknown = node; isOneOf(at, 'MemberExpression', 'CallExpression', 'TSNonNullExpression'); ) {
    const inner = (at.object ?? at.callee ?? at.expression) as Node;
    if (at.optional === true) links.push(whole.indexOf('?.', inner.end - start));
    at = inner;
  }
  return links.map((at) => {
    const rest = whole.slice(at + 2);
    const plain = rest.startsWith('[') || rest.startsWith('(') ? rest : `.${rest}`;
    return {
      kind: 'no ?',
      before: whole.slice(0, at + 2 + (/^\w*/.exec(rest)?.[0].length ?? 0)),
      after: whole.slice(0, at) + plain,
    };
  });
}

/** A call of a method that has an opposite, or that chooses or orders elements. */
function callMutations({ callee, arguments: given, optional }: Node, text: (part: Node) => string): Mutation[] {
  if (!isOneOf(callee, 'MemberExpression') || callee.computed === true || callee.optional || optional) return [];
  const method = text(callee.property as Node);
  const object = text(callee.object as Node);
  const args = (given as Node[]).map(text).join(', ');
  const others = (otherMethods.get(method) ?? []).map((other) => ({
    kind: `${method} as ${other}`,
    before: `${method}(${args})`,
    after: `${object}.${other}(${args})`,
  }));
  const left = leftOut.has(method) ? [{ kind: `no ${method}`, before: `${method}(${args})`, after: object }] : [];
  return [...others, ...left];
}

const conditions = ['IfStatement', 'WhileStatement', 'DoWhileStatement', 'ForStatement', 'ConditionalExpression'];
const equalities = new Set(['===', '!==']);
const otherOperators: ReadonlyMap<string, readonly string[]> = new Map([
  ['===', ['!==']],
  ['!==', ['===']],
  ['<', ['<=', '>=']],
  ['<=', ['<', '>']],
  ['>', ['>=', '<=']],
  ['>=', ['>', '<']],
  ['+', ['-']],
  ['-', ['+']],
  ['*', ['/']],
  ['/', ['*']],
  ['%', ['*']],
  ['+=', ['-=']],
  ['-=', ['+=']],
  ['??=', ['=']],
]);
const otherMethods: ReadonlyMap<string, readonly string[]> = new Map([
  ['some', ['every']],
  ['every', ['some']],
  ['startsWith', ['endsWith']],
  ['endsWith', ['startsWith']],
  ['min', ['max']],
  ['max', ['min']],
  ['floor', ['ceil']],
  ['ceil', ['floor']],
]);
const leftOut = new Set(['filter', 'sort', 'toSorted', 'reverse', 'toReversed', 'slice', 'trim', 'concat']);
