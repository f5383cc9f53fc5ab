// Names in searches: exact, a glob, or a regular expression (docs/reference/api.md, "Search conventions").

import { compileRegexp, matchRegexp, type StepBudget } from './regexp.ts';

export type NamePattern =
  | string
  | { readonly glob: string }
  | { readonly regexp: string; readonly flags?: string | undefined };
/** `exhausted`: the budget of steps did not suffice. */
export type NameTest = (name: string, budget: StepBudget) => boolean | 'exhausted';
export type CompiledName = {
  readonly test: NameTest;
  /** The beginning of all names that can match. */
  readonly beginning: string;
  /** The only name that can match. */
  readonly exact?: string;
};

/** The test of a name pattern, or what it should be instead. */
export function compileName(pattern: NamePattern): CompiledName | { readonly problem: string } {
  if (typeof pattern === 'string') return { test: (name) => name === pattern, beginning: pattern, exact: pattern };
  if ('glob' in pattern) return compileGlob(pattern.glob);
  const regexp = compileRegexp(pattern.regexp, pattern.flags ?? '');
  if ('problem' in regexp) return regexp;
  const test: NameTest = (name, budget) => {
    const match = matchRegexp(regexp, name, budget);
    return match === 'exhausted' ? match : match !== undefined;
  };
  return { test, beginning: '' };
}

type GlobItem = { readonly literal: string } | 'one' | 'any';

/** `*` and `?` only. `\` makes the next character literal. */
function compileGlob(glob: string): CompiledName | { readonly problem: string } {
  if (glob.length > maximumGlobLength) return { problem: `be at most ${maximumGlobLength} characters long` };
  const items = readGlob(glob);
  const wild = items.findIndex((item) => typeof item === 'string');
  const literals = (wild < 0 ? items : items.slice(0, wild)) as { literal: string }[];
  const beginning = literals.map(({ literal }) => literal).join('');
  if (wild < 0) return { test: (name) => name === beginning, beginning, exact: beginning };
  return { test: (name, budget) => matchGlob(items, [...name], budget), beginning };
}

function readGlob(glob: string): GlobItem[] {
  const items: GlobItem[] = [];
  const characters = [...glob];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === '*') items.push('any');
    else if (character === '?') items.push('one');
    else if (character === '\\' && at + 1 < characters.length) items.push({ literal: characters[++at] ?? '' });
    else items.push({ literal: character });
  }
  return items;
}

/** Goes back only to the last `*`, so it takes at most the product of both lengths. */
function matchGlob(
  items: readonly GlobItem[],
  characters: readonly string[],
  budget: StepBudget,
): boolean | 'exhausted' {
  let item = 0;
  let starAt = -1;
  let starTook = 0;
  let at = 0;
  while (at < characters.length) {
    if (budget.left-- < 0) return 'exhausted';
    const wanted = items[item];
    if (wanted === 'any') {
      starAt = item++;
      starTook = at;
    } else if (wanted === 'one' || (wanted !== undefined && wanted.literal === characters[at])) {
      item++;
      at++;
    } else if (starAt >= 0) {
      item = starAt + 1;
      at = ++starTook;
    } else return false;
  }
  while (items[item] === 'any') item++;
  return item === items.length;
}

const maximumGlobLength = 2_048;
