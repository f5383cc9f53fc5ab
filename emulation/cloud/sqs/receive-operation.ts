// ReceiveMessage, DeleteMessage and ChangeMessageVisibility as the API words them. It knows nothing of how messages are kept.
import { createHash } from 'node:crypto';
import { AwsError } from '../wire/aws-error.ts';
import type { Caller } from '../wire/control-server.ts';
import { type Input, integerMember, stringList, stringMember } from '../wire/input.ts';
import { md5OfAttributes, selectAttributes } from './message-attribute.ts';
import type { TakenMessage } from './message-table.ts';
import type { Queue } from './queue-table.ts';
import type { SqsCore } from './sqs-core.ts';
import { invalidValue, missing, withinRange } from './sqs-error.ts';
import { systemAttributes } from './system-attribute.ts';

/** API_ReceiveMessage. */
const MAX_MESSAGES = 10;
const MAX_WAIT_SECONDS = 20;
/** 12 hours, also in total since the receive; the total is not enforced here. */
const MAX_VISIBILITY_SECONDS = 43_200;

export async function receiveMessage(core: SqsCore, queue: Queue, input: Input, caller: Caller): Promise<object> {
  const read = (member: string, range: { min: number; max: number; absent: number }) =>
    withinRange(integerMember(input, member), member, range);
  const max = read('MaxNumberOfMessages', { min: 1, max: MAX_MESSAGES, absent: 1 });
  const visibility = { min: 0, max: MAX_VISIBILITY_SECONDS, absent: queue.visibilityTimeoutSeconds };
  const visibilitySeconds = read('VisibilityTimeout', visibility);
  const wait = { min: 0, max: MAX_WAIT_SECONDS, absent: queue.receiveWaitSeconds };
  const waitMs = read('WaitTimeSeconds', wait) * 1000;
  const system = [
    ...(stringList(input, 'MessageSystemAttributeNames') ?? []),
    ...(stringList(input, 'AttributeNames') ?? []),
  ];
  const own = stringList(input, 'MessageAttributeNames') ?? [];
  const signal = caller.disconnected;
  const taken = await core.receive(queue, { max, waitMs, visibilitySeconds, ...(signal ? { signal } : {}) });
  return taken.length === 0 ? {} : { Messages: taken.map((message) => toWire(message, system, own)) };
}

function toWire(message: TakenMessage, system: readonly string[], own: readonly string[]): object {
  const attributes = Object.entries(systemAttributes(message)).filter(
    ([name]) => system.includes('All') || system.includes(name),
  );
  const selected = selectAttributes(message.attributes, own);
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receipt,
    MD5OfBody: createHash('md5').update(message.body).digest('hex'),
    Body: message.body,
    ...(attributes.length === 0 ? {} : { Attributes: Object.fromEntries(attributes) }),
    ...(Object.keys(selected).length === 0
      ? {}
      : { MessageAttributes: selected, MD5OfMessageAttributes: md5OfAttributes(selected) }),
  };
}

export function deleteMessage(core: SqsCore, queue: Queue, input: Input): object {
  core.messages.remove(queue, [receiptIn(input)]);
  return {};
}

export function changeVisibility(core: SqsCore, queue: Queue, input: Input): object {
  const receipt = receiptIn(input);
  const seconds = integerMember(input, 'VisibilityTimeout');
  if (seconds === undefined) throw missing('VisibilityTimeout');
  withinRange(seconds, 'VisibilityTimeout', { min: 0, max: MAX_VISIBILITY_SECONDS, absent: 0 });
  const outcome = core.hide(queue, receipt, seconds);
  if (outcome === 'gone') {
    const reason = 'Message does not exist or is not available for visibility timeout change.';
    throw invalidValue(receipt, 'ReceiptHandle', reason);
  }
  if (outcome === 'visible') throw new AwsError('MessageNotInflight', 'The specified message is not in flight.');
  return {};
}

function receiptIn(input: Input): string {
  const receipt = stringMember(input, 'ReceiptHandle');
  if (!receipt) throw missing('ReceiptHandle');
  return receipt;
}
