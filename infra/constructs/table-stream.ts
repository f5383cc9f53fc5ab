// A table's stream as a source of hints: filtered, with limited retries, and with a queue for records that were given
// up.

import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { executionSortKey } from '../../core/row/execution/job.ts';
import type { PlatformFunction } from './platform-function.ts';

/** @param states only records whose new image is a row `A` in one of these states. */
export function consumeStream(
  scope: Construct,
  id: string,
  options: { streamArn: string; target: PlatformFunction; states: readonly string[]; givenUp: Queue },
): EventSourceMapping {
  const pattern = {
    eventName: ['INSERT', 'MODIFY'],
    dynamodb: { NewImage: { sk: { S: [executionSortKey] }, state: { S: options.states } } },
  };
  return new EventSourceMapping(scope, id, {
    target: options.target,
    eventSourceArn: options.streamArn,
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize,
    parallelizationFactor: parallelization,
    retryAttempts: maximumRetries,
    maxRecordAge: Duration.minutes(maximumRecordAgeMinutes),
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
    onFailure: new SqsDlq(options.givenUp),
    filters: [{ pattern: JSON.stringify(pattern) }],
  });
}

/** The sweep finds whatever a record would have reported, so blocking a shard helps nobody (AWS's default is a day). */
const maximumRetries = 2;
const maximumRecordAgeMinutes = 60;
const batchSize = 100;
/** Batches of one shard that are processed at once. We do not depend on the order of different keys. */
const parallelization = 10;
