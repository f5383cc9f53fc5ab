// Entry point of the runnable queue: starts the worker of each job that is still as its message says.

import type { SQSEvent } from 'aws-lambda';
import type { RunnableMessage } from '../core/context.ts';
import { dispatch } from '../engine/launch/dispatch.ts';
import { context } from './context.ts';
import { type BatchResult, eachOf } from './middleware/batch.ts';

export function handler(event: SQSEvent): Promise<BatchResult> {
  return eachOf(
    event.Records,
    ({ messageId }) => messageId,
    ({ body }) => dispatch(context, JSON.parse(body) as RunnableMessage),
  );
}
