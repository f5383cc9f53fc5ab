// Matches names against a regular expression, all its alternatives at once, so that the time is the length of the name
// times the size of the expression, whatever both are: no pattern can stall a search.

import {
  type Expression,
  ExpressionProblem,
  isWordCharacter,
  parseExpression,
  type Test,
} from './expression-syntax.ts';

/** The test for an expression: true when it matches anywhere in the name. Throws ExpressionProblem. */
export function expressionMatcher(
  source: string,
  options: { readonly ignoreCase: boolean },
): (name: string) => boolean {
  const program: Step[] = [];
  compile(parseExpression(source, options.ignoreCase), program);
  program.push({ kind: 'match' });
  return (name) => runProgram(program, [...name]);
}

type Step =
  | { readonly kind: 'one'; readonly test: Test }
  | { readonly kind: 'edge'; readonly edge: 'start' | 'end' | 'word' | 'notWord' }
  | { readonly kind: 'fork'; readonly targets: number[] }
  | { readonly kind: 'match' };

function compile(expression: Expression, program: Step[]): void {
  if (program.length > maximumStepCount) throw new ExpressionProblem('the expression is too large');
  switch (expression.kind) {
    case 'one':
    case 'edge':
      program.push(expression);
      return;
    case 'sequence':
      for (const part of expression.parts) compile(part, program);
      return;
    case 'choice':
      compileChoice(expression.parts, program);
      return;
    case 'repeat':
      compileRepeat(expression.part, expression.minimum, expression.maximum, program);
      return;
    default:
      expression satisfies never;
  }
}

function compileChoice(parts: readonly Expression[], program: Step[]): void {
  const starts: number[] = [];
  const ends: number[][] = [];
  program.push({ kind: 'fork', targets: starts });
  for (const part of parts) {
    starts.push(program.length);
    compile(part, program);
    const end: number[] = [];
    program.push({ kind: 'fork', targets: end });
    ends.push(end);
  }
  for (const end of ends) end.push(program.length);
}

function compileRepeat(part: Expression, minimum: number, maximum: number, program: Step[]): void {
  for (let count = 0; count < minimum; count++) compile(part, program);
  if (maximum === Number.POSITIVE_INFINITY) {
    const targets: number[] = [];
    const loop = program.length;
    program.push({ kind: 'fork', targets });
    targets.push(program.length);
    compile(part, program);
    program.push({ kind: 'fork', targets: [loop] });
    targets.push(program.length);
    return;
  }
  const exits: number[][] = [];
  for (let count = minimum; count < maximum; count++) {
    const targets = [program.length + 1];
    program.push({ kind: 'fork', targets });
    exits.push(targets);
    compile(part, program);
  }
  for (const exit of exits) exit.push(program.length);
}

function runProgram(program: readonly Step[], name: readonly string[]): boolean {
  let current = new Set<number>();
  for (let at = 0; at <= name.length; at++) {
    // The match may begin at every place.
    if (enter(0, program, name, at, current)) return true;
    const next = new Set<number>();
    for (const index of current) {
      const step = program[index];
      if (step?.kind !== 'one' || at === name.length || !step.test(name[at] ?? '')) continue;
      if (enter(index + 1, program, name, at + 1, next)) return true;
    }
    current = next;
  }
  return false;
}

/** Adds a step and all that can be reached from it without taking a character; true when the end is among them. */
function enter(
  start: number,
  program: readonly Step[],
  name: readonly string[],
  at: number,
  into: Set<number>,
): boolean {
  const open = [start];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (into.has(index)) continue;
    into.add(index);
    const step = program[index];
    if (step === undefined || step.kind === 'one') continue;
    if (step.kind === 'match') return true;
    if (step.kind === 'fork') open.push(...step.targets);
    else if (isAtEdge(step.edge, name, at)) open.push(index + 1);
  }
  return false;
}

function isAtEdge(edge: 'start' | 'end' | 'word' | 'notWord', name: readonly string[], at: number): boolean {
  if (edge === 'start') return at === 0;
  if (edge === 'end') return at === name.length || (at === name.length - 1 && name[at] === '\n');
  const before = at > 0 && isWordCharacter(name[at - 1] ?? '');
  const after = at < name.length && isWordCharacter(name[at] ?? '');
  return (before !== after) === (edge === 'word');
}

/** Repetitions with bounds are written out; this is as large as the whole may become. */
const maximumStepCount = 2_000;
