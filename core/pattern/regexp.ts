// Matches regular expressions in time linear in the text, whatever the pattern. All alternatives are followed at once
// (Thompson, Pike), and every step counts against a budget. syntax.ts reads patterns.

import { isWord, type Node, parsePattern, type Where } from './syntax.ts';

type Instruction =
  | { readonly op: 'set'; readonly holds: (codePoint: number) => boolean }
  | { readonly op: 'split'; readonly first: number; readonly second: number }
  | { readonly op: 'jump'; readonly to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'assert'; readonly where: Where }
  | { readonly op: 'match' };

/** A compiled pattern. */
export type Regexp = {
  readonly program: readonly Instruction[];
  readonly groupCount: number;
};
/** The steps that are left for all matches of one request. */
export type StepBudget = { left: number };

/** Compiles a pattern, or says what it should be instead. `flags`: `i` ignores case. */
export function compileRegexp(pattern: string, flags = ''): Regexp | { readonly problem: string } {
  if (!/^i?$/.test(flags)) return { problem: 'have no other flag than "i"' };
  const syntax = parsePattern(pattern, flags === 'i');
  if ('problem' in syntax) return syntax;
  const program: Instruction[] = [];
  if (!emit(syntax.tree, program)) return { problem: 'be simpler: its repetitions multiply' };
  program.push({ op: 'match' });
  return { program, groupCount: syntax.groupCount };
}

/**
 * The captured groups (`groups[0]` is the first group) of the leftmost match, as PCRE prefers it. Undefined when
 * nothing matches, `exhausted` when the budget did not suffice. A group that took no part is undefined.
 */
export function matchRegexp(
  regexp: Regexp,
  text: string,
  budget: StepBudget,
): { readonly groups: (string | undefined)[] } | undefined | 'exhausted' {
  const characters = [...text];
  const codePoints = characters.map((character) => character.codePointAt(0) ?? 0);
  let threads: Thread[] = [];
  let best: Slots | undefined;
  for (let at = 0; at <= codePoints.length; at++) {
    const next: Thread[] = [];
    const seen = new Set<number>();
    const follow = (thread: Thread) => addThread(regexp.program, thread, { at, codePoints }, next, seen, budget);
    for (const thread of threads) follow(thread);
    if (best === undefined) follow({ pc: 0, slots: [] });
    if (budget.left < 0) return 'exhausted';
    threads = [];
    for (const { pc, slots } of next) {
      const instruction = regexp.program[pc];
      if (instruction?.op === 'match') {
        best = slots;
        break;
      }
      const here = codePoints[at];
      if (instruction?.op === 'set' && here !== undefined && instruction.holds(here)) {
        threads.push({ pc: pc + 1, slots });
      }
    }
    if (threads.length === 0 && best !== undefined) break;
  }
  return best === undefined ? undefined : { groups: readGroups(best, regexp.groupCount, characters) };
}

/** Where groups begin (even) and end (odd). */
type Slots = readonly (number | undefined)[];
type Thread = { readonly pc: number; readonly slots: Slots };

function emit(node: Node, program: Instruction[]): boolean {
  if (program.length > maximumProgramLength) return false;
  switch (node.kind) {
    case 'set':
      return program.push({ op: 'set', holds: node.holds }) > 0;
    case 'assert':
      return program.push({ op: 'assert', where: node.where }) > 0;
    case 'sequence':
      return node.items.every((item) => emit(item, program));
    case 'choice':
      return emitChoice(node.options, program);
    case 'group': {
      program.push({ op: 'save', slot: node.index * 2 });
      const emitted = emit(node.item, program);
      program.push({ op: 'save', slot: node.index * 2 + 1 });
      return emitted;
    }
    case 'repeat':
      return emitRepeat(node, program);
    default:
      return node satisfies never;
  }
}

function emitChoice(options: readonly Node[], program: Instruction[]): boolean {
  const ends: { op: 'jump'; to: number }[] = [];
  for (const [index, option] of options.entries()) {
    if (index === options.length - 1) {
      if (!emit(option, program)) return false;
      continue;
    }
    const split = { op: 'split' as const, first: program.length + 1, second: 0 };
    program.push(split);
    if (!emit(option, program)) return false;
    const end = { op: 'jump' as const, to: 0 };
    ends.push(end);
    program.push(end);
    split.second = program.length;
  }
  for (const end of ends) end.to = program.length;
  return true;
}

function emitRepeat({ item, min, max, lazy }: Extract<Node, { kind: 'repeat' }>, program: Instruction[]): boolean {
  for (let count = 0; count < min; count++) if (!emit(item, program)) return false;
  const splits: { op: 'split'; first: number; second: number }[] = [];
  const optional = () => {
    const split = { op: 'split' as const, first: program.length + 1, second: 0 };
    splits.push(split);
    program.push(split);
  };
  if (max === Infinity) {
    const start = program.length;
    optional();
    if (!emit(item, program)) return false;
    program.push({ op: 'jump', to: start });
  } else {
    for (let count = min; count < max; count++) {
      optional();
      if (!emit(item, program)) return false;
    }
  }
  for (const split of splits) {
    split.second = program.length;
    if (lazy) [split.first, split.second] = [split.second, split.first];
  }
  return program.length <= maximumProgramLength;
}

/** Follows transitions without a character, in order of preference, without recursion. */
function addThread(
  program: readonly Instruction[],
  from: Thread,
  place: { readonly at: number; readonly codePoints: readonly number[] },
  threads: Thread[],
  seen: Set<number>,
  budget: StepBudget,
): void {
  const waiting = [from];
  for (let thread = waiting.pop(); thread !== undefined; thread = waiting.pop()) {
    const { pc, slots } = thread;
    budget.left--;
    if (seen.has(pc) || budget.left < 0) continue;
    seen.add(pc);
    const instruction = program[pc];
    if (instruction?.op === 'jump') waiting.push({ pc: instruction.to, slots });
    else if (instruction?.op === 'split') {
      waiting.push({ pc: instruction.second, slots }, { pc: instruction.first, slots });
    } else if (instruction?.op === 'save') {
      const saved = [...slots];
      saved[instruction.slot] = place.at;
      waiting.push({ pc: pc + 1, slots: saved });
    } else if (instruction?.op === 'assert') {
      if (isAt(instruction.where, place)) waiting.push({ pc: pc + 1, slots });
    } else threads.push(thread);
  }
}

function isAt(where: Where, { at, codePoints }: { at: number; codePoints: readonly number[] }): boolean {
  if (where === 'start') return at === 0;
  if (where === 'end') return at === codePoints.length;
  const edge = isWord(codePoints[at - 1]) !== isWord(codePoints[at]);
  return where === 'wordEdge' ? edge : !edge;
}

function readGroups(slots: Slots, groupCount: number, characters: readonly string[]): (string | undefined)[] {
  return Array.from({ length: groupCount }, (_, index) => {
    const start = slots[(index + 1) * 2];
    const end = slots[(index + 1) * 2 + 1];
    return start === undefined || end === undefined ? undefined : characters.slice(start, end).join('');
  });
}

const maximumProgramLength = 1_000;
/** For one request: some tenths of a second. */
export const usualStepBudget = 20_000_000;
