// Reads a regular expression into a tree. It accepts only what can be matched in linear time, without back references
// and lookarounds, so that a caller's pattern cannot keep the platform busy. regexp.ts matches.

export type Node =
  | { readonly kind: 'set'; readonly holds: (codePoint: number) => boolean }
  | { readonly kind: 'assert'; readonly where: Where }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'group'; readonly index: number; readonly item: Node }
  | {
      readonly kind: 'repeat';
      readonly item: Node;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    };
export type Where = 'start' | 'end' | 'wordEdge' | 'noWordEdge';
export type Syntax = { readonly tree: Node; readonly groupCount: number };

type Reader = { readonly characters: readonly string[]; readonly anyCase: boolean; at: number; groupCount: number };

/** The tree of a pattern in the common part of PCRE, or its problem. */
export function parsePattern(pattern: string, anyCase = false): Syntax | { readonly problem: string } {
  if (pattern.length > maximumPatternLength) return { problem: `be at most ${maximumPatternLength} characters long` };
  const reader: Reader = { characters: [...pattern], anyCase, at: 0, groupCount: 0 };
  try {
    const tree = readChoice(reader, 0);
    if (!atEnd(reader)) throw new SyntaxProblem('hold no ")" without "("');
    return { tree, groupCount: reader.groupCount };
  } catch (error) {
    if (error instanceof SyntaxProblem) return { problem: error.message };
    throw error;
  }
}

class SyntaxProblem extends Error {}

function readChoice(reader: Reader, depth: number): Node {
  if (depth > maximumGroupDepth) throw new SyntaxProblem(`nest at most ${maximumGroupDepth} groups`);
  const options = [readSequence(reader, depth)];
  while (take(reader, '|')) options.push(readSequence(reader, depth));
  return options.length === 1 && options[0] !== undefined ? options[0] : { kind: 'choice', options };
}

function readSequence(reader: Reader, depth: number): Node {
  const items: Node[] = [];
  while (!atEnd(reader) && peek(reader) !== '|' && peek(reader) !== ')')
    items.push(readRepeated(reader, readAtom(reader, depth)));
  return { kind: 'sequence', items };
}

function readRepeated(reader: Reader, item: Node): Node {
  const counts = readCounts(reader);
  if (counts === undefined) return item;
  const lazy = take(reader, '?');
  if (take(reader, '+')) throw new SyntaxProblem('hold no possessive repetition');
  if (counts.max !== Infinity && counts.max > maximumRepetition) {
    throw new SyntaxProblem(`repeat at most ${maximumRepetition} times`);
  }
  if (counts.min > counts.max) throw new SyntaxProblem('have the smaller number first in {m,n}');
  return { kind: 'repeat', item, ...counts, lazy };
}

function readCounts(reader: Reader): { min: number; max: number } | undefined {
  if (take(reader, '*')) return { min: 0, max: Infinity };
  if (take(reader, '+')) return { min: 1, max: Infinity };
  if (take(reader, '?')) return { min: 0, max: 1 };
  const braces = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(reader.characters.slice(reader.at, reader.at + 12).join(''));
  if (braces === null) return undefined;
  reader.at += braces[0].length;
  const min = Number(braces[1]);
  if (min > maximumRepetition) throw new SyntaxProblem(`repeat at most ${maximumRepetition} times`);
  if (braces[2] === undefined) return { min, max: min };
  return { min, max: braces[3] === '' ? Infinity : Number(braces[3]) };
}

function readAtom(reader: Reader, depth: number): Node {
  const character = next(reader);
  switch (character) {
    case '^':
      return { kind: 'assert', where: 'start' };
    case '$':
      return { kind: 'assert', where: 'end' };
    case '.':
      return { kind: 'set', holds: (codePoint) => codePoint !== lineFeed };
    case '(':
      return readGroup(reader, depth);
    case '[':
      return readClass(reader);
    case '\\':
      return readEscape(reader);
    case '*':
    case '+':
    case '?':
      throw new SyntaxProblem(`hold something to repeat before "${character}"`);
    default:
      return setOf(reader, (codePoint) => codePoint === character.codePointAt(0));
  }
}

function readGroup(reader: Reader, depth: number): Node {
  const opening = reader.characters.slice(reader.at, reader.at + 40).join('');
  const named = /^\?P?<[A-Za-z_]\w{0,30}>/.exec(opening);
  let index: number | undefined;
  if (opening.startsWith('?:')) reader.at += 2;
  else if (named !== null) reader.at += named[0].length;
  else if (opening.startsWith('?')) throw new SyntaxProblem('hold no group that looks around or sets options');
  if (!opening.startsWith('?:')) index = ++reader.groupCount;
  const item = readChoice(reader, depth + 1);
  if (!take(reader, ')')) throw new SyntaxProblem('close every "("');
  return index === undefined ? item : { kind: 'group', index, item };
}

function readEscape(reader: Reader): Node {
  if (atEnd(reader)) throw new SyntaxProblem('not end with "\\"');
  if (peek(reader) === 'b' || peek(reader) === 'B') {
    return { kind: 'assert', where: next(reader) === 'b' ? 'wordEdge' : 'noWordEdge' };
  }
  if (/[1-9]/.test(peek(reader))) throw new SyntaxProblem('hold no back reference');
  return setOf(reader, readEscapedSet(reader));
}

function readEscapedSet(reader: Reader): (codePoint: number) => boolean {
  const character = next(reader);
  const known = escapedSets[character];
  if (known !== undefined) return known;
  const code = readEscapedCharacter(reader, character);
  return (codePoint) => codePoint === code;
}

function readEscapedCharacter(reader: Reader, character: string): number {
  const control = { n: 10, t: 9, r: 13, f: 12, v: 11 }[character];
  if (control !== undefined) return control;
  const digits = character === 'x' ? 2 : character === 'u' ? 4 : 0;
  const code = reader.characters.slice(reader.at, reader.at + digits).join('');
  if (digits > 0 && code.length === digits && /^[0-9a-fA-F]+$/.test(code)) {
    reader.at += digits;
    return Number.parseInt(code, 16);
  }
  if (/[A-Za-z0-9]/.test(character)) throw new SyntaxProblem(`hold no "\\${character}"`);
  return character.codePointAt(0) ?? 0;
}

function readClass(reader: Reader): Node {
  const negated = take(reader, '^');
  const tests: ((codePoint: number) => boolean)[] = [];
  for (let first = true; first || peek(reader) !== ']'; first = false) {
    if (atEnd(reader)) throw new SyntaxProblem('close every "["');
    if (peek(reader) === '[' && reader.characters[reader.at + 1] === ':') {
      throw new SyntaxProblem('hold no named class such as [:alpha:]');
    }
    tests.push(readClassItem(reader));
  }
  next(reader);
  const { holds } = setOf(reader, (codePoint) => tests.some((test) => test(codePoint)));
  return { kind: 'set', holds: negated ? (codePoint) => !holds(codePoint) : holds };
}

/** Case is ignored before the set is negated: `[^a]` does not match `A` then. */
function setOf(reader: Reader, test: (codePoint: number) => boolean): Extract<Node, { kind: 'set' }> {
  return { kind: 'set', holds: reader.anyCase ? (codePoint) => casesOf(codePoint).some(test) : test };
}

function readClassItem(reader: Reader): (codePoint: number) => boolean {
  if (peek(reader) === '\\' && escapedSets[reader.characters[reader.at + 1] ?? ''] !== undefined) {
    next(reader);
    return readEscapedSet(reader);
  }
  const low = readClassCharacter(reader);
  const isRange = peek(reader) === '-' && (reader.characters[reader.at + 1] ?? ']') !== ']';
  if (!isRange) return (codePoint) => codePoint === low;
  next(reader);
  const high = readClassCharacter(reader);
  if (high < low) throw new SyntaxProblem('have ranges in order');
  return (codePoint) => codePoint >= low && codePoint <= high;
}

function readClassCharacter(reader: Reader): number {
  const character = next(reader);
  if (character !== '\\') return character.codePointAt(0) ?? 0;
  if (atEnd(reader)) throw new SyntaxProblem('close every "["');
  return readEscapedCharacter(reader, next(reader));
}

function peek(reader: Reader): string {
  return reader.characters[reader.at] ?? '';
}

function next(reader: Reader): string {
  if (atEnd(reader)) throw new SyntaxProblem('be complete');
  return reader.characters[reader.at++] ?? '';
}

function take(reader: Reader, character: string): boolean {
  if (peek(reader) !== character) return false;
  reader.at++;
  return true;
}

function atEnd({ characters, at }: Reader): boolean {
  return at >= characters.length;
}

function casesOf(codePoint: number): number[] {
  const character = String.fromCodePoint(codePoint);
  const others = [character.toLowerCase(), character.toUpperCase()].filter((other) => [...other].length === 1);
  return [codePoint, ...others.map((other) => other.codePointAt(0) ?? codePoint)];
}

/** A letter, digit or underscore, like \w. */
export function isWord(codePoint: number | undefined): boolean {
  return codePoint !== undefined && codePoint < 128 && /\w/.test(String.fromCharCode(codePoint));
}

const isDigit = (codePoint: number) => codePoint >= 48 && codePoint <= 57;
const isSpace = (codePoint: number) => codePoint === 32 || (codePoint >= 9 && codePoint <= 13);
const escapedSets: Readonly<Record<string, (codePoint: number) => boolean>> = {
  d: isDigit,
  D: (codePoint) => !isDigit(codePoint),
  w: isWord,
  W: (codePoint) => !isWord(codePoint),
  s: isSpace,
  S: (codePoint) => !isSpace(codePoint),
};
const lineFeed = 10;
const maximumPatternLength = 1_000;
const maximumGroupDepth = 20;
const maximumRepetition = 100;
