// Entry point of the streams: when an execution has changed or an object was closed, looks at the executions that this
// concerns.

import { Logger } from '@aws-lambda-powertools/logger';
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { rowOfImage, type StreamAttribute } from '../aws/dynamo/stream-image.ts';
import type { Row } from '../core/context.ts';
import { isObjectId } from '../core/id/identifier.ts';
import { onExecutionChangeOrLater, onObjectClosed } from '../engine/advance.ts';
import { context } from './context.ts';
import { type BatchResult, eachOf } from './middleware/batch.ts';

const logger = new Logger({ serviceName: 'espalier' });

export function handler(event: DynamoDBStreamEvent): Promise<BatchResult> {
  return eachOf(event.Records, ({ dynamodb }) => dynamodb?.SequenceNumber ?? '', look);
}

async function look({ dynamodb }: DynamoDBRecord): Promise<void> {
  const after = rowOf(dynamodb?.NewImage);
  if (after === undefined) return;
  // The streams of both tables arrive here. The ids distinguish them.
  if (isObjectId(after.pk)) await onObjectClosed(context, after.pk);
  else {
    const error = await onExecutionChangeOrLater(context, after, rowOf(dynamodb?.OldImage));
    if (error !== undefined) logger.error('execution left for later', { execution: after.pk, error: error as Error });
  }
}

function rowOf(image: object | undefined): Row | undefined {
  return image === undefined ? undefined : rowOfImage(image as { [name: string]: StreamAttribute });
}
