// Entry point of the work queue: does one page of work for each message. The rest of the work is a message of its own.

import type { SQSEvent } from 'aws-lambda';
import { doWork } from '../engine/work.ts';
import { context } from './context.ts';
import { type BatchResult, eachOf } from './middleware/batch.ts';

export function handler(event: SQSEvent): Promise<BatchResult> {
  return eachOf(
    event.Records,
    ({ messageId }) => messageId,
    ({ body }) => doWork(context, JSON.parse(body)),
  );
}
