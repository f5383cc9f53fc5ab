// SQS's refusals, spelled as the service spells them, with their codes of the older query protocol. It knows no queue.
import { AwsError } from '../wire/aws-error.ts';

/** Error code → code in `x-amzn-query-error` (the awsQueryError trait of the service's model). */
export const QUERY_ERRORS: Readonly<Record<string, string>> = {
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  BatchRequestTooLong: 'AWS.SimpleQueueService.BatchRequestTooLong',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  InvalidBatchEntryId: 'AWS.SimpleQueueService.InvalidBatchEntryId',
  InvalidParameterValueException: 'InvalidParameterValue',
  MissingRequiredParameterException: 'MissingParameter',
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  QueueNameExists: 'QueueAlreadyExists',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  UnsupportedOperation: 'AWS.SimpleQueueService.UnsupportedOperation',
};

export function queueDoesNotExist(name: string): AwsError {
  return new AwsError('QueueDoesNotExist', `The specified queue does not exist: ${name}`);
}

export function invalidValue(value: unknown, parameter: string, reason: string): AwsError {
  const text = `Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`;
  return new AwsError('InvalidParameterValueException', text);
}

export function missing(parameter: string): AwsError {
  const text = `The request must contain the parameter ${parameter}.`;
  return new AwsError('MissingRequiredParameterException', text);
}

/** The value where it lies in the range, the default where it is absent. */
export function withinRange(
  value: number | undefined,
  parameter: string,
  range: { min: number; max: number; absent: number },
): number {
  if (value === undefined) return range.absent;
  if (value < range.min || value > range.max) {
    throw invalidValue(value, parameter, `Must be between ${range.min} and ${range.max}, if provided.`);
  }
  return value;
}
