// The refusal of an event pattern. It knows nothing of patterns.
import { AwsError } from '../wire/aws-error.ts';

export function refuse(what: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${what}`);
}
