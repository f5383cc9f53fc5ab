// Loads Retry and Catch of a Task.

import { given } from '../../../core/given.ts';
import type { Fields, Report } from './definition-field.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import type { Retrier } from './machine.ts';

/**
 * Loads Retry. The defaults are an interval of 1 s, a rate of 2, 3 attempts and no jitter
 * (concepts-error-handling.html).
 */
export function loadRetriers(fields: Fields, rules: Json | undefined, report: Report): Retrier[] {
  return rulesOf('Retry', fields, rules, retryFields, report).map(({ errorEquals, path }) => {
    const intervalSeconds = path.optionalInteger('IntervalSeconds', { min: 1, max: maximumSeconds }) ?? 1;
    const maxDelaySeconds = path.optionalInteger('MaxDelaySeconds', { min: 1, max: maximumDelaySeconds });
    if (maxDelaySeconds !== undefined && maxDelaySeconds <= intervalSeconds) {
      path.add('MaxDelaySeconds', 'MaxDelaySeconds must be greater than IntervalSeconds');
    }
    return {
      errorEquals,
      intervalSeconds,
      maxAttempts: path.optionalInteger('MaxAttempts', { min: 0, max: maximumSeconds }) ?? 3,
      backoffRate: path.optionalNumber('BackoffRate', { min: 1, max: Number.MAX_VALUE }) ?? 2,
      fullJitter: path.optionalOneOf('JitterStrategy', ['FULL', 'NONE']) === 'FULL',
      ...given({ maxDelaySeconds }),
    };
  });
}

type ErrorRule = { readonly errorEquals: readonly string[]; readonly rule: JsonObject; readonly path: Fields };

/** Loads Catch: its rules, with their fields for loading their exits. */
export function loadCatchers(fields: Fields, rules: Json | undefined, report: Report): ErrorRule[] {
  return rulesOf('Catch', fields, rules, catchFields, report);
}

function rulesOf(
  field: 'Retry' | 'Catch',
  fields: Fields,
  rules: Json | undefined,
  known: readonly string[],
  report: Report,
): ErrorRule[] {
  if (rules === undefined) return [];
  if (!Array.isArray(rules) || !rules.every(isObject)) {
    fields.add(field, `${field} must be an array of objects`);
    return [];
  }
  return rules.map((rule, index) => {
    const path = report.fields(`${fields.path}/${field}[${index}]`, rule, known);
    const names = rule.ErrorEquals;
    const errorEquals = Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
    if (errorEquals.length === 0 || errorEquals.length !== (names as Json[]).length) {
      path.add('ErrorEquals', 'ErrorEquals must be a non-empty array of strings');
    }
    const all = errorEquals.includes('States.ALL');
    if (all && (errorEquals.length > 1 || index < rules.length - 1)) {
      path.add('ErrorEquals', 'States.ALL must appear alone and in the last rule');
    }
    return { errorEquals, rule, path };
  });
}

const retryFields = [
  ...['ErrorEquals', 'IntervalSeconds', 'BackoffRate', 'MaxAttempts', 'MaxDelaySeconds', 'JitterStrategy', 'Comment'],
];
const catchFields = ['ErrorEquals', 'Next', 'Output', 'Assign', 'Comment'];
const maximumSeconds = 99_999_999;
/** The specification's limit: MaxDelaySeconds is below a year of 366 days. */
const maximumDelaySeconds = 31_622_399;
