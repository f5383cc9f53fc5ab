// One parameter of an input or output specification, and the classes that its values may have (docs/reference/api.md,
// "Input and output specifications" and "Classes of values").

import { objectClasses } from '../id/identifier.ts';

/** Classes whose values are links to data objects. `database` may be declared, but no databases exist. */
const linkClasses = [...objectClasses, 'database'] as const;
export type LinkClass = (typeof linkClasses)[number];
const scalarClasses = ['int', 'float', 'string', 'boolean'] as const;
type ElementClass = (typeof scalarClasses)[number] | LinkClass;
/** `hash` is the only class without arrays. */
export type ParameterClass = ElementClass | `array:${ElementClass}` | 'hash';

/** All classes, for checking and for printing. */
export const parameterClasses: readonly ParameterClass[] = [
  ...scalarClasses,
  ...linkClasses,
  ...[...scalarClasses, ...linkClasses].map((element) => `array:${element}` as const),
  'hash',
];

/** A constraint on the types of a data object: a type name, or all or any of several. */
export type TypeConstraint =
  | string
  | { readonly $and: readonly TypeConstraint[] }
  | { readonly $or: readonly TypeConstraint[] };

/**
 * The fields that the platform reads. `label`, `help`, `group`, `patterns`, `suggestions` and others are kept.
 */
export type Parameter = {
  readonly name: string;
  readonly class: ParameterClass;
  readonly optional?: boolean;
  readonly default?: unknown;
  readonly choices?: unknown;
  readonly type?: TypeConstraint;
  readonly [field: string]: unknown;
};
export type Specification = readonly Parameter[];

/** True when a run may leave this input out: the parameter says so, or it has a default, even one that is null. */
export function isOptional(parameter: Parameter): boolean {
  return parameter.optional === true || parameter.default !== undefined;
}

/** The class of one element: `file` for `array:file`. A class that is not an array is its own element class. */
export function elementClass(parameterClass: ParameterClass): ElementClass | 'hash' {
  return parameterClass.replace(arrayPrefix, '') as ElementClass | 'hash';
}

/** True for `array:…`. */
export function isArrayClass(parameterClass: ParameterClass): boolean {
  return parameterClass.startsWith(arrayPrefix);
}

/** True for the classes whose values are links. */
export function isLinkClass(name: string): name is LinkClass {
  return (linkClasses as readonly string[]).includes(name);
}

/** The names of the first parameters, for a sentence. */
export function listNames(specification: Specification): string {
  const names = specification.slice(0, listedNameCount).map(({ name }) => name);
  return names.join(', ') || 'none';
}

const listedNameCount = 20;
const arrayPrefix = 'array:';
