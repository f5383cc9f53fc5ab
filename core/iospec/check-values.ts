// Checks whether values have the classes of a specification. Wrong ones fail the job (InputError, OutputError), never
// the call (docs/reference/api.md, "Problems of inputs and outputs"). References to outputs that are not known yet
// pass: they are checked once resolved. Null is not a value: fill-input.ts reports where one is missing.

import type { ObjectId } from '../id/identifier.ts';
import { readReference } from '../reference/reference.ts';
import { type Hash, isHash } from '../reference/value.ts';
import { flattenArray, isGiven } from './fill-input.ts';
import {
  elementClass,
  isArrayClass,
  isLinkClass,
  type Parameter,
  type ParameterClass,
  type Specification,
  type TypeConstraint,
} from './parameter.ts';

type ObjectFacts = { readonly types: readonly string[] };
/** The facts about the linked data objects. An object that is missing here could not be found. */
export type Facts = ReadonlyMap<ObjectId, ObjectFacts>;

/**
 * A sentence for each value of the wrong class, and for each linked object that `facts` lacks or whose types do not
 * meet the `type` constraint. Fields that the specification does not name are not checked: `checkOutputFields` and
 * `fillInput` report those.
 *
 * @param facts leave out to check only the forms
 */
export function checkValues(specification: Specification, values: Hash, facts?: Facts): string[] {
  return specification.flatMap((parameter) => {
    if (!isGiven(values, parameter.name)) return [];
    const problems = checkValue(parameter.class, values[parameter.name], `"${parameter.name}"`);
    return problems.length > 0 || facts === undefined
      ? problems
      : checkObjects(parameter, values[parameter.name], facts);
  });
}

/** The same for one value. Arrays may be nested, as the platform flattens them. The sentences begin with `at`. */
function checkValue(parameterClass: ParameterClass, value: unknown, at: string): string[] {
  const wanted = elementClass(parameterClass);
  if (!isArrayClass(parameterClass)) return checkElement(wanted, value, at);
  if (isPendingReference(value)) return [];
  if (!Array.isArray(value)) return [`${at} must be an array (${parameterClass}), not ${describe(value)}`];
  return flattenArray(value)
    .flatMap((item, index) => checkElement(wanted, item, `${at}[${index}]`))
    .slice(0, problemCountPerValue);
}

function checkElement(wanted: ReturnType<typeof elementClass>, value: unknown, at: string): string[] {
  if (isPendingReference(value)) return [];
  if (isLinkClass(wanted)) return checkLink(wanted, value, at);
  if (wanted === 'int' && isTooLarge(value)) return [tooLarge(at, value)];
  return elementTests[wanted](value) ? [] : [`${at} must be of class ${wanted}, not ${describe(value)}`];
}

/** True for a value of this element class, in the form that a specification may list. */
export function isElement(wanted: ReturnType<typeof elementClass>, value: unknown): boolean {
  return checkElement(wanted, value, '').length === 0;
}

/** True for a whole number beyond 2⁵³, where not every number exists (docs/reference/api.md, "Classes of values"). */
export function isTooLarge(value: unknown): value is number {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

export function tooLarge(at: string, value: number): string {
  const range = `an int is from -${Number.MAX_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}`;
  return `${at} is ${value}; ${range}: pass a larger number as a string or a float`;
}

function checkLink(wanted: string, value: unknown, at: string): string[] {
  const reference = isHash(value) ? readReference(value) : undefined;
  if (reference?.kind === 'problem') return [`${at}: ${reference.problem}`];
  if (reference?.kind === 'object') {
    const found = reference.object.slice(0, reference.object.indexOf('-'));
    return found === wanted ? [] : [`${at} must link to a ${wanted}, not to ${reference.object}`];
  }
  return [`${at} must be a link, {"$dnanexus_link": "${wanted}-…"}, not ${describe(value)}`];
}

function checkObjects(parameter: Parameter, value: unknown, facts: Facts): string[] {
  const items = Array.isArray(value) ? flattenArray(value) : [value];
  return items.flatMap((item) => {
    const reference = isHash(item) ? readReference(item) : undefined;
    if (reference?.kind !== 'object' || !isLinkClass(elementClass(parameter.class))) return [];
    const object = facts.get(reference.object);
    if (object === undefined) return [`"${parameter.name}": ${reference.object} could not be found`];
    if (parameter.type === undefined || meetsType(parameter.type, object.types)) return [];
    const types = object.types.join(', ') || 'none';
    return [
      `"${parameter.name}": ${reference.object} must have the type ${printType(parameter.type)}; it has ${types}`,
    ];
  });
}

function meetsType(constraint: TypeConstraint, types: readonly string[]): boolean {
  if (typeof constraint === 'string') return types.includes(constraint);
  if ('$and' in constraint) return constraint.$and.every((part) => meetsType(part, types));
  return constraint.$or.some((part) => meetsType(part, types));
}

function printType(constraint: TypeConstraint): string {
  if (typeof constraint === 'string') return constraint;
  if ('$and' in constraint) return `(${constraint.$and.map(printType).join(' and ')})`;
  return `(${constraint.$or.map(printType).join(' or ')})`;
}

/** True for a reference to an output, which is not known yet. */
export function isPendingReference(value: unknown): boolean {
  const kind = isHash(value) ? readReference(value)?.kind : undefined;
  return kind === 'job' || kind === 'analysis';
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (isHash(value)) return 'a hash';
  return `${typeof value} ${JSON.stringify(value)?.slice(0, 60)}`;
}

const elementTests = {
  int: (value: unknown) => Number.isInteger(value),
  float: (value: unknown) => typeof value === 'number',
  string: (value: unknown) => typeof value === 'string',
  boolean: (value: unknown) => typeof value === 'boolean',
  hash: isHash,
} as const;

/** Problems that one array of values reports. The first ones suffice. */
const problemCountPerValue = 10;
