// Reads a regular expression into a tree. Only what can be matched in linear time: no look-around, no back-references.

export type Test = (character: string) => boolean;
export type Expression =
  | { readonly kind: 'one'; readonly test: Test }
  | { readonly kind: 'sequence'; readonly parts: readonly Expression[] }
  | { readonly kind: 'choice'; readonly parts: readonly Expression[] }
  | { readonly kind: 'repeat'; readonly part: Expression; readonly minimum: number; readonly maximum: number }
  | { readonly kind: 'edge'; readonly edge: 'start' | 'end' | 'word' | 'notWord' };

/** What cannot be read; the message says where and why. */
export class ExpressionProblem extends Error {}

/** The tree of an expression. Throws ExpressionProblem. */
export function parseExpression(source: string, ignoreCase: boolean): Expression {
  const reader = { characters: [...source], ignoreCase, at: 0, depth: 0 };
  const expression = readChoice(reader);
  if (reader.at < reader.characters.length) throw problem(reader, 'unmatched ")"');
  return expression;
}

type Reader = { readonly characters: readonly string[]; readonly ignoreCase: boolean; at: number; depth: number };

function readChoice(reader: Reader): Expression {
  const parts = [readSequence(reader)];
  while (take(reader, '|')) parts.push(readSequence(reader));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'choice', parts };
}

function readSequence(reader: Reader): Expression {
  const parts: Expression[] = [];
  for (let next = peek(reader); next !== undefined && next !== '|' && next !== ')'; next = peek(reader)) {
    parts.push(readRepeat(reader, readAtom(reader)));
  }
  return { kind: 'sequence', parts };
}

function readRepeat(reader: Reader, part: Expression): Expression {
  const bounds = readBounds(reader);
  if (bounds === undefined) return part;
  if (part.kind === 'edge') throw problem(reader, 'nothing to repeat');
  // Lazy or not, the same names match.
  take(reader, '?');
  if (['*', '+'].includes(peek(reader) ?? '')) throw problem(reader, 'possessive quantifiers are not supported');
  return { kind: 'repeat', part, minimum: bounds[0], maximum: bounds[1] };
}

function readBounds(reader: Reader): readonly [number, number] | undefined {
  if (take(reader, '*')) return [0, Number.POSITIVE_INFINITY];
  if (take(reader, '+')) return [1, Number.POSITIVE_INFINITY];
  if (take(reader, '?')) return [0, 1];
  const counted = /^\{(\d{1,3})(,(\d{0,3}))?\}/.exec(reader.characters.slice(reader.at, reader.at + 10).join(''));
  if (counted === null) return undefined;
  reader.at += counted[0].length;
  const minimum = Number(counted[1]);
  const maximum = counted[2] === undefined ? minimum : counted[3] ? Number(counted[3]) : Number.POSITIVE_INFINITY;
  if (maximum < minimum) throw problem(reader, 'the bounds of a repetition are out of order');
  return [minimum, maximum];
}

function readAtom(reader: Reader): Expression {
  const character = peek(reader);
  reader.at++;
  switch (character) {
    case '(':
      return readGroup(reader);
    case '[':
      return { kind: 'one', test: readClass(reader) };
    case '.':
      return { kind: 'one', test: (found) => found !== '\n' };
    case '^':
      return { kind: 'edge', edge: 'start' };
    case '$':
      return { kind: 'edge', edge: 'end' };
    case '\\':
      return readEscape(reader);
    case '*':
    case '+':
    case '?':
      throw problem(reader, 'nothing to repeat');
    default:
      return { kind: 'one', test: isCharacter(reader, character ?? '') };
  }
}

function readGroup(reader: Reader): Expression {
  if (++reader.depth > maximumGroupDepth) throw problem(reader, `groups nest deeper than ${maximumGroupDepth}`);
  if (take(reader, '?')) {
    const opening = /^(:|P?<[A-Za-z_]\w*>)/.exec(reader.characters.slice(reader.at, reader.at + 64).join(''));
    if (opening === null) throw problem(reader, 'of groups that begin with "(?" only "(?:" and names are supported');
    reader.at += opening[0].length;
  }
  const inner = readChoice(reader);
  if (!take(reader, ')')) throw problem(reader, 'a ")" is missing');
  reader.depth--;
  return inner;
}

function readEscape(reader: Reader): Expression {
  const next = peek(reader);
  if (next === 'b' || next === 'B') {
    reader.at++;
    return { kind: 'edge', edge: next === 'b' ? 'word' : 'notWord' };
  }
  const escaped = readEscaped(reader);
  return { kind: 'one', test: typeof escaped === 'string' ? isCharacter(reader, escaped) : escaped };
}

/** After a backslash: one character, or a class of them. */
function readEscaped(reader: Reader): string | Test {
  const character = peek(reader);
  if (character === undefined) throw problem(reader, 'it ends in a backslash');
  reader.at++;
  const known = escapedClasses[character] ?? escapedCharacters[character];
  if (known !== undefined) return known;
  if (/[A-Za-z0-9]/.test(character)) throw problem(reader, `"\\${character}" is not supported`);
  return character;
}

function readClass(reader: Reader): Test {
  const negated = take(reader, '^');
  const tests: Test[] = [];
  for (let first = true; first || peek(reader) !== ']'; first = false) {
    const from = readClassItem(reader);
    const isRange = peek(reader) === '-' && ![']', undefined].includes(reader.characters[reader.at + 1]);
    if (!isRange || typeof from !== 'string') {
      tests.push(typeof from === 'string' ? isCharacter(reader, from) : from);
      continue;
    }
    reader.at++;
    const to = readClassItem(reader);
    if (typeof to !== 'string' || codeOf(to) < codeOf(from)) throw problem(reader, 'a range is out of order');
    tests.push(isBetween(reader, codeOf(from), codeOf(to)));
  }
  reader.at++;
  return (found) => tests.some((test) => test(found)) !== negated;
}

function readClassItem(reader: Reader): string | Test {
  const character = peek(reader);
  if (character === undefined) throw problem(reader, 'a "]" is missing');
  reader.at++;
  return character === '\\' ? readEscaped(reader) : character;
}

function isCharacter({ ignoreCase }: Reader, wanted: string): Test {
  if (!ignoreCase) return (found) => found === wanted;
  const folded = wanted.toLowerCase();
  return (found) => found.toLowerCase() === folded;
}

function isBetween({ ignoreCase }: Reader, from: number, to: number): Test {
  const inside: Test = (found) => codeOf(found) >= from && codeOf(found) <= to;
  return ignoreCase ? (found) => inside(found.toLowerCase()) || inside(found.toUpperCase()) : inside;
}

function peek(reader: Reader): string | undefined {
  return reader.characters[reader.at];
}

function take(reader: Reader, character: string): boolean {
  if (peek(reader) !== character) return false;
  reader.at++;
  return true;
}

function problem({ at }: Reader, why: string): ExpressionProblem {
  return new ExpressionProblem(`${why} (at character ${at})`);
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

export const isWordCharacter: Test = (found) => /[A-Za-z0-9_]/.test(found);
const isDigit: Test = (found) => found >= '0' && found <= '9';
const isSpace: Test = (found) => /\s/.test(found);
const not =
  (test: Test): Test =>
  (found) =>
    !test(found);
const escapedClasses: { readonly [letter: string]: Test | undefined } = {
  __proto__: null as never,
  d: isDigit,
  D: not(isDigit),
  w: isWordCharacter,
  W: not(isWordCharacter),
  s: isSpace,
  S: not(isSpace),
};
const escapedCharacters: { readonly [letter: string]: string | undefined } = {
  __proto__: null as never,
  n: '\n',
  t: '\t',
  r: '\r',
  f: '\f',
  v: '\v',
};
const maximumGroupDepth = 20;
