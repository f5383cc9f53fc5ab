// The conditions that searches share: names, tags and properties (dx-api.md §7.1), read once into tests. Knows no rows.

import { type Hash, isHash } from '../reference/value.ts';
import { expressionMatcher } from './expression-matcher.ts';
import { ExpressionProblem } from './expression-syntax.ts';
import { globMatcher, maximumPatternLength } from './glob.ts';

export type Read<Subject> = { readonly test: (subject: Subject) => boolean } | { readonly problem: string };

/** A name: a text that is equal, `{glob}`, or `{regexp, flags?: "i"}`. Problems complete "expected … to". */
export function readNameFilter(filter: unknown): Read<string> {
  if (typeof filter === 'string') return { test: (name) => name === filter };
  if (!isHash(filter)) return { problem: 'be a string, {"glob": …} or {"regexp": …}' };
  const { glob, regexp, flags } = filter;
  const pattern = glob ?? regexp;
  if (typeof pattern !== 'string') return { problem: 'hold a string as "glob" or "regexp"' };
  if (pattern.length > maximumPatternLength)
    return { problem: `hold a pattern of at most ${maximumPatternLength} characters` };
  if (glob !== undefined) return { test: globMatcher(pattern) };
  if (flags !== undefined && flags !== '' && flags !== 'i') return { problem: 'hold "i" as "flags", if any' };
  try {
    return { test: expressionMatcher(pattern, { ignoreCase: flags === 'i' }) };
  } catch (error) {
    if (!(error instanceof ExpressionProblem)) throw error;
    return { problem: `hold a regular expression that can be read: ${error.message}` };
  }
}

/** Tags, or types: a text, or `{"$and": […]}` and `{"$or": […]}` of such, nested. */
export function readTagFilter(filter: unknown): Read<readonly string[]> {
  return readTree(filter, 0, (leaf) => {
    if (typeof leaf !== 'string') return { problem: 'be a string, or {"$and": […]} or {"$or": […]} of such' };
    return { test: (tags) => tags.includes(leaf) };
  });
}

export type Properties = { readonly [key: string]: string };

/** Properties: a hash of values, `true` (any value) or `false` (absent), all of which must hold; or a tree of such. */
export function readPropertyFilter(filter: unknown): Read<Properties> {
  return readTree(filter, 0, (leaf) => {
    if (!isHash(leaf)) return { problem: 'be a hash of properties, or {"$and": […]} or {"$or": […]} of such' };
    const wanted = Object.entries(leaf);
    if (!wanted.every(([, value]) => typeof value === 'string' || typeof value === 'boolean')) {
      return { problem: 'hold strings, true or false as values' };
    }
    return { test: (properties) => wanted.every(([key, value]) => meets(properties, key, value)) };
  });
}

function meets(properties: Properties, key: string, value: unknown): boolean {
  const held = Object.hasOwn(properties, key) ? properties[key] : undefined;
  return typeof value === 'boolean' ? (held !== undefined) === value : held === value;
}

function readTree<Subject>(filter: unknown, depth: number, readLeaf: (leaf: unknown) => Read<Subject>): Read<Subject> {
  const branch = isHash(filter) ? branchOf(filter) : undefined;
  if (branch === undefined) return readLeaf(filter);
  if (depth > maximumFilterDepth) return { problem: `nest at most ${maximumFilterDepth} levels` };
  if (branch.parts.length > maximumBranchCount) return { problem: `hold at most ${maximumBranchCount} alternatives` };
  const tests: ((subject: Subject) => boolean)[] = [];
  for (const part of branch.parts) {
    const read = readTree(part, depth + 1, readLeaf);
    if ('problem' in read) return read;
    tests.push(read.test);
  }
  return {
    test: branch.all
      ? (subject) => tests.every((test) => test(subject))
      : (subject) => tests.some((test) => test(subject)),
  };
}

/** A hash with an array under `$and` or `$or` and nothing else; one with text there is a property of that name. */
function branchOf(filter: Hash): { all: boolean; parts: readonly unknown[] } | undefined {
  const [key, ...others] = Object.keys(filter);
  if (others.length > 0 || (key !== '$and' && key !== '$or')) return undefined;
  const parts = filter[key];
  return Array.isArray(parts) ? { all: key === '$and', parts } : undefined;
}

const maximumFilterDepth = 10;
const maximumBranchCount = 1_000;
