// SendMessageBatch: checks and sends a batch.

import { createHash } from 'node:crypto';
import { given } from '../../../core/given.ts';
import { AwsError } from '../wire/aws-error.ts';
import type { Caller } from '../wire/control-server.ts';
import { type Input, integerMember, stringMember } from '../wire/input.ts';
import { readEntries, settle } from './batch.ts';
import type { NewMessage } from './message-table.ts';
import type { Queue } from './queue-table.ts';
import type { SqsCore } from './sqs-core.ts';
import { invalidValue, missing, withinRange } from './sqs-error.ts';

/** Valid entries are sent together in one transaction. */
export function sendMessageBatch(core: SqsCore, queue: Queue, input: Input, caller: Caller): object {
  const entries = readEntries(input);
  const outcomes = entries.map(({ id, entry }) => ({
    id,
    ...settle(id, () => ({ message: readMessage(queue, entry, caller) })),
  }));
  const batchBytes = entries.reduce(
    (sum, { entry }) => sum + Buffer.byteLength(stringMember(entry, 'MessageBody') ?? ''),
    0,
  );
  if (batchBytes > maximumBatchBytes) {
    const text = `Batch requests cannot be longer than ${maximumBatchBytes} bytes. You have sent ${batchBytes} bytes.`;
    throw new AwsError('BatchRequestTooLong', text);
  }
  const accepted = outcomes.filter((each) => 'value' in each);
  const ids = core.send(
    queue,
    accepted.map((each) => each.value.message),
  );
  return {
    Successful: accepted.map(({ id, value: { message } }, index) => ({
      Id: id,
      MessageId: ids[index],
      MD5OfMessageBody: createHash('md5').update(message.body).digest('hex'),
    })),
    Failed: outcomes.filter((each) => 'failure' in each).map((each) => each.failure),
  };
}

/** Reads one message of a request. Message attributes are refused, because nothing here would deliver them. */
export function readMessage(queue: Queue, input: Input, caller: Caller): NewMessage {
  const body = stringMember(input, 'MessageBody');
  if (!body) throw missing('MessageBody');
  if (forbiddenCharacter.test(body)) {
    throw new AwsError('InvalidMessageContents', 'Invalid characters were found in the message body.');
  }
  const unknown = Object.keys(input).find((member) => unsupportedMembers.includes(member));
  if (unknown) throw new AwsError('UnsupportedOperation', `${unknown} of a message is not implemented here`);
  if (Buffer.byteLength(body) > queue.maxMessageBytes) {
    const text = `One or more parameters are invalid. Reason: Message must be shorter than ${queue.maxMessageBytes} bytes.`;
    throw new AwsError('InvalidParameterValueException', text);
  }
  const groupId = stringMember(input, 'MessageGroupId');
  if (groupId !== undefined && !groupIdPattern.test(groupId)) {
    const reason = 'MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.';
    throw invalidValue(groupId, 'MessageGroupId', reason);
  }
  if (stringMember(input, 'MessageDeduplicationId') !== undefined) {
    const text = 'The request includes a parameter that is not valid for this queue type: MessageDeduplicationId';
    throw new AwsError('InvalidParameterValueException', text);
  }
  return {
    body,
    senderId: caller.accessKeyId,
    delaySeconds: withinRange(integerMember(input, 'DelaySeconds'), 'DelaySeconds', {
      min: 0,
      max: maximumDelaySeconds,
      absent: queue.delaySeconds,
    }),
    ...given({ groupId }),
  };
}

/** Largest total size of a batch's messages, in bytes (API_SendMessageBatch). */
const maximumBatchBytes = 1_048_576;
/** 15 minutes (API_SendMessage). */
const maximumDelaySeconds = 900;
const groupIdPattern = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;
const unsupportedMembers: readonly string[] = ['MessageAttributes', 'MessageSystemAttributes'];
const forbiddenCharacter = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
