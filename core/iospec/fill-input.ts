// Prepares the values of an input or output: names are checked, defaults are filled in, null counts as "not given", and
// arrays are flattened. check-values.ts checks classes.

import type { Hash } from '../reference/value.ts';
import { type MetadataWish, readMetadataDefault, takeMetadataDefault } from './metadata-default.ts';
import { isArrayClass, isOptional, listNames, type Specification } from './parameter.ts';

export type FilledInput = {
  /** The values that were given: those that are null are gone, and arrays are flat. */
  readonly given: Hash;
  /** The same, with the defaults of all others. */
  readonly input: Hash;
  /** Defaults that are the metadata of objects. `input` lacks them. */
  readonly wishes: readonly MetadataWish[];
  /** A sentence for each unknown or missing name. */
  readonly problems: readonly string[];
};

/**
 * The input as the executable gets it. Its problems are refused at the call, before there is a job
 * (docs/reference/api.md, "Problems of inputs and outputs"). Without a specification every input is valid, and is left
 * as it is.
 */
export function fillInput(specification: Specification | undefined, input: Hash): FilledInput {
  if (specification === undefined) return { given: input, input, wishes: [], problems: [] };
  const problems = unknownNames(specification, input).map(
    (name) => `the executable has no input "${name}" (it has: ${listNames(specification)})`,
  );
  const defaults: [string, unknown][] = [];
  const wishes: MetadataWish[] = [];
  for (const parameter of specification) {
    const { name } = parameter;
    if (isGiven(input, name)) continue;
    const source = readMetadataDefault(parameter.default);
    if (source !== undefined) {
      const taken = takeMetadataDefault(name, source, { specification, input });
      if (taken === undefined) continue;
      if ('problem' in taken) problems.push(taken.problem);
      else if ('wish' in taken) wishes.push(taken.wish);
      else defaults.push([name, taken.value]);
    } else if (parameter.default !== undefined && parameter.default !== null) defaults.push([name, parameter.default]);
    else if (!isOptional(parameter)) {
      const found = Object.hasOwn(input, name) ? 'is null, and it is required' : 'is missing';
      problems.push(`the input "${name}" (${parameter.class}) ${found}`);
    }
  }
  const given = tidy(specification, input);
  return { given, input: { ...given, ...tidy(specification, Object.fromEntries(defaults)) }, wishes, problems };
}

/**
 * A sentence for each output field that is unknown or missing: OutputError (docs/reference/api.md, "Problems of inputs
 * and outputs"). Without a specification every output is valid.
 */
export function checkOutputFields(specification: Specification | undefined, output: Hash): string[] {
  if (specification === undefined) return [];
  const missing = specification.filter(({ name, optional }) => optional !== true && !isGiven(output, name));
  return [
    ...unknownNames(specification, output).map(
      (name) =>
        `the output has a field "${name}" that the executable does not declare (it declares: ${listNames(specification)})`,
    ),
    ...missing.map(({ name, class: wanted }) => `the output field "${name}" (${wanted}) is missing`),
  ];
}

/**
 * The values that are given, with the arrays of array classes flattened. A reference to an array may therefore be an
 * element of an array.
 */
export function tidy(specification: Specification | undefined, values: Hash): Hash {
  if (specification === undefined) return values;
  const classes = new Map(specification.map((parameter) => [parameter.name, parameter.class]));
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      const wanted = classes.get(name);
      if (wanted !== undefined && value === null) return [];
      return [
        [name, wanted !== undefined && isArrayClass(wanted) && Array.isArray(value) ? flattenArray(value) : value],
      ];
    }),
  );
}

/** True when there is a value by that name. Null counts as none (docs/reference/api.md, "Classes of values"). */
export function isGiven(values: Hash, name: string): boolean {
  return Object.hasOwn(values, name) && values[name] !== null;
}

/** All elements of an array whose elements may be arrays, in order. */
export function flattenArray(items: readonly unknown[]): unknown[] {
  return items.flatMap((item) => (Array.isArray(item) ? flattenArray(item) : [item]));
}

function unknownNames(specification: Specification, values: Hash): string[] {
  const names = new Set(specification.map(({ name }) => name));
  return Object.keys(values).filter((name) => !names.has(name));
}
