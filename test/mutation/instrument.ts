// Writes all mutants of a file into its text, each behind a switch, so that one load of the program can run any of them.
// While no mutant is switched on, the program does what it did before.

import { isDroppable, type Mutation, mutationsOf } from './mutators.ts';
import { isOneOf, type Node, parse, runningChildren } from './syntax.ts';

export type Mutant = {
  readonly id: number;
  readonly path: string;
  readonly line: number;
  readonly kind: string;
  /** What survivors.ts calls it: its function and what it changes, without any line number. */
  readonly name: string;
};

export type Instrumented = { readonly text: string; readonly mutants: readonly Mutant[] };

type Found = Omit<Mutant, 'id' | 'name'> & { readonly inside: string; readonly change: string };
type Scribe = {
  readonly source: string;
  /** Notes a mutant, and returns the call that asks whether it is switched on. */
  readonly note: (node: Node, inside: string, mutation: Mutation) => string;
};

/** @param firstId the number of the file's first mutant; the others follow it */
export function instrument(path: string, source: string, firstId = 0): Instrumented {
  const found: Found[] = [];
  const note: Scribe['note'] = (node, inside, { kind, before, after }) => {
    const line = source.slice(0, node.start).split('\n').length;
    const change = `${shorten(before ?? source.slice(node.start, node.end))} → ${shorten(after) || 'nothing'}`;
    found.push({ path, line, kind, inside, change: before === undefined ? change : `${shorten(before)}: ${kind}` });
    return `${switchName}(${firstId + found.length - 1})`;
  };
  const text = write(parse(source), undefined, '', { source, note });
  return { text, mutants: nameMutants(found).map((mutant, index) => ({ ...mutant, id: firstId + index })) };
}

/** Equal changes in one function are numbered, in the order of the text. */
function nameMutants(found: readonly Found[]): Omit<Mutant, 'id'>[] {
  const seen = new Map<string, number>();
  return found.map(({ inside, change, ...mutant }) => {
    const name = `${inside === '' ? '' : `${inside}: `}${change}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return { ...mutant, name: count === 1 ? name : `${name} (${count})` };
  });
}

function write(node: Node, parent: Node | undefined, outside: string, scribe: Scribe): string {
  const inside = nameOf(node, outside) ?? outside;
  const children = runningChildren(node).map((child) => ({ child, text: write(child, node, inside, scribe) }));
  let text = '';
  let at = node.start;
  for (const { child, text: written } of children) {
    text += scribe.source.slice(at, child.start) + written;
    at = Math.max(at, child.end);
  }
  text += scribe.source.slice(at, node.end);
  return drop(node, parent, inside, wrap(node, parent, inside, text, scribe), scribe);
}

/** The expression with its mutations as alternatives. */
function wrap(node: Node, parent: Node | undefined, inside: string, text: string, scribe: Scribe): string {
  const mutations = [...mutationsOf(node, scribe.source, parent), ...conditionMutations(node, parent)];
  if (mutations.length === 0) return text;
  const alternatives = mutations.map((mutation) => `${scribe.note(node, inside, mutation)} ? (${mutation.after}) : `);
  return `(${alternatives.join('')}(${text}))`;
}

/** A condition that always holds, and one that never holds. A loop that never ends would say nothing. */
function conditionMutations(node: Node, parent: Node | undefined): Mutation[] {
  if (parent?.test !== node || isOneOf(parent, 'SwitchCase', 'ConditionalExpression')) return [];
  const never = { kind: 'never', after: 'false' };
  return isOneOf(parent, 'IfStatement') ? [{ kind: 'always', after: 'true' }, never] : [never];
}

function drop(node: Node, parent: Node | undefined, inside: string, text: string, scribe: Scribe): string {
  if (!isDroppable(node, parent)) return text;
  const asked = scribe.note(node, inside, { kind: 'left out', after: '' });
  switch (node.type) {
    case 'ExpressionStatement':
      return `{ if (!${asked}) { ${text} } }`;
    case 'SpreadElement':
      return isOneOf(parent, 'ArrayExpression')
        ? `...(${asked} ? [] : ${text.slice(spread.length)})`
        : `...(${asked} ? {} : ${text.slice(spread.length)})`;
    default:
      return `...(${asked} ? {} : { ${text} })`;
  }
}

/** The name that a function, or a constant of the file, gives to what is inside it. */
function nameOf(node: Node, outside: string): string | undefined {
  if (!isOneOf(node.id, 'Identifier')) return undefined;
  const named = outside === '' || isOneOf(node.init, 'ArrowFunctionExpression');
  return isOneOf(node, 'FunctionDeclaration') || (isOneOf(node, 'VariableDeclarator') && named)
    ? String(node.id.name)
    : undefined;
}

function shorten(text: string): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  return plain.length <= maximumNameLength ? plain : `${plain.slice(0, maximumNameLength)}…`;
}

/** The global function that the instrumented text asks (switch.ts). */
export const switchName = 'isSwitchedOn';
const spread = '...';
const maximumNameLength = 80;
