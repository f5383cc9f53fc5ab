// Reads members of a JSON request by type, as AWS's deserialisers do.

import { AwsError } from './aws-error.ts';

export type Input = Readonly<Record<string, unknown>>;

/** A string member, or undefined if it is absent or null. Throws SerializationException for another type. */
export function stringMember(input: Input, member: string): string | undefined {
  return memberOf(input, member, 'string', (value) => typeof value === 'string') as string | undefined;
}

/** An integer member. */
export function integerMember(input: Input, member: string): number | undefined {
  return memberOf(input, member, 'integer', Number.isSafeInteger) as number | undefined;
}

/** A boolean member. */
export function booleanMember(input: Input, member: string): boolean | undefined {
  return memberOf(input, member, 'boolean', (value) => typeof value === 'boolean') as boolean | undefined;
}

/** A list member whose elements are structures. */
export function structureList(input: Input, member: string): Input[] | undefined {
  const accepts = (value: unknown) => Array.isArray(value) && value.every(isStructure);
  return memberOf(input, member, 'list of structures', accepts) as Input[] | undefined;
}

/** A list member whose elements are strings. */
export function stringList(input: Input, member: string): string[] | undefined {
  const accepts = (value: unknown) => Array.isArray(value) && value.every((element) => typeof element === 'string');
  return memberOf(input, member, 'list of strings', accepts) as string[] | undefined;
}

/** A structure or map member. */
export function structureMember(input: Input, member: string): Input | undefined {
  return memberOf(input, member, 'structure', isStructure) as Input | undefined;
}

function memberOf(input: Input, member: string, type: string, accepts: (value: unknown) => boolean): unknown {
  const value = Object.hasOwn(input, member) ? input[member] : undefined;
  if (value === undefined || value === null) return undefined;
  if (!accepts(value)) throw new AwsError('SerializationException', `${member} must be a ${type}`);
  return value;
}

function isStructure(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
