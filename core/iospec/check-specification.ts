// Checks the input or output specification of an executable when it is created.

import { checkReferences, findReferences } from '../reference/find.ts';
import { type Hash, isHash } from '../reference/value.ts';
import { readMetadataDefault } from './metadata-default.ts';
import { parameterClasses } from './parameter.ts';

/**
 * A sentence for each fault of a specification, or an empty list when it is valid (docs/reference/api.md, "Input and
 * output specifications"). Unknown fields of a parameter are kept and ignored, like hints for clients.
 *
 * @param side decides whether defaults are allowed in it
 * @param name the specification's name in the sentences
 */
export function checkSpecification(
  specification: unknown,
  side: 'inputSpec' | 'outputSpec',
  name: string = side,
): string[] {
  if (!Array.isArray(specification)) return [`"${name}" must be an array of hashes`];
  if (specification.length > maximumParameterCount) {
    return [`"${name}" has ${specification.length} entries; at most ${maximumParameterCount} are allowed`];
  }
  const problems: string[] = [];
  const names = new Set<unknown>(specification.map((parameter) => (isHash(parameter) ? parameter.name : undefined)));
  const seen = new Set<unknown>();
  for (const [index, parameter] of specification.entries()) {
    const at = `${name}[${index}]`;
    if (!isHash(parameter)) {
      problems.push(`${at} must be a hash`);
      continue;
    }
    if (seen.has(parameter.name)) problems.push(`${at}: the name "${parameter.name}" is taken by an earlier entry`);
    seen.add(parameter.name);
    problems.push(...checkParameter(parameter, at, side), ...checkSource(parameter, at, names));
  }
  return problems;
}

function checkParameter(parameter: Hash, at: string, side: 'inputSpec' | 'outputSpec'): string[] {
  const problems: string[] = [];
  const { name } = parameter;
  if (typeof name !== 'string' || !namePattern.test(name) || name.length > maximumNameLength) {
    problems.push(`${at}.name must match ${namePattern.source} and have at most ${maximumNameLength} characters`);
  }
  const known = (parameterClasses as readonly unknown[]).includes(parameter.class);
  if (!known) problems.push(`${at}.class must be one of ${parameterClasses.join(', ')}, not ${quote(parameter.class)}`);
  for (const field of textFields) {
    if (parameter[field] !== undefined && typeof parameter[field] !== 'string') {
      problems.push(`${at}.${field} must be a string`);
    }
  }
  for (const field of listFields) {
    if (parameter[field] !== undefined && !Array.isArray(parameter[field])) {
      problems.push(`${at}.${field} must be an array`);
    }
  }
  if (parameter.optional !== undefined && typeof parameter.optional !== 'boolean') {
    problems.push(`${at}.optional must be true or false`);
  }
  if (parameter.patterns !== undefined && !isPatterns(parameter.patterns)) {
    problems.push(`${at}.patterns must be an array of strings or a hash`);
  }
  if (parameter.type !== undefined && !isTypeConstraint(parameter.type, 0)) {
    problems.push(`${at}.type must be a type name, or {"$and": […]} or {"$or": […]} of such`);
  }
  problems.push(...checkDefault(parameter, at, side));
  return problems;
}

/**
 * A default of another class is not a fault here: a run that uses it fails (docs/reference/api.md, "Input and output
 * specifications").
 */
function checkDefault(parameter: Hash, at: string, side: 'inputSpec' | 'outputSpec'): string[] {
  if (parameter.default === undefined || parameter.default === null) return [];
  if (side === 'outputSpec') return [`${at}.default is not allowed: an output cannot have a default`];
  if (readMetadataDefault(parameter.default) !== undefined) return [];
  const malformed = checkReferences(parameter.default, `${at}.default`);
  if (malformed.length > 0) return malformed;
  if (findReferences(parameter.default).some((reference) => reference.kind !== 'object')) {
    return [`${at}.default may link to data objects only, not to the output of an execution`];
  }
  return [];
}

/** A default may be the metadata of what another input links to. */
function checkSource({ name, default: value }: Hash, at: string, names: ReadonlySet<unknown>): string[] {
  const source = readMetadataDefault(value)?.input;
  if (source === undefined || (names.has(source) && source !== name)) return [];
  return [`${at}.default takes the metadata of "${source}", which is not another input`];
}

function isPatterns(patterns: unknown): boolean {
  return isHash(patterns) || (Array.isArray(patterns) && patterns.every((pattern) => typeof pattern === 'string'));
}

function isTypeConstraint(type: unknown, depth: number): boolean {
  if (typeof type === 'string') return type !== '';
  if (!isHash(type) || Object.keys(type).length !== 1 || depth > maximumTypeDepth) return false;
  const parts = type.$and ?? type.$or;
  return Array.isArray(parts) && parts.length > 0 && parts.every((part) => isTypeConstraint(part, depth + 1));
}

function quote(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 100) ?? 'missing';
}

const namePattern = /^[a-zA-Z_][0-9a-zA-Z_]*$/;
const maximumNameLength = 255;
const maximumTypeDepth = 8;
const textFields = ['label', 'help', 'group'] as const;
const listFields = ['choices', 'suggestions'] as const;

/** The number of parameters that one specification may have. */
const maximumParameterCount = 1000;
