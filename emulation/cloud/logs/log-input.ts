// Members that the Logs operations share, and the refusal of wrong ones. It knows no operation.
import { AwsError } from '../wire/aws-error.ts';
import { type Input, stringMember } from '../wire/input.ts';

export function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}

export function required(input: Input, member: string): string {
  const value = stringMember(input, member);
  if (!value)
    throw invalid(
      `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must not be null`,
    );
  return value;
}

/** The group by logGroupName, or by logGroupIdentifier (a name or an ARN); exactly one of them. */
export function groupNameIn(input: Input): string {
  const identifier = stringMember(input, 'logGroupIdentifier');
  if (identifier === undefined) return required(input, 'logGroupName');
  if (stringMember(input, 'logGroupName') !== undefined) {
    throw invalid('Only one of logGroupName and logGroupIdentifier may be given');
  }
  return identifier.replace(/^arn:aws:logs:[^:]*:[^:]*:log-group:/, '').replace(/:\*$/, '');
}
