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

/** The tree of a pattern in the common part of PCRE, or its problem. */
export function parsePattern(pattern: string, anyCase = false): Syntax | { readonly problem: string } {
  if (pattern.length > maximumPatternLength) return { problem: `be at most ${maximumPatternLength} characters long` };
  const reader = new Reader(pattern, anyCase);
  try {
    const tree = reader.choice(0);
    if (!reader.atEnd) throw new SyntaxProblem('hold no ")" without "("');
    return { tree, groupCount: reader.groupCount };
  } catch (error) {
    if (error instanceof SyntaxProblem) return { problem: error.message };
    throw error;
  }
}

class SyntaxProblem extends Error {}

class Reader {
  readonly #characters: string[];
  #at = 0;
  groupCount = 0;

  readonly #anyCase: boolean;

  constructor(pattern: string, anyCase: boolean) {
    this.#characters = [...pattern];
    this.#anyCase = anyCase;
  }

  get atEnd(): boolean {
    return this.#at >= this.#characters.length;
  }

  choice(depth: number): Node {
    if (depth > maximumGroupDepth) throw new SyntaxProblem(`nest at most ${maximumGroupDepth} groups`);
    const options = [this.#sequence(depth)];
    while (this.#take('|')) options.push(this.#sequence(depth));
    return options.length === 1 && options[0] !== undefined ? options[0] : { kind: 'choice', options };
  }

  #sequence(depth: number): Node {
    const items: Node[] = [];
    while (!this.atEnd && this.#peek() !== '|' && this.#peek() !== ')') items.push(this.#repeated(this.#atom(depth)));
    return { kind: 'sequence', items };
  }

  #repeated(item: Node): Node {
    const counts = this.#counts();
    if (counts === undefined) return item;
    const lazy = this.#take('?');
    if (this.#take('+')) throw new SyntaxProblem('hold no possessive repetition');
    if (counts.max !== Infinity && counts.max > maximumRepetition) {
      throw new SyntaxProblem(`repeat at most ${maximumRepetition} times`);
    }
    if (counts.min > counts.max) throw new SyntaxProblem('have the smaller number first in {m,n}');
    return { kind: 'repeat', item, ...counts, lazy };
  }

  #counts(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Infinity };
    if (this.#take('+')) return { min: 1, max: Infinity };
    if (this.#take('?')) return { min: 0, max: 1 };
    const braces = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(this.#characters.slice(this.#at, this.#at + 12).join(''));
    if (braces === null) return undefined;
    this.#at += braces[0].length;
    const min = Number(braces[1]);
    if (min > maximumRepetition) throw new SyntaxProblem(`repeat at most ${maximumRepetition} times`);
    if (braces[2] === undefined) return { min, max: min };
    return { min, max: braces[3] === '' ? Infinity : Number(braces[3]) };
  }

  #atom(depth: number): Node {
    const character = this.#next();
    switch (character) {
      case '^':
        return { kind: 'assert', where: 'start' };
      case '$':
        return { kind: 'assert', where: 'end' };
      case '.':
        return { kind: 'set', holds: (codePoint) => codePoint !== lineFeed };
      case '(':
        return this.#group(depth);
      case '[':
        return this.#class();
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw new SyntaxProblem(`hold something to repeat before "${character}"`);
      default:
        return this.#set((codePoint) => codePoint === character.codePointAt(0));
    }
  }

  #group(depth: number): Node {
    const opening = this.#characters.slice(this.#at, this.#at + 40).join('');
    const named = /^\?P?<[A-Za-z_]\w{0,30}>/.exec(opening);
    let index: number | undefined;
    if (opening.startsWith('?:')) this.#at += 2;
    else if (named !== null) this.#at += named[0].length;
    else if (opening.startsWith('?')) throw new SyntaxProblem('hold no group that looks around or sets options');
    if (!opening.startsWith('?:')) index = ++this.groupCount;
    const item = this.choice(depth + 1);
    if (!this.#take(')')) throw new SyntaxProblem('close every "("');
    return index === undefined ? item : { kind: 'group', index, item };
  }

  #escape(): Node {
    if (this.atEnd) throw new SyntaxProblem('not end with "\\"');
    if (this.#peek() === 'b' || this.#peek() === 'B') {
      return { kind: 'assert', where: this.#next() === 'b' ? 'wordEdge' : 'noWordEdge' };
    }
    if (/[1-9]/.test(this.#peek())) throw new SyntaxProblem('hold no back reference');
    return this.#set(this.#escapedSet());
  }

  #escapedSet(): (codePoint: number) => boolean {
    const character = this.#next();
    const known = escapedSets[character];
    if (known !== undefined) return known;
    const code = this.#escapedCharacter(character);
    return (codePoint) => codePoint === code;
  }

  #escapedCharacter(character: string): number {
    const control = { n: 10, t: 9, r: 13, f: 12, v: 11 }[character];
    if (control !== undefined) return control;
    const digits = character === 'x' ? 2 : character === 'u' ? 4 : 0;
    const code = this.#characters.slice(this.#at, this.#at + digits).join('');
    if (digits > 0 && code.length === digits && /^[0-9a-fA-F]+$/.test(code)) {
      this.#at += digits;
      return Number.parseInt(code, 16);
    }
    if (/[A-Za-z0-9]/.test(character)) throw new SyntaxProblem(`hold no "\\${character}"`);
    return character.codePointAt(0) ?? 0;
  }

  #class(): Node {
    const negated = this.#take('^');
    const tests: ((codePoint: number) => boolean)[] = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.atEnd) throw new SyntaxProblem('close every "["');
      if (this.#peek() === '[' && this.#characters[this.#at + 1] === ':') {
        throw new SyntaxProblem('hold no named class such as [:alpha:]');
      }
      tests.push(this.#classItem());
    }
    this.#next();
    const { holds } = this.#set((codePoint) => tests.some((test) => test(codePoint)));
    return { kind: 'set', holds: negated ? (codePoint) => !holds(codePoint) : holds };
  }

  /** Case is ignored before the set is negated: `[^a]` does not match `A` then. */
  #set(test: (codePoint: number) => boolean): Extract<Node, { kind: 'set' }> {
    return { kind: 'set', holds: this.#anyCase ? (codePoint) => casesOf(codePoint).some(test) : test };
  }

  #classItem(): (codePoint: number) => boolean {
    if (this.#peek() === '\\' && escapedSets[this.#characters[this.#at + 1] ?? ''] !== undefined) {
      this.#next();
      return this.#escapedSet();
    }
    const low = this.#classCharacter();
    const isRange = this.#peek() === '-' && (this.#characters[this.#at + 1] ?? ']') !== ']';
    if (!isRange) return (codePoint) => codePoint === low;
    this.#next();
    const high = this.#classCharacter();
    if (high < low) throw new SyntaxProblem('have ranges in order');
    return (codePoint) => codePoint >= low && codePoint <= high;
  }

  #classCharacter(): number {
    const character = this.#next();
    if (character !== '\\') return character.codePointAt(0) ?? 0;
    if (this.atEnd) throw new SyntaxProblem('close every "["');
    return this.#escapedCharacter(this.#next());
  }

  #peek(): string {
    return this.#characters[this.#at] ?? '';
  }

  #next(): string {
    if (this.atEnd) throw new SyntaxProblem('be complete');
    return this.#characters[this.#at++] ?? '';
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }
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
