// Tests what the product assumes of Amazon SQS standard queues, through the SDK, against any engine.

import { createHash, randomUUID } from 'node:crypto';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  type QueueAttributeName,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { check, contractRegion, type Endpoint, givenEndpoint } from './endpoint.ts';

const maximumMessageBytes = 1_048_576;

let engine: Endpoint;
let sqs: SQSClient;

beforeAll(async () => {
  engine = await givenEndpoint('sqs');
  sqs = new SQSClient({ region: contractRegion, endpoint: engine.endpoint, credentials: engine.credentials });
});
afterAll(async () => {
  sqs.destroy();
  await engine.close();
});

async function givenQueue(attributes: Partial<Record<QueueAttributeName, string>> = {}): Promise<string> {
  const created = await sqs.send(new CreateQueueCommand({ QueueName: `q-${randomUUID()}`, Attributes: attributes }));
  return created.QueueUrl ?? '';
}

const send = (QueueUrl: string, MessageBody: string, more: object = {}) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));

async function receive(QueueUrl: string, more: object = {}): Promise<Message[]> {
  const input = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, ...more };
  return (await sqs.send(new ReceiveMessageCommand(input))).Messages ?? [];
}

async function receiveOne(QueueUrl: string, more: object = {}): Promise<Message> {
  const [message] = await receive(QueueUrl, more);
  if (!message) throw new Error('no message came');
  return message;
}

async function attributes(QueueUrl: string): Promise<Record<string, string>> {
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
  return (await sqs.send(command)).Attributes ?? {};
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no refusal',
    (error: Error) => error.name,
  );

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

describe('a message', () => {
  check('sqs/round-trip', 'comes back with id, body and MD5', async () => {
    const queue = await givenQueue();
    const sent = await send(queue, 'häl\n"lo"');
    const message = await receiveOne(queue);
    expect(sent.MD5OfMessageBody).toBe(md5('häl\n"lo"'));
    expect(message).toMatchObject({ MessageId: sent.MessageId, Body: 'häl\n"lo"', MD5OfBody: md5('häl\n"lo"') });
    expect(message.Attributes).toBeUndefined();
  });

  check('sqs/system-attributes', 'has its receive count, its time of sending and its group as attributes', async () => {
    const queue = await givenQueue();
    const before = Date.now();
    await send(queue, 'body', { MessageGroupId: 'project-1' });
    await receiveOne(queue, { VisibilityTimeout: 0 });
    const { Attributes = {} } = await receiveOne(queue, { MessageSystemAttributeNames: ['All'] });
    expect(Attributes).toMatchObject({ ApproximateReceiveCount: '2', MessageGroupId: 'project-1' });
    expect(Number(Attributes.SentTimestamp)).toBeGreaterThanOrEqual(before - 1000);
    expect(Number(Attributes.ApproximateFirstReceiveTimestamp)).toBeGreaterThanOrEqual(
      Number(Attributes.SentTimestamp),
    );
  });

  check('sqs/largest', 'may have up to 1 MiB', async () => {
    const queue = await givenQueue();
    await send(queue, 'x'.repeat(maximumMessageBytes));
    expect((await receiveOne(queue)).Body?.length).toBe(maximumMessageBytes);
    expect(await refusal(send(queue, 'x'.repeat(maximumMessageBytes + 1)))).toMatch(/InvalidParameterValue/);
  });

  check('sqs/empty', 'must have a body', async () => {
    expect(await refusal(send(await givenQueue(), ''))).toMatch(
      /MissingParameter|MissingRequiredParameter|InvalidParameterValue/,
    );
  });

  check('sqs/characters', 'may not contain control characters', async () => {
    expect(await refusal(send(await givenQueue(), 'a\u0001b'))).toBe('InvalidMessageContents');
  });
});

describe('visibility', () => {
  check('sqs/hidden', 'hides a received message until its timeout', async () => {
    const queue = await givenQueue({ VisibilityTimeout: '1' });
    await send(queue, 'body');
    expect(await receive(queue)).toHaveLength(1);
    expect(await receive(queue, { WaitTimeSeconds: 0 })).toHaveLength(0);
    expect(await receive(queue, { WaitTimeSeconds: 3 })).toHaveLength(1);
  });

  check('sqs/delay', 'begins after DelaySeconds', async () => {
    const queue = await givenQueue();
    await send(queue, 'later', { DelaySeconds: 2 });
    expect(await receive(queue, { WaitTimeSeconds: 0 })).toHaveLength(0);
    expect((await attributes(queue)).ApproximateNumberOfMessagesDelayed).toBe('1');
    expect(await receive(queue, { WaitTimeSeconds: 5 })).toHaveLength(1);
  });

  check('sqs/depth', 'shows in the counts of the queue', async () => {
    const queue = await givenQueue();
    await send(queue, 'one');
    await send(queue, 'two');
    await receive(queue, { MaxNumberOfMessages: 1 });
    const counts = await attributes(queue);
    expect([counts.ApproximateNumberOfMessages, counts.ApproximateNumberOfMessagesNotVisible]).toEqual(['1', '1']);
  });

  check('sqs/long-poll', 'wakes a waiting receive when a message comes', async () => {
    const queue = await givenQueue();
    const waiting = receive(queue, { WaitTimeSeconds: 10 });
    const startedAt = performance.now();
    await send(queue, 'wake up');
    expect(await waiting).toHaveLength(1);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});

describe('deletion', () => {
  check('sqs/delete', 'is final, and can be repeated', async () => {
    const queue = await givenQueue({ VisibilityTimeout: '1' });
    await send(queue, 'body');
    const { ReceiptHandle } = await receiveOne(queue);
    await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }));
    await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }));
    expect(await receive(queue, { WaitTimeSeconds: 2 })).toHaveLength(0);
  });

  check('sqs/delete-expired', 'works with the last receipt after the visibility timeout', async () => {
    const queue = await givenQueue();
    await send(queue, 'body');
    const { ReceiptHandle } = await receiveOne(queue, { VisibilityTimeout: 0 });
    await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }));
    expect(await receive(queue, { WaitTimeSeconds: 0 })).toHaveLength(0);
  });

  check('sqs/delete-nonsense', 'is refused for an invalid receipt', async () => {
    const queue = await givenQueue();
    const command = new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: 'nonsense' });
    expect(await refusal(sqs.send(command))).toBe('ReceiptHandleIsInvalid');
  });

  check('sqs/delete-batch', 'works in batches', async () => {
    const queue = await givenQueue();
    await send(queue, 'one');
    await send(queue, 'two');
    const messages = [...(await receive(queue)), ...(await receive(queue, { WaitTimeSeconds: 0 }))];
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: `m${index}`, ReceiptHandle }));
    const answer = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queue, Entries }));
    expect(answer.Successful).toHaveLength(2);
    expect((await attributes(queue)).ApproximateNumberOfMessagesNotVisible).toBe('0');
  });
});

describe('a batch', () => {
  const batch = async (Entries: SendMessageBatchRequestEntry[]) =>
    sqs.send(new SendMessageBatchCommand({ QueueUrl: await givenQueue(), Entries }));
  const entries = (count: number, size = 1) =>
    Array.from({ length: count }, (_, index) => ({ Id: `e${index}`, MessageBody: 'x'.repeat(size) }));

  check('sqs/batch', 'may have up to ten messages', async () => {
    expect((await batch(entries(10))).Successful).toHaveLength(10);
  });
  check('sqs/batch-eleven', 'of eleven messages is refused', async () => {
    expect(await refusal(batch(entries(11)))).toMatch(/TooManyEntriesInBatchRequest/);
  });
  check('sqs/batch-empty', 'without messages is refused', async () => {
    expect(await refusal(batch([]))).toMatch(/EmptyBatchRequest/);
  });
  check('sqs/batch-same-id', 'with the same id twice is refused', async () => {
    expect(await refusal(batch([...entries(1), ...entries(1)]))).toMatch(/BatchEntryIdsNotDistinct/);
  });
  check('sqs/batch-bad-id', 'with a malformed id is refused', async () => {
    expect(await refusal(batch([{ Id: 'a b', MessageBody: 'x' }]))).toMatch(/InvalidBatchEntryId/);
  });
  check('sqs/batch-too-long', 'of more than 1 MiB in total is refused', async () => {
    expect(await refusal(batch(entries(2, maximumMessageBytes / 2 + 1)))).toMatch(/BatchRequestTooLong/);
  });
  check('sqs/batch-partial', 'fails entry by entry', async () => {
    const answer = await batch([...entries(1), { Id: 'bad', MessageBody: '' }]);
    expect(answer.Successful?.map(({ Id }) => Id)).toEqual(['e0']);
    expect(answer.Failed).toMatchObject([{ Id: 'bad', SenderFault: true }]);
  });
});

describe('a queue', () => {
  check('sqs/redrive', 'moves a message that was received too often to its dead letter queue', async () => {
    const dead = await givenQueue();
    const deadLetterTargetArn = (await attributes(dead)).QueueArn;
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 2 });
    const queue = await givenQueue({ RedrivePolicy });
    const { MessageId } = await send(queue, 'poison');
    await receiveOne(queue, { VisibilityTimeout: 0 });
    await receiveOne(queue, { VisibilityTimeout: 0 });
    expect(await receive(queue)).toHaveLength(0);
    expect((await receiveOne(dead)).MessageId).toBe(MessageId);
  });

  check('sqs/fair', 'delivers a message of a quiet group before those of a noisy one', async () => {
    const queue = await givenQueue();
    for (let index = 0; index < 12; index += 1) await send(queue, 'noise', { MessageGroupId: 'noisy' });
    await receive(queue, { MaxNumberOfMessages: 5 });
    await send(queue, 'quiet', { MessageGroupId: 'quiet' });
    expect((await receiveOne(queue, { MaxNumberOfMessages: 1 })).Body).toBe('quiet');
  });

  check('sqs/create-again', 'is found by name, and created again only with the same attributes', async () => {
    const queue = await givenQueue({ VisibilityTimeout: '40' });
    const QueueName = queue.slice(queue.lastIndexOf('/') + 1);
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl).toBe(queue);
    const again = (VisibilityTimeout: string) =>
      sqs.send(new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout } }));
    expect((await again('40')).QueueUrl).toBe(queue);
    expect(await refusal(again('41'))).toBe('QueueNameExists');
  });

  check('sqs/absent', 'that does not exist is refused with QueueDoesNotExist', async () => {
    const absent = (await givenQueue()).replace(/[^/]+$/, 'no-such-queue');
    expect(await refusal(send(absent, 'body'))).toBe('QueueDoesNotExist');
    expect(await refusal(sqs.send(new GetQueueUrlCommand({ QueueName: 'no-such-queue' })))).toBe('QueueDoesNotExist');
  });

  check('sqs/ranges', 'refuses numbers outside their ranges', async () => {
    const queue = await givenQueue();
    expect(await refusal(receive(queue, { MaxNumberOfMessages: 11 }))).toMatch(
      /InvalidParameterValue|ReadCountOutOfRange/,
    );
    expect(await refusal(receive(queue, { WaitTimeSeconds: 21 }))).toMatch(/InvalidParameterValue/);
    expect(await refusal(givenQueue({ VisibilityTimeout: '43201' }))).toMatch(/InvalidAttributeValue/);
  });

  check('sqs/longest-delay', 'refuses a delay of more than 15 minutes', async () => {
    expect(await refusal(send(await givenQueue(), 'x', { DelaySeconds: 901 }))).toMatch(/InvalidParameterValue/);
  });
});
