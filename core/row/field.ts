// The types of a row's attributes, as data. The compiler compares each table of fields with the type of its row.

type Scalar = string | number | boolean;
/** A word for a type, or the allowed values, or the type of each entry of a list. */
export type Field =
  | 'text'
  | 'number'
  | 'flag'
  | 'text or number'
  | 'bytes'
  | 'list'
  | 'map'
  | 'anything'
  | readonly Scalar[]
  | { readonly each: Field };

/** The words that describe a type. */
export type FieldOf<Type> = [Type] extends [string]
  ? 'text' | readonly Type[]
  : [Type] extends [number]
    ? 'number' | readonly Type[]
    : [Type] extends [boolean]
      ? 'flag' | readonly Type[]
      : [Type] extends [string | number]
        ? 'text or number'
        : [Type] extends [Uint8Array]
          ? 'bytes'
          : [Type] extends [readonly (infer Item)[]]
            ? 'list' | { readonly each: FieldOf<Item> }
            : [Type] extends [object]
              ? 'map'
              : 'anything';

type Named<Type> = { [Name in keyof Type as string extends Name ? never : Name]: Type[Name] };
type IsOptional<Type, Name extends keyof Type> = object extends Pick<Type, Name> ? true : false;
/** One entry for each field of a type that is never absent. */
export type RequiredFields<Type> = {
  readonly [Name in keyof Named<Type> as IsOptional<Named<Type>, Name> extends true ? never : Name]-?: FieldOf<
    Exclude<Named<Type>[Name], undefined>
  >;
};
/** One entry for each field of a type that may be absent. */
export type OptionalFields<Type> = {
  readonly [Name in keyof Named<Type> as IsOptional<Named<Type>, Name> extends true ? Name : never]-?: FieldOf<
    Exclude<Named<Type>[Name], undefined>
  >;
};
/** The fields of a type. They turn the compiler's knowledge into a check of what was read. */
export type Fields<Type> = { readonly required: RequiredFields<Type>; readonly optional: OptionalFields<Type> };

/** A table of fields, of whatever type. */
export type AnyFields = {
  readonly required: { readonly [name: string]: Field };
  readonly optional: { readonly [name: string]: Field };
};

/** The problem of a value that should have these fields. Undefined when there is none. It never quotes the value. */
export function fieldProblem(value: unknown, { required, optional }: AnyFields): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it is not a map';
  const attributes = value as { readonly [name: string]: unknown };
  for (const name in required) {
    const attribute = attributes[name];
    const field = required[name] ?? 'anything';
    if (attribute === undefined && field !== 'anything') return `"${name}" is missing`;
    if (!fits(attribute, field)) return `"${name}" is not ${wanted(field)}`;
  }
  for (const name in optional) {
    const attribute = attributes[name];
    const field = optional[name] ?? 'anything';
    if (attribute !== undefined && !fits(attribute, field)) return `"${name}" is not ${wanted(field)}`;
  }
  return undefined;
}

function fits(value: unknown, field: Field): boolean {
  switch (field) {
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'flag':
      return typeof value === 'boolean';
    case 'text or number':
      return typeof value === 'string' || typeof value === 'number';
    case 'bytes':
      return value instanceof Uint8Array;
    case 'list':
      return Array.isArray(value);
    case 'map':
      return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
    case 'anything':
      return true;
    default:
      if ('each' in field) return Array.isArray(value) && value.every((entry) => fits(entry, field.each));
      return (field as readonly unknown[]).includes(value);
  }
}

function wanted(field: Field): string {
  if (typeof field === 'string') return `${field === 'anything' ? '' : 'a '}${field}`;
  if ('each' in field) return `a list in which each entry is ${wanted(field.each)}`;
  return `one of ${field.join(', ')}`;
}
