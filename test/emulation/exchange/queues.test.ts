// Tests queues at an SQS elsewhere. Ours takes its place and checks every signature.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createForeignQueues } from '../../../emulation/exchange/foreign-queues.ts';
import type { Place } from '../../../emulation/exchange/place.ts';
import type { Queues } from '../../../emulation/exchange/port.ts';
import { startQueuePoller } from '../../../emulation/trigger/queue-poller.ts';
import type { Endpoint } from '../../contract/endpoint.ts';
import { startOurs } from '../../contract/engine/sqs.ts';
import { eventually } from '../../machine/temporary-folder.ts';

const arnOf = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const urlOf = (name: string) => `https://sqs.us-east-1.amazonaws.com/000000000000/${name}`;
const caller = { accessKeyId: 'AKIDLOCAL' };
const reports: [string, unknown][] = [];

let engine: Endpoint;
let queues: Queues;
let sdk: SQSClient;
const placeAt = (endpoint: string, credentials: Place['credentials']): Place => ({
  variable: 'AWS_ENDPOINT_URL_SQS',
  endpoint,
  region: 'us-east-1',
  credentials,
  accountId: undefined,
});
const openAt = (place: Place) =>
  createForeignQueues({ place, report: (what, fault) => void reports.push([what, fault]) });

beforeAll(async () => {
  engine = await startOurs();
  queues = openAt(placeAt(engine.endpoint, engine.credentials));
  sdk = new SQSClient({ endpoint: engine.endpoint, region: 'us-east-1', credentials: engine.credentials });
  await queues.createQueue({ name: 'work-dead', retentionSeconds: 600 });
  const redrive = { queueArn: arnOf('work-dead'), maxReceiveCount: 2 };
  await queues.createQueue({ name: 'work', visibilityTimeoutSeconds: 1, receiveWaitSeconds: 20, redrive });
});
afterAll(async () => {
  await queues.close();
  sdk.destroy();
  await engine.close();
});

async function attributesOf(name: string): Promise<Record<string, string>> {
  const QueueUrl = `${engine.endpoint}/000000000000/${name}`;
  const answer = await sdk.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  return answer.Attributes ?? {};
}

const send = (name: string, bodies: readonly string[]) =>
  queues.api.operations.SendMessageBatch?.(
    {
      QueueUrl: urlOf(name),
      Entries: bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody, MessageGroupId: 'group' })),
    },
    caller,
  );

describe('queues at another SQS', () => {
  it('are made with the attributes of the template, as often as asked', async () => {
    await queues.createQueue({ name: 'work-dead', retentionSeconds: 600 });
    expect(await attributesOf('work-dead')).toMatchObject({ MessageRetentionPeriod: '600' });
    expect(await attributesOf('work')).toMatchObject({
      VisibilityTimeout: '1',
      ReceiveMessageWaitTimeSeconds: '20',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf('work-dead'), maxReceiveCount: 2 }),
    });
  });

  it('deliver messages to the poller, which are deleted or, if they fail, moved to the dead letters', async () => {
    const records: { body: string; messageId: string; attributes: Record<string, string>; eventSourceARN: string }[] =
      [];
    const poller = startQueuePoller({
      mapping: { queueArn: arnOf('work'), batchSize: 10, maxConcurrency: 2, reportsItems: true },
      sqs: queues,
      async invoke(payload) {
        const { Records } = JSON.parse(payload) as { Records: typeof records };
        records.push(...Records);
        const failed = Records.filter(({ body }) => body === 'bad');
        return {
          payload: JSON.stringify({ batchItemFailures: failed.map((one) => ({ itemIdentifier: one.messageId })) }),
        };
      },
      onFault: (_what, fault) => {
        throw fault;
      },
    });
    const answer = await send('work', ['good', 'bad', 'ü']);
    expect(answer).toMatchObject({ Successful: [{ Id: '0' }, { Id: '1' }, { Id: '2' }] });
    await eventually('dead letters', async () => (await attributesOf('work-dead')).ApproximateNumberOfMessages === '1');
    await poller.close();
    expect(records.map(({ body }) => body).sort()).toEqual(['bad', 'bad', 'good', 'ü']);
    expect(records[0]).toMatchObject({
      eventSourceARN: arnOf('work'),
      attributes: { ApproximateReceiveCount: '1', MessageGroupId: 'group' },
    });
    const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = await attributesOf('work');
    expect([ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible]).toEqual(['0', '0']);
  });

  it('accept events that were given up, and deliver them with time and count', async () => {
    await queues.createQueue({ name: 'given-up' });
    queues.send(arnOf('given-up'), { body: 'lost' });
    const [taken] = await queues.receive(arnOf('given-up'), { max: 10, waitMs: 5_000 });
    expect(taken).toMatchObject({ body: 'lost', receiveCount: 1 });
    expect(Math.abs((taken?.sentAt ?? 0) - Date.now())).toBeLessThan(60_000);
    await queues.delete(arnOf('given-up'), [taken?.receipt ?? '']);
    expect(await attributesOf('given-up')).toMatchObject({ ApproximateNumberOfMessagesNotVisible: '0' });
  });

  it('serve only SendMessageBatch, and only for queues of the template', async () => {
    expect(Object.keys(queues.api.operations)).toEqual(['SendMessageBatch']);
    const input = { QueueUrl: urlOf('other'), Entries: [] };
    await expect(async () => queues.api.operations.SendMessageBatch?.(input, caller)).rejects.toMatchObject({
      code: 'QueueDoesNotExist',
    });
    expect(queues.api.resources?.('SendMessageBatch', input)).toEqual([arnOf('other')]);
  });

  it('end a poll at once when its caller stops waiting', async () => {
    const closing = new AbortController();
    const polled = queues.receive(arnOf('work'), { max: 1, waitMs: 20_000, signal: closing.signal });
    closing.abort();
    await expect(polled).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('an SQS', () => {
  it('that refuses is reported with its message', async () => {
    const wrong = openAt(placeAt(engine.endpoint, { ...engine.credentials, secretAccessKey: 'wrong' }));
    await expect(wrong.createQueue({ name: 'work' })).rejects.toThrow(
      /^The queue work could not be created at http:\S+ \(AWS_ENDPOINT_URL_SQS\): InvalidSignatureException: /,
    );
    const absent = openAt(placeAt('http://127.0.0.1:1', engine.credentials));
    await expect(absent.createQueue({ name: 'work' })).rejects.toThrow(/connect ECONNREFUSED 127\.0\.0\.1:1\.$/);
    await Promise.all([wrong.close(), absent.close()]);
  });

  it('that is lost is reported even if no caller waits for an answer', async () => {
    const other = await startOurs();
    const lost = openAt(placeAt(other.endpoint, other.credentials));
    await lost.createQueue({ name: 'given-up' });
    await other.close();
    lost.send(arnOf('given-up'), { body: 'x' });
    await eventually('a report', () => reports.some(([what]) => what === `queue ${arnOf('given-up')}`));
    await lost.close();
  });

  it('gets the attributes of the template for existing queues, under the names of its account', async () => {
    const calls: [string, Record<string, unknown>][] = [];
    const server = createServer(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      const operation = String(req.headers['x-amz-target']).split('.')[1] ?? '';
      const input = JSON.parse(Buffer.concat(chunks).toString()) as { QueueName?: string; QueueUrl?: string };
      calls.push([operation, input]);
      if (operation === 'CreateQueue' && input.QueueName === 'work') {
        const error = { __type: 'com.amazonaws.sqs#QueueNameExists', message: 'A queue already exists' };
        res.writeHead(400).end(JSON.stringify(error));
        return;
      }
      const name = input.QueueName ?? input.QueueUrl?.split('/').at(-1);
      const QueueArn = `arn:aws:sqs:eu-west-1:123456789012:${name}`;
      res.end(JSON.stringify({ QueueUrl: `https://there/123456789012/${name}`, Attributes: { QueueArn } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const there = openAt(placeAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, engine.credentials));
    await there.createQueue({ name: 'work-dead' });
    const redrive = { queueArn: arnOf('work-dead'), maxReceiveCount: 3 };
    await there.createQueue({ name: 'work', visibilityTimeoutSeconds: 60, redrive });
    const deadLetterTargetArn = 'arn:aws:sqs:eu-west-1:123456789012:work-dead';
    expect(calls.find(([operation]) => operation === 'SetQueueAttributes')?.[1]).toEqual({
      QueueUrl: 'https://there/123456789012/work',
      Attributes: {
        VisibilityTimeout: '60',
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 3 }),
      },
    });
    await there.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
