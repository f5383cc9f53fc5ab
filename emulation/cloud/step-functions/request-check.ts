// Checks request members in Step Functions' own words, and formats times.

import { AwsError } from '../wire/aws-error.ts';
import { type Input, stringMember } from '../wire/input.ts';

/** A required string member of at most `maxLength` characters. Throws ValidationException. */
export function requiredText(input: Input, member: string, maxLength: number): string {
  const value = stringMember(input, member);
  if (value === undefined) {
    const told = `Value null at '${member}' failed to satisfy constraint: Member must not be null`;
    throw new AwsError('ValidationException', `1 validation error detected: ${told}`);
  }
  if (value.length > maxLength) throw validationError(member, 'length', maxLength, value);
  return value;
}

export function validationError(member: string, of: 'length', max: number, value = '…'): AwsError {
  const told = `Value '${value}' at '${member}' failed to satisfy constraint: Member must have ${of} less than or equal to ${max}`;
  return new AwsError('ValidationException', `1 validation error detected: ${told}`);
}

/** Seconds since 1970 with milliseconds as a fraction, as in the JSON protocol. */
export function seconds(milliseconds: number): number {
  return milliseconds / 1000;
}
