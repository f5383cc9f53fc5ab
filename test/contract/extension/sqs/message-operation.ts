// SendMessage, ReceiveMessage, DeleteMessage and DeleteMessageBatch.

import { createHash } from 'node:crypto';
import { batchOf } from '../../../../emulation/cloud/sqs/batch.ts';
import type { TakenMessage } from '../../../../emulation/cloud/sqs/message-table.ts';
import type { Queue } from '../../../../emulation/cloud/sqs/queue-table.ts';
import { readMessage } from '../../../../emulation/cloud/sqs/send-operation.ts';
import type { OnQueue } from '../../../../emulation/cloud/sqs/sqs-api.ts';
import type { SqsCore } from '../../../../emulation/cloud/sqs/sqs-core.ts';
import { missing, withinRange } from '../../../../emulation/cloud/sqs/sqs-error.ts';
import { systemAttributes } from '../../../../emulation/cloud/sqs/system-attribute.ts';
import type { Caller, Operation } from '../../../../emulation/cloud/wire/control-server.ts';
import { type Input, integerMember, stringList, stringMember } from '../../../../emulation/cloud/wire/input.ts';

export function createMessageOperations(core: SqsCore, onQueue: OnQueue): Record<string, Operation> {
  return {
    SendMessage: onQueue((queue, input, caller) => {
      const message = readMessage(queue, input, caller);
      const [MessageId] = core.send(queue, [message]);
      return { MessageId, MD5OfMessageBody: createHash('md5').update(message.body).digest('hex') };
    }),
    ReceiveMessage: onQueue((queue, input, caller) => receiveMessage(core, queue, input, caller)),
    DeleteMessage: onQueue((queue, input) => deleteMessage(core, queue, input)),
    DeleteMessageBatch: onQueue((queue, input) => batchOf(input, (entry) => deleteMessage(core, queue, entry))),
  };
}

async function receiveMessage(core: SqsCore, queue: Queue, input: Input, caller: Caller): Promise<object> {
  const read = (member: string, range: { min: number; max: number; absent: number }) =>
    withinRange(integerMember(input, member), member, range);
  const max = read('MaxNumberOfMessages', { min: 1, max: maximumMessages, absent: 1 });
  const visibility = { min: 0, max: maximumVisibilitySeconds, absent: queue.visibilityTimeoutSeconds };
  const visibilitySeconds = read('VisibilityTimeout', visibility);
  const wait = { min: 0, max: maximumWaitSeconds, absent: queue.receiveWaitSeconds };
  const waitMs = read('WaitTimeSeconds', wait) * 1000;
  const system = [
    ...(stringList(input, 'MessageSystemAttributeNames') ?? []),
    ...(stringList(input, 'AttributeNames') ?? []),
  ];
  const signal = caller.disconnected;
  const taken = await core.receive(queue, { max, waitMs, visibilitySeconds, ...(signal ? { signal } : {}) });
  return taken.length === 0 ? {} : { Messages: taken.map((message) => toWire(message, system)) };
}

function toWire(message: TakenMessage, system: readonly string[]): object {
  const attributes = Object.entries(systemAttributes(message)).filter(
    ([name]) => system.includes('All') || system.includes(name),
  );
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receipt,
    MD5OfBody: createHash('md5').update(message.body).digest('hex'),
    Body: message.body,
    ...(attributes.length === 0 ? {} : { Attributes: Object.fromEntries(attributes) }),
  };
}

function deleteMessage(core: SqsCore, queue: Queue, input: Input): object {
  const receipt = stringMember(input, 'ReceiptHandle');
  if (!receipt) throw missing('ReceiptHandle');
  core.messages.remove(queue, [receipt]);
  return {};
}

/** API_ReceiveMessage. */
const maximumMessages = 10;
const maximumWaitSeconds = 20;
const maximumVisibilitySeconds = 43_200;
