// Tells what is wrong with an input, in the words that clients know (dx-api.md §1.3). Knows no route.

import type { z } from 'zod';

/** One sentence for each problem: `expected key "state" of input to be a string`. */
export function problemsOf(error: z.ZodError): string[] {
  return error.issues.flatMap((issue) => describeIssue(issue, issue.path));
}

function describeIssue(issue: z.core.$ZodIssue, path: readonly PropertyKey[]): string[] {
  const where = path.length === 0 ? 'input' : `key "${path.map(String).join('.').slice(0, shownPathLength)}" of input`;
  switch (issue.code) {
    case 'invalid_type':
      return [`expected ${where} to be ${typeNames[issue.expected] ?? `of type ${issue.expected}`}`];
    case 'too_small':
      return [`expected ${where} to have at least ${issue.minimum} ${unitOf(issue.origin)}`.trimEnd()];
    case 'too_big':
      return [`expected ${where} to have at most ${issue.maximum} ${unitOf(issue.origin)}`.trimEnd()];
    case 'invalid_value':
      return [`expected ${where} to be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`];
    case 'invalid_union': {
      const types = [...new Set(issue.errors.flat().flatMap(shortName))];
      return [`expected ${where} to be ${types.length > 0 ? types.join(' or ') : 'of another form'}`];
    }
    case 'invalid_key':
      return [`expected the keys of ${where} to be valid: ${issue.issues.map((inner) => inner.message).join(', ')}`];
    default:
      return [issue.code === 'custom' ? `expected ${where} to ${issue.message}` : `${where}: ${issue.message}`];
  }
}

function shortName(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_type' && issue.path.length === 0) return [typeNames[issue.expected] ?? issue.expected];
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value));
  return [];
}

function unitOf(origin: string): string {
  if (origin === 'string') return 'characters';
  if (origin === 'array') return 'elements';
  return '';
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'an integer',
  boolean: 'a boolean',
  array: 'an array',
  object: 'a hash',
  record: 'a hash',
  null: 'null',
};
const shownPathLength = 200;
