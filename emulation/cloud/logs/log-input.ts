// Reads the request members that several Logs operations share, and refuses wrong ones.

import { AwsError } from '../wire/aws-error.ts';
import { type Input, stringMember } from '../wire/input.ts';

export function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}

/** A required string member. Throws InvalidParameterException if it is absent or empty. */
export function required(input: Input, member: string): string {
  const value = stringMember(input, member);
  if (!value)
    throw invalid(
      `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must not be null`,
    );
  return value;
}

/** The group's name, from exactly one of logGroupName and logGroupIdentifier (a name or an ARN). */
export function groupNameIn(input: Input): string {
  const identifier = stringMember(input, 'logGroupIdentifier');
  if (identifier === undefined) return required(input, 'logGroupName');
  if (stringMember(input, 'logGroupName') !== undefined) {
    throw invalid('Only one of logGroupName and logGroupIdentifier may be given');
  }
  return identifier.replace(/^arn:aws:logs:[^:]*:[^:]*:log-group:/, '').replace(/:\*$/, '');
}
