// Prepares an input before a job is made of it: names are checked and defaults filled in. Before the executable sees
// the input, arrays are flattened. check-values.ts checks classes.

import type { Hash } from '../reference/value.ts';
import { flattenArray } from './check-values.ts';
import { isArrayClass, isOptional, type Specification } from './parameter.ts';

/**
 * The input with defaults for the missing fields, and a sentence for each unknown or missing name. Those are refused at
 * the call, before there is a job (docs/reference/api.md, "Problems of inputs and outputs"). Without a specification
 * every input is valid.
 */
export function fillInput(
  specification: Specification | undefined,
  input: Hash,
): { readonly input: Hash; readonly problems: string[] } {
  if (specification === undefined) return { input, problems: [] };
  const problems = unknownNames(specification, input).map(
    (name) => `the executable has no input "${name}" (it has: ${listNames(specification)})`,
  );
  const defaults: [string, unknown][] = [];
  for (const parameter of specification) {
    if (Object.hasOwn(input, parameter.name)) continue;
    if (parameter.default !== undefined) defaults.push([parameter.name, parameter.default]);
    else if (!isOptional(parameter)) problems.push(`the input "${parameter.name}" (${parameter.class}) is missing`);
  }
  return { input: Object.fromEntries([...Object.entries(input), ...defaults]), problems };
}

/**
 * A sentence for each output field that is unknown or missing: OutputError (docs/reference/api.md, "Problems of inputs
 * and outputs"). Without a specification every output is valid.
 */
export function checkOutputFields(specification: Specification | undefined, output: Hash): string[] {
  if (specification === undefined) return [];
  const missing = specification.filter(({ name, optional }) => optional !== true && !Object.hasOwn(output, name));
  return [
    ...unknownNames(specification, output).map(
      (name) =>
        `the output has a field "${name}" that the executable does not declare (it declares: ${listNames(specification)})`,
    ),
    ...missing.map(({ name, class: wanted }) => `the output field "${name}" (${wanted}) is missing`),
  ];
}

/**
 * The values with the arrays of array classes flattened. A reference to an array may therefore be an element of an
 * array.
 */
export function flatten(specification: Specification | undefined, values: Hash): Hash {
  if (specification === undefined) return values;
  const arrays = new Set(specification.filter((parameter) => isArrayClass(parameter.class)).map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      arrays.has(name) && Array.isArray(value) ? flattenArray(value) : value,
    ]),
  );
}

function unknownNames(specification: Specification, values: Hash): string[] {
  const names = new Set(specification.map(({ name }) => name));
  return Object.keys(values).filter((name) => !names.has(name));
}

function listNames(specification: Specification): string {
  return (
    specification
      .slice(0, listedNameCount)
      .map(({ name }) => name)
      .join(', ') || 'none'
  );
}

/** The number of names that a sentence lists. */
const listedNameCount = 20;
