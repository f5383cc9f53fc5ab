// SendMessage and SendMessageBatch: what a message may be. It knows nothing of how messages are kept.
import { createHash } from 'node:crypto';
import { AwsError } from '../wire/aws-error.ts';
import type { Caller } from '../wire/control-server.ts';
import { type Input, integerMember, stringMember, structureMember } from '../wire/input.ts';
import { readEntries, settle } from './batch.ts';
import { attributeBytes, md5OfAttributes, readMessageAttributes } from './message-attribute.ts';
import type { NewMessage } from './message-table.ts';
import type { Queue } from './queue-table.ts';
import type { SqsCore } from './sqs-core.ts';
import { invalidValue, missing, withinRange } from './sqs-error.ts';

/** API_SendMessageBatch: the messages of a batch together, in bytes. */
const MAX_BATCH_BYTES = 1_048_576;
/** API_SendMessage: 15 minutes. */
const MAX_DELAY_SECONDS = 900;
const GROUP_ID = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;
const FORBIDDEN_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

export function sendMessage(core: SqsCore, queue: Queue, input: Input, caller: Caller): object {
  const { message, md5s } = readMessage(queue, input, caller);
  const [MessageId] = core.send(queue, [message]);
  return { MessageId, ...md5s };
}

/** Entries that are in order are sent together, in one transaction. */
export function sendMessageBatch(core: SqsCore, queue: Queue, input: Input, caller: Caller): object {
  const entries = readEntries(input);
  const outcomes = entries.map(({ id, entry }) => ({ id, ...settle(id, () => readMessage(queue, entry, caller)) }));
  const batchBytes = entries.reduce(
    (sum, { entry }) => sum + Buffer.byteLength(stringMember(entry, 'MessageBody') ?? ''),
    0,
  );
  const attributesBytes = outcomes.reduce(
    (sum, each) => sum + ('value' in each ? attributeBytes(each.value.message.attributes) : 0),
    0,
  );
  if (batchBytes + attributesBytes > MAX_BATCH_BYTES) {
    const text = `Batch requests cannot be longer than ${MAX_BATCH_BYTES} bytes. You have sent ${batchBytes + attributesBytes} bytes.`;
    throw new AwsError('BatchRequestTooLong', text);
  }
  const accepted = outcomes.filter((each) => 'value' in each);
  const ids = core.send(
    queue,
    accepted.map((each) => each.value.message),
  );
  return {
    Successful: accepted.map((each, index) => ({ Id: each.id, MessageId: ids[index], ...each.value.md5s })),
    Failed: outcomes.filter((each) => 'failure' in each).map((each) => each.failure),
  };
}

function readMessage(queue: Queue, input: Input, caller: Caller) {
  const body = stringMember(input, 'MessageBody');
  if (!body) throw missing('MessageBody');
  if (FORBIDDEN_CHARACTER.test(body)) {
    throw new AwsError('InvalidMessageContents', 'Invalid characters were found in the message body.');
  }
  const attributes = readMessageAttributes(input);
  if (Buffer.byteLength(body) + attributeBytes(attributes) > queue.maxMessageBytes) {
    const text = `One or more parameters are invalid. Reason: Message must be shorter than ${queue.maxMessageBytes} bytes.`;
    throw new AwsError('InvalidParameterValueException', text);
  }
  const groupId = stringMember(input, 'MessageGroupId');
  if (groupId !== undefined && !GROUP_ID.test(groupId)) {
    const reason = 'MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.';
    throw invalidValue(groupId, 'MessageGroupId', reason);
  }
  if (stringMember(input, 'MessageDeduplicationId') !== undefined) {
    const text = 'The request includes a parameter that is not valid for this queue type: MessageDeduplicationId';
    throw new AwsError('InvalidParameterValueException', text);
  }
  const trace = structureMember(structureMember(input, 'MessageSystemAttributes') ?? {}, 'AWSTraceHeader') ?? {};
  const traceHeader = stringMember(trace, 'StringValue');
  const message: NewMessage = {
    body,
    attributes,
    senderId: caller.accessKeyId,
    delaySeconds: withinRange(integerMember(input, 'DelaySeconds'), 'DelaySeconds', {
      min: 0,
      max: MAX_DELAY_SECONDS,
      absent: queue.delaySeconds,
    }),
    ...(groupId === undefined ? {} : { groupId }),
    ...(traceHeader === undefined ? {} : { traceHeader }),
  };
  const md5s = {
    MD5OfMessageBody: createHash('md5').update(body).digest('hex'),
    MD5OfMessageAttributes: md5OfAttributes(attributes),
  };
  return { message, md5s };
}
