// SQS's refusals in the service's own words, and their codes in the older query protocol.

import { AwsError } from '../wire/aws-error.ts';

/** Error code → code in `x-amzn-query-error` (the awsQueryError trait of the service's model). */
export const queryErrors: Readonly<Record<string, string>> = {
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

/** Returns the value if it is in the range, or the default if it is absent. */
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
