// Makes the record that Lambda's event source mapping passes to a function for a received message.

import { createHash } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import { localRegion } from '../wire/account.ts';
import type { TakenMessage } from './message-table.ts';
import { systemAttributes } from './system-attribute.ts';

/** The record of an `aws:sqs` event (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html). */
export function toLambdaRecord(message: TakenMessage, queueArn: string): SQSRecord {
  return {
    messageId: message.messageId,
    receiptHandle: message.receipt,
    body: message.body,
    attributes: systemAttributes(message),
    messageAttributes: {},
    md5OfBody: createHash('md5').update(message.body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: localRegion,
  };
}
