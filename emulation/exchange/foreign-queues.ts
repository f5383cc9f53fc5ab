// Creates the template's queues at an SQS elsewhere, sends to them for the functions, and receives from them for the
// pollers. On this machine the queues keep the ARNs and URLs of the template.

import { given } from '../../core/given.ts';
import type { TakenMessage } from '../cloud/sqs/message-table.ts';
import { integerAttributes, type QueueSettings } from '../cloud/sqs/queue-table.ts';
import { queryErrors, queueDoesNotExist } from '../cloud/sqs/sqs-error.ts';
import { arnOf } from '../cloud/wire/account.ts';
import type { AwsError } from '../cloud/wire/aws-error.ts';
import { stringMember } from '../cloud/wire/input.ts';
import { createJsonClient, type JsonClient } from './json-client.ts';
import { demandOf, type Place } from './place.ts';
import type { Queues } from './port.ts';
import { signedHeaders } from './request-signature.ts';

export type ForeignQueuesOptions = {
  readonly place: Place;
  report(what: string, fault: unknown): void;
};

/** The URL and ARN of a queue at the SQS elsewhere. */
type ForeignQueue = { readonly url: string; readonly arn: string };

/** Rules: the SQS API reference. Two platforms at one place would take each other's messages. */
export function createForeignQueues({ place, report }: ForeignQueuesOptions): Queues {
  const client = createJsonClient({
    endpoint: place.endpoint,
    version: '1.0',
    headers: (url, headers, payloadHash) =>
      signedHeaders({ method: 'POST', url, target: url.pathname, headers, payloadHash }, place, 'sqs'),
  });
  const call = (operation: string, input: object) => client.call(`AmazonSQS.${operation}`, input);
  const queues = new Map<string, ForeignQueue>();
  const find = (arnOrUrl: string) => {
    const name = arnOrUrl.split(/[:/]/).at(-1) ?? '';
    const queue = queues.get(name);
    if (!queue) throw queueDoesNotExist(name);
    return queue;
  };
  return {
    api: {
      name: 'sqs',
      targetPrefix: 'AmazonSQS',
      queryErrors,
      actions: { SendMessageBatch: 'SendMessage' },
      resources: (_operation, input) => [
        arnOf('sqs', (stringMember(input, 'QueueUrl') ?? '*').split('/').at(-1) ?? ''),
      ],
      // The functions use this one operation. Any other is answered with 501.
      operations: {
        SendMessageBatch: (input) =>
          call('SendMessageBatch', { ...input, QueueUrl: find(stringMember(input, 'QueueUrl') ?? '').url }),
      },
    },
    async createQueue({ name, ...settings }) {
      const make = async () =>
        makeQueue(
          call,
          name,
          wireAttributes(settings, (arn) => find(arn).arn),
        );
      queues.set(name, await demandOf(place, `The queue ${name} could not be created`, make));
    },
    send(queueArn, { body }) {
      const sent = call('SendMessage', { QueueUrl: find(queueArn).url, MessageBody: body });
      sent.catch((fault: unknown) => report(`queue ${queueArn}`, fault));
    },
    receive: (queueArn, options) => receive(client, find(queueArn).url, options),
    async delete(queueArn, receipts) {
      for (let start = 0; start < receipts.length; start += maximumBatchSize) {
        const Entries = receipts
          .slice(start, start + maximumBatchSize)
          .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
        const answer = await call('DeleteMessageBatch', { QueueUrl: find(queueArn).url, Entries });
        const failed = (answer.Failed ?? []) as readonly { Code?: string; Message?: string }[];
        if (failed[0]) throw new Error(`${failed.length} messages were not deleted: ${JSON.stringify(failed[0])}`);
      }
    },
    // Only a receiver can give messages back. Those of a lost platform return after their visibility timeout.
    releaseInFlight: () => undefined,
    close: async () => client.close(),
  };
}

type Call = (operation: string, input: object) => Promise<Readonly<Record<string, unknown>>>;

/** Creates the queue. An existing queue gets the template's attributes, as in a deployment. */
async function makeQueue(call: Call, QueueName: string, Attributes: Record<string, string>): Promise<ForeignQueue> {
  const { QueueUrl } = await call('CreateQueue', { QueueName, Attributes }).catch(async (error: AwsError) => {
    if (error.name !== 'QueueNameExists' && error.name !== 'QueueAlreadyExists') throw error;
    const found = await call('GetQueueUrl', { QueueName });
    await call('SetQueueAttributes', { QueueUrl: found.QueueUrl, Attributes });
    return found;
  });
  const answer = await call('GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn'] });
  const arn = (answer.Attributes as { QueueArn?: string } | undefined)?.QueueArn;
  if (typeof QueueUrl !== 'string' || !arn) throw new Error(`there was no URL or ARN in the answer for ${QueueName}`);
  return { url: QueueUrl, arn };
}

function wireAttributes(
  { redrive, ...settings }: Partial<QueueSettings>,
  foreignArn: (arn: string) => string,
): Record<string, string> {
  const given = Object.entries(integerAttributes).filter(([, { setting }]) => Object.hasOwn(settings, setting));
  const integers = given.map(([name, { setting }]) => [name, String(settings[setting as keyof typeof settings])]);
  const policy = redrive && {
    deadLetterTargetArn: foreignArn(redrive.queueArn),
    maxReceiveCount: redrive.maxReceiveCount,
  };
  return { ...Object.fromEntries(integers), ...(policy ? { RedrivePolicy: JSON.stringify(policy) } : {}) };
}

type WireMessage = {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes?: Readonly<Record<string, string>>;
};

async function receive(
  client: JsonClient,
  QueueUrl: string,
  { max, waitMs, visibilitySeconds, signal }: Parameters<Queues['receive']>[1],
): Promise<TakenMessage[]> {
  const input = {
    QueueUrl,
    MaxNumberOfMessages: Math.min(max, maximumBatchSize),
    WaitTimeSeconds: Math.floor(waitMs / 1000),
    MessageSystemAttributeNames: ['All'],
    ...given({ VisibilityTimeout: visibilitySeconds }),
  };
  const limits = { limitMs: waitMs + answerLimitMs, ...(signal ? { signal } : {}) };
  const { Messages = [] } = await client.call('AmazonSQS.ReceiveMessage', input, limits);
  return (Messages as readonly WireMessage[]).map(toTaken);
}

function toTaken({ MessageId, ReceiptHandle, Body, Attributes = {} }: WireMessage): TakenMessage {
  const { MessageGroupId, DeadLetterQueueSourceArn } = Attributes;
  return {
    messageId: MessageId,
    receipt: ReceiptHandle,
    body: Body,
    senderId: Attributes.SenderId ?? '',
    sentAt: Number(Attributes.SentTimestamp),
    firstReceivedAt: Number(Attributes.ApproximateFirstReceiveTimestamp),
    receiveCount: Number(Attributes.ApproximateReceiveCount),
    ...given({ groupId: MessageGroupId, deadLetterSourceArn: DeadLetterQueueSourceArn }),
  };
}

/** The largest batch, by API_DeleteMessageBatch and API_ReceiveMessage. */
const maximumBatchSize = 10;
/** The time that an answer may take beyond the wait that was requested. */
const answerLimitMs = 15_000;
