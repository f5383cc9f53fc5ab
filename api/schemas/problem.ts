// Words the problems of an input as clients know them (docs/reference/api.md, "Errors"): what is allowed, and what was
// found instead.

import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** One sentence for each wrong key: `expected key "state" of input to be a string, not 7`. */
export function problemsOf(error: z.ZodError): string[] {
  const byKey = Map.groupBy(error.issues, (issue) => JSON.stringify(issue.path.map(String)));
  return [...byKey.values()].map((issues) => tell(tellingOf(issues)));
}

/**
 * The most useful one of several issues about one key: the wrong type, or else the last one, which is the narrowest.
 */
function tellingOf(issues: readonly Issue[]): Issue {
  return issues.find(({ code }) => code === 'invalid_type') ?? (issues.at(-1) as Issue);
}

function tell(issue: Issue): string {
  const { path } = issue;
  const where = path.length === 0 ? 'input' : `key "${path.map(String).join('.').slice(0, shownPathLength)}" of input`;
  return `expected ${where} to ${wanted(issue)}${found(issue)}`;
}

function wanted(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `be ${typeNames[issue.expected] ?? `of type ${issue.expected}`}`;
    case 'too_small':
      return isNumeric(issue.origin)
        ? `be at least ${issue.minimum}`
        : `have at least ${issue.minimum} ${unitOf(issue.origin)}`;
    case 'too_big':
      return isNumeric(issue.origin)
        ? `be at most ${issue.maximum}`
        : `have at most ${issue.maximum} ${unitOf(issue.origin)}`;
    case 'invalid_value':
      return `be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'invalid_union':
      return issue.message === zodsOwnMessage ? wantedOfUnion(issue.errors) : issue.message;
    default:
      return issue.message;
  }
}

function wantedOfUnion(errors: readonly (readonly Issue[])[]): string {
  const types = [...new Set(errors.flat().flatMap(shortName))];
  return `be ${types.length > 0 ? types.join(' or ') : 'of another form'}`;
}

function shortName(issue: Issue): string[] {
  if (issue.code === 'invalid_type' && issue.path.length === 0) return [typeNames[issue.expected] ?? issue.expected];
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value));
  return [];
}

/** The value that was found. Values that nobody should read over a user's shoulder are described, not shown. */
function found(issue: Issue): string {
  if (!('input' in issue) || secretKeys.has(String(issue.path.at(-1)))) return '';
  const { input } = issue;
  if (input === undefined) return ', and it is missing';
  if (Array.isArray(input)) return `, not an array of ${input.length}`;
  if (typeof input === 'object' && input !== null) return `, not a hash of ${Object.keys(input).length}`;
  const text = JSON.stringify(input) ?? typeof input;
  if (typeof input === 'string' && text.length > shownValueLength)
    return `, not a text of ${Buffer.byteLength(input)} bytes`;
  return `, not ${text}`;
}

function isNumeric(origin: string): boolean {
  return origin === 'number' || origin === 'int' || origin === 'bigint';
}

function unitOf(origin: string): string {
  return origin === 'string' ? 'characters' : 'elements';
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
const secretKeys: ReadonlySet<string> = new Set(['password', 'otp']);
/** zod's message for a union that has none of its own. */
const zodsOwnMessage = 'Invalid input';
const shownPathLength = 200;
const shownValueLength = 60;
