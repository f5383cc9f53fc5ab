// Tests the mutants: which ones a text has, what they are called, and that exactly the one that is on changes the program.

import { stripTypeScriptTypes } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import { instrument } from './instrument.ts';
import { installSwitch } from './switch.ts';

it.each<[source: string, names: readonly string[]]>([
  ['if (a === b) f();', ['a === b → true', 'a === b → false', 'f(); → nothing']],
  ['while (more) {}', ['more → false']],
  ['const x = a && b;', ['a && b → a', 'a && b → b']],
  ['const x = a ?? b;', ['a ?? b → a', 'a ?? b → b']],
  ['const x = c ? a : b;', ['c ? a : b → a', 'c ? a : b → b']],
  ['const x = a < b;', ['a < b → a <= b', 'a < b → a >= b']],
  ['const x = a + b;', ['a + b → a - b']],
  ["const x = a + 'text';", ["'text' → ''"]],
  ['const x = !a;', ['!a → a']],
  ['let n = 0; n += 2;', ['n += 2 → n -= 2', 'n += 2; → nothing']],
  ['const x = { a, b: c };', ['a → nothing', 'b: c → nothing']],
  ['const x = { ...a };', ['...a → nothing']],
  ['const x = [a, ...b];', ['...b → nothing', '[a, ...b] → []']],
  ['const x = a?.b?.(c);', ['a?.b?.: no ?', 'a?.b: no ?']],
  ['const x = list.filter(f);', ['filter(f): no filter']],
  ['const x = list.some(f);', ['some(f): some as every']],
  ['function f() { return true; }', ['f: true → false']],
  ['const f = () => g(a === b, a === b);', ['f: a === b → a !== b', 'f: a === b → a !== b (2)']],
  ["throw new Error('a sentence for people');", []],
  ["import { a } from './b.ts'; type T = 'x' | 'y'; const { c } = d as { c: true };", []],
])('%s', (source, names) => {
  const found = instrument('x.ts', source).mutants.map(({ name }) => name.replace(/^x: /, ''));
  expect(found).toEqual(names);
});

it('the mutants of a file are numbered from the one that it is given', () => {
  expect(instrument('x.ts', 'const x = !a && !b;', 7).mutants.map(({ id }) => id)).toEqual([7, 8, 9, 10]);
});

const program = `
  type Row = { readonly id: number; readonly state?: string };
  export function dueRows(rows: readonly Row[], least: number): object[] {
    const found: object[] = [];
    for (const { id, state } of rows) {
      if (state === 'done' || (id < least && state !== undefined)) continue;
      found.push({ id, ...(state ? { state } : {}), label: \`row \${id + 1}\` });
    }
    return found.filter((row) => Object.keys(row).length > 0 && !('gone' in row));
  }`;
const rows = [{ id: 1 }, { id: 2, state: 'running' }, { id: 3, state: 'running' }, { id: 4, state: 'done' }];

it('a program does what it did while no mutant is on, and each mutant that a test can see changes it', async () => {
  const { text, mutants } = instrument('x.ts', program);
  const plain = await load(program);
  const mutated = await load(text);
  const control = installSwitch();
  expect(mutated(rows, 3)).toEqual(plain(rows, 3));
  const unseen = mutants.filter(({ id }) => {
    control.turn(id);
    return isDeepStrictEqual(mutated(rows, 3), plain(rows, 3));
  });
  control.turn(undefined);
  // No row of this test is without keys or gone.
  expect(unseen.map(({ name }) => name)).toEqual([
    'dueRows: Object.keys(row).length > 0 → Object.keys(row).length >= 0',
    "dueRows: Object.keys(row).length > 0 && !('gone' in row) → Object.keys(row).length > 0",
    "dueRows: Object.keys(row).length > 0 && !('gone' in row) → !('gone' in row)",
    "dueRows: filter((row) => Object.keys(row).length > 0 && !('gone' in row)): no filter",
  ]);
});

it('a loop that a mutant has made endless is ended', async () => {
  const endless = await load(
    instrument('x.ts', 'export function f() { let n = 3; while (n > 0) { n -= 1; } return n; }').text,
  );
  const control = installSwitch();
  expect(endless()).toBe(0);
  const names = instrument('x.ts', 'export function f() { let n = 3; while (n > 0) { n -= 1; } return n; }').mutants;
  control.turn(names.find(({ name }) => name === 'f: n -= 1 → n += 1')?.id, 1000);
  expect(endless).toThrow('a loop has no end');
  control.turn(undefined);
});

it('the mutants that a call reaches are heard', async () => {
  const choose = await load(instrument('x.ts', 'export function f(a) { return a ? !a : a - 1; }').text);
  const control = installSwitch();
  control.listen();
  choose(false);
  // The condition's two mutants, and the one behind its second branch.
  expect(control.heard()).toHaveLength(3);
});

type Program = (...given: unknown[]) => unknown;
async function load(source: string): Promise<Program> {
  const text = stripTypeScriptTypes(source);
  const module: { [name: string]: Program } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  const [exported] = Object.values(module);
  if (exported === undefined) throw new Error('the program exports nothing');
  return exported;
}
