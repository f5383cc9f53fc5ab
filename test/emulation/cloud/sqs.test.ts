// Tests SQS from inside the platform, by an injected clock and the in-process methods.

import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { given } from '../../../core/given.ts';
import { pickFairly, type WaitingGroup } from '../../../emulation/cloud/sqs/fair-order.ts';
import { toLambdaRecord } from '../../../emulation/cloud/sqs/lambda-record.ts';
import { createSqs, type Sqs } from '../../../emulation/cloud/sqs/sqs.ts';

let at: number;
let database: DatabaseSync;
let sqs: Sqs;

beforeEach(() => {
  at = 1_000_000;
  database = new DatabaseSync(':memory:');
  sqs = createSqs({ database, now: () => at, endpoint: () => 'http://127.0.0.1:4000' });
});
afterEach(async () => {
  await sqs.close();
  database.close();
});

const take = (arn: string, max = 10, visibilitySeconds?: number) =>
  sqs.receive(arn, { max, waitMs: 0, ...given({ visibilitySeconds }) });
const caller = { accessKeyId: 'AKIATEST' };
const call = async (operation: string, input: Record<string, unknown>) =>
  sqs.api.operations[operation]?.(input, caller);

describe('a queue', () => {
  test('has the ARN and URL of AWS, and keeps its messages when it is created again', async () => {
    const { arn, url } = sqs.createQueue({ name: 'work' });
    sqs.send(arn, { body: 'x' });
    sqs.createQueue({ name: 'work', visibilityTimeoutSeconds: 7 });
    expect([arn, url]).toEqual(['arn:aws:sqs:us-east-1:000000000000:work', 'http://127.0.0.1:4000/000000000000/work']);
    expect(sqs.depth(arn)).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
    await take(arn);
    at += 6_999;
    expect(await take(arn)).toEqual([]);
    at += 1;
    expect(await take(arn)).toHaveLength(1);
  });

  test('removes messages after their retention, however often they were hidden', async () => {
    const { arn } = sqs.createQueue({ name: 'short', retentionSeconds: 60 });
    sqs.send(arn, { body: 'x' });
    at += 59_999;
    expect(await take(arn, 1, 0)).toHaveLength(1);
    at += 1;
    expect(await take(arn)).toEqual([]);
    expect(sqs.depth(arn)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  test('counts delayed and hidden messages separately', async () => {
    const { arn } = sqs.createQueue({ name: 'delayed', delaySeconds: 5 });
    sqs.send(arn, { body: 'x' });
    sqs.send(arn, { body: 'now', delaySeconds: 0 });
    await take(arn);
    expect(sqs.depth(arn)).toEqual({ visible: 0, inFlight: 1, delayed: 1 });
  });

  test('refuses members of a message that are not implemented', async () => {
    sqs.createQueue({ name: 'q' });
    const Entries = [{ Id: 'a', MessageBody: 'x', MessageAttributes: { a: { DataType: 'String', StringValue: 'b' } } }];
    expect(await call('SendMessageBatch', { QueueUrl: 'q', Entries })).toMatchObject({
      Successful: [],
      Failed: [{ Id: 'a', Code: 'UnsupportedOperation' }],
    });
  });
});

describe('a receipt', () => {
  test('of an earlier receive deletes nothing', async () => {
    const { arn } = sqs.createQueue({ name: 'q' });
    sqs.send(arn, { body: 'x' });
    const [first] = await take(arn, 1, 0);
    const [second] = await take(arn, 1);
    sqs.delete(arn, [first?.receipt ?? '']);
    expect(sqs.depth(arn).inFlight).toBe(1);
    sqs.delete(arn, [second?.receipt ?? '']);
    expect(sqs.depth(arn).inFlight).toBe(0);
  });

  test('of another queue is refused', () => {
    const { arn } = sqs.createQueue({ name: 'q' });
    expect(() => sqs.delete(arn, [Buffer.from('["other",1,"x"]').toString('base64url')])).toThrow(/receipt handle/);
  });
});

describe('a long poll', () => {
  test('that was aborted does not take a message', async () => {
    const { arn } = sqs.createQueue({ name: 'q' });
    const abort = new AbortController();
    const waiting = sqs.receive(arn, { max: 1, waitMs: 20_000, signal: abort.signal });
    abort.abort();
    expect(await waiting).toEqual([]);
    sqs.send(arn, { body: 'x' });
    expect(sqs.depth(arn)).toMatchObject({ visible: 1, inFlight: 0 });
  });

  test('ends when the service closes', async () => {
    const { arn } = sqs.createQueue({ name: 'q' });
    const waiting = sqs.receive(arn, { max: 1, waitMs: 20_000 });
    await sqs.close();
    expect(await waiting).toEqual([]);
  });

  test('gives one message to one of many pollers', async () => {
    const { arn } = sqs.createQueue({ name: 'q' });
    const polls = Array.from({ length: 5 }, () => sqs.receive(arn, { max: 10, waitMs: 300 }));
    sqs.send(arn, { body: 'x' });
    expect((await Promise.all(polls)).map((messages) => messages.length).sort()).toEqual([0, 0, 0, 0, 1]);
  });

  test('of a dead letter queue wakes when something is moved there', async () => {
    const { arn: dead } = sqs.createQueue({ name: 'dead' });
    const { arn } = sqs.createQueue({ name: 'q', redrive: { queueArn: dead, maxReceiveCount: 1 } });
    sqs.send(arn, { body: 'poison', groupId: 'g' });
    await take(arn, 1, 0);
    const waiting = sqs.receive(dead, { max: 1, waitMs: 20_000 });
    expect(await take(arn)).toEqual([]);
    expect(await waiting).toMatchObject([{ body: 'poison', deadLetterSourceArn: arn, receiveCount: 2 }]);
  });
});

describe('fairness', () => {
  const waiting = (
    group: string,
    inFlightCount: number,
    ...ids: number[]
  ): WaitingGroup<{ id: number; visibleAt: number }> => ({
    group,
    inFlightCount,
    waiting: ids.map((id) => ({ id, visibleAt: id })),
  });
  const picks = (max: number, ...groups: ReturnType<typeof waiting>[]) => pickFairly(groups, max).map(({ id }) => id);

  test('alternates between groups, the oldest first', () => {
    expect(picks(4, waiting('a', 0, 1, 2, 3), waiting('b', 0, 4, 5))).toEqual([1, 4, 2, 5]);
  });
  test('prefers the group with the fewest in flight', () => {
    expect(picks(3, waiting('a', 2, 1, 2), waiting('b', 0, 3, 4, 5))).toEqual([3, 4, 1]);
  });
  test('takes all messages if there are fewer than asked', () => {
    expect(picks(9, waiting('a', 1, 1), waiting('b', 0))).toEqual([1]);
    expect(picks(9)).toEqual([]);
  });

  test('reaches every one of many groups', async () => {
    const { arn } = sqs.createQueue({ name: 'many' });
    const groupCount = 600;
    for (let index = 0; index < groupCount; index += 1) sqs.send(arn, { body: `${index}`, groupId: `g${index}` });
    const seen = new Set<string>();
    for (let round = 0; round < groupCount / 10; round += 1) for (const { body } of await take(arn)) seen.add(body);
    expect(seen.size).toBe(groupCount);
  });
});

test('a message becomes the record that Lambda passes to a function', async () => {
  const { arn } = sqs.createQueue({ name: 'q' });
  sqs.send(arn, { body: 'hello', groupId: 'g' });
  const [message] = await take(arn);
  if (!message) throw new Error('no message');
  expect(toLambdaRecord(message, arn)).toMatchObject({
    body: 'hello',
    md5OfBody: '5d41402abc4b2a76b9719d911017c592',
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: 'us-east-1',
    attributes: { ApproximateReceiveCount: '1', SentTimestamp: '1000000', MessageGroupId: 'g' },
    messageAttributes: {},
  });
});
