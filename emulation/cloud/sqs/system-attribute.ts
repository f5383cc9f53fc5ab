// SQS's own attributes of a message, under their names in the API.

import { given } from '../../../core/given.ts';
import type { TakenMessage } from './message-table.ts';

type SystemAttributes = Record<string, string> &
  Record<'SenderId' | 'SentTimestamp' | 'ApproximateReceiveCount' | 'ApproximateFirstReceiveTimestamp', string>;

/** All system attributes of a received message, as strings. */
export function systemAttributes(message: TakenMessage): SystemAttributes {
  return {
    SenderId: message.senderId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    ...given({ MessageGroupId: message.groupId, DeadLetterQueueSourceArn: message.deadLetterSourceArn }),
  };
}
