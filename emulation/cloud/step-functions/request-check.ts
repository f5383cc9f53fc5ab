// Checks of request members in Step Functions' own words, and how it tells time. It knows no operation.
import { AwsError } from '../wire/aws-error.ts';
import { type Input, integerMember, stringMember } from '../wire/input.ts';

/** A string member that must be there, of at most `maxLength` characters. ValidationException. */
export function requiredText(input: Input, member: string, maxLength: number): string {
  const value = stringMember(input, member);
  if (value === undefined) {
    const told = `Value null at '${member}' failed to satisfy constraint: Member must not be null`;
    throw new AwsError('ValidationException', `1 validation error detected: ${told}`);
  }
  if (value.length > maxLength) throw validationError(member, 'length', maxLength, value);
  return value;
}

export function validationError(member: string, of: 'length' | 'value', max: number, value = '…'): AwsError {
  const told = `Value '${value}' at '${member}' failed to satisfy constraint: Member must have ${of} less than or equal to ${max}`;
  return new AwsError('ValidationException', `1 validation error detected: ${told}`);
}

const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 100;

/** `maxResults`: 1 to 1000; 0 and absent mean 100. */
export function pageSize(input: Input): number {
  const size = integerMember(input, 'maxResults') ?? 0;
  if (size < 0 || size > MAX_PAGE) throw validationError('maxResults', 'value', MAX_PAGE, String(size));
  return size === 0 ? DEFAULT_PAGE : size;
}

/** `nextToken` holds the id after which the next page begins. */
export function pageStart(input: Input): number | undefined {
  const token = stringMember(input, 'nextToken');
  if (token === undefined) return undefined;
  if (!/^\d{1,15}$/.test(token)) throw new AwsError('InvalidToken', `Invalid Token: '${token}'`);
  return Number(token);
}

/** Seconds since 1970 with milliseconds as fraction, as the JSON protocol tells time. */
export function seconds(milliseconds: number): number {
  return milliseconds / 1000;
}
