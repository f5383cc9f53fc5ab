// Tests what the product assumes of Amazon CloudWatch Logs, through the SDK, against any engine.

import { randomUUID } from 'node:crypto';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  GetLogEventsCommand,
  type InputLogEvent,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { check, contractRegion, type Endpoint, givenEndpoint } from './endpoint.ts';

const hourMs = 3_600_000;

let engine: Endpoint;
let logs: CloudWatchLogsClient;

beforeAll(async () => {
  engine = await givenEndpoint('logs');
  const config = { region: contractRegion, endpoint: engine.endpoint, credentials: engine.credentials };
  logs = new CloudWatchLogsClient(config);
});
afterAll(async () => {
  logs.destroy();
  await engine.close();
});

type Stream = { readonly logGroupName: string; readonly logStreamName: string };

async function givenStream(logStreamName = 'stream', group?: string): Promise<Stream> {
  const logGroupName = group ?? `/test/${randomUUID()}`;
  if (!group) await logs.send(new CreateLogGroupCommand({ logGroupName }));
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  return { logGroupName, logStreamName };
}

const put = (stream: Stream, logEvents: InputLogEvent[]) =>
  logs.send(new PutLogEventsCommand({ ...stream, logEvents }));

/** The lines `prefix-0`, `prefix-1` … at intervals of a millisecond, up to the present. */
function lines(count: number, prefix = 'line'): InputLogEvent[] {
  const start = Date.now() - count;
  return Array.from({ length: count }, (_, index) => ({ timestamp: start + index, message: `${prefix}-${index}` }));
}

async function get(stream: Stream, more: object = {}) {
  const answer = await logs.send(new GetLogEventsCommand({ ...stream, ...more }));
  return { ...answer, messages: answer.events?.map(({ message }) => message) ?? [] };
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no refusal',
    (error: Error) => error.name,
  );

describe('reading a stream', () => {
  check('logs/round-trip', 'returns the events in order with their times', async () => {
    const stream = await givenStream();
    const events = lines(3);
    await put(stream, events);
    const answer = await get(stream, { startFromHead: true });
    expect(answer.events?.map(({ timestamp, message }) => ({ timestamp, message }))).toEqual(events);
    expect(answer.events?.[0]?.ingestionTime).toBeGreaterThanOrEqual(events[0]?.timestamp ?? 0);
  });

  check('logs/forward', 'forward reaches the end, where the token repeats itself', async () => {
    const stream = await givenStream();
    await put(stream, lines(5));
    const first = await get(stream, { startFromHead: true, limit: 3 });
    const second = await get(stream, { startFromHead: true, limit: 3, nextToken: first.nextForwardToken });
    const end = await get(stream, { startFromHead: true, nextToken: second.nextForwardToken });
    expect([first.messages, second.messages, end.messages]).toEqual([
      ['line-0', 'line-1', 'line-2'],
      ['line-3', 'line-4'],
      [],
    ]);
    expect(end.nextForwardToken).toBe(second.nextForwardToken);
  });

  check('logs/follow', 'from the token at its end returns the later events', async () => {
    const stream = await givenStream();
    await put(stream, lines(1, 'early'));
    const { nextForwardToken: nextToken } = await get(stream, { startFromHead: true });
    await put(stream, [{ timestamp: Date.now(), message: 'late' }]);
    expect((await get(stream, { startFromHead: true, nextToken })).messages).toEqual(['late']);
  });

  check('logs/follow-empty', 'returns a token also if it is empty', async () => {
    const stream = await givenStream();
    const { nextForwardToken: nextToken, messages } = await get(stream, { startFromHead: true });
    expect(messages).toEqual([]);
    await put(stream, lines(2));
    expect((await get(stream, { startFromHead: true, nextToken })).messages).toEqual(['line-0', 'line-1']);
  });

  check('logs/backward', 'backward begins with the latest page and reaches the beginning', async () => {
    const stream = await givenStream();
    await put(stream, lines(5));
    const last = await get(stream, { limit: 3 });
    const before = await get(stream, { limit: 3, nextToken: last.nextBackwardToken });
    expect([last.messages, before.messages]).toEqual([
      ['line-2', 'line-3', 'line-4'],
      ['line-0', 'line-1'],
    ]);
    const start = await get(stream, { limit: 3, nextToken: before.nextBackwardToken });
    expect([start.messages, start.nextBackwardToken]).toEqual([[], before.nextBackwardToken]);
  });

  check('logs/time-range', 'in a range includes its start and excludes its end', async () => {
    const stream = await givenStream();
    const events = lines(5);
    await put(stream, events);
    const range = { startTime: events[1]?.timestamp, endTime: events[3]?.timestamp };
    expect((await get(stream, { startFromHead: true, ...range })).messages).toEqual(['line-1', 'line-2']);
  });

  check('logs/same-millisecond', 'keeps the order of writing within one millisecond', async () => {
    const stream = await givenStream();
    const timestamp = Date.now();
    await put(
      stream,
      ['a', 'b', 'c'].map((message) => ({ timestamp, message })),
    );
    await put(stream, [{ timestamp, message: 'd' }]);
    const first = await get(stream, { startFromHead: true, limit: 2 });
    const second = await get(stream, { startFromHead: true, nextToken: first.nextForwardToken });
    expect([...first.messages, ...second.messages]).toEqual(['a', 'b', 'c', 'd']);
  });

  check('logs/bad-token', 'is refused with an invalid token', async () => {
    expect(await refusal(get(await givenStream(), { nextToken: 'nonsense' }))).toBe('InvalidParameterException');
  });

  check('logs/absent', 'that does not exist is refused with ResourceNotFound', async () => {
    const stream = await givenStream();
    expect(await refusal(get({ ...stream, logStreamName: 'none' }))).toBe('ResourceNotFoundException');
    expect(await refusal(get({ ...stream, logGroupName: '/test/none' }))).toBe('ResourceNotFoundException');
    expect(await refusal(put({ ...stream, logStreamName: 'none' }, lines(1)))).toBe('ResourceNotFoundException');
  });
});

describe('writing', () => {
  check('logs/chronological', 'refuses the whole batch if it is not in order', async () => {
    const stream = await givenStream();
    expect(await refusal(put(stream, lines(3).reverse()))).toBe('InvalidParameterException');
    expect((await get(stream, { startFromHead: true })).messages).toEqual([]);
  });

  check('logs/too-old', 'leaves out events older than 14 days', async () => {
    const stream = await givenStream();
    const old = { timestamp: Date.now() - 15 * 24 * hourMs, message: 'old' };
    const answer = await put(stream, [old, ...lines(1)]);
    expect(answer.rejectedLogEventsInfo?.tooOldLogEventEndIndex).toBe(1);
    expect((await get(stream, { startFromHead: true })).messages).toEqual(['line-0']);
  });

  check('logs/too-new', 'leaves out events more than two hours ahead', async () => {
    const stream = await givenStream();
    const ahead = { timestamp: Date.now() + 3 * hourMs, message: 'new' };
    const answer = await put(stream, [...lines(1), ahead]);
    expect(answer.rejectedLogEventsInfo?.tooNewLogEventStartIndex).toBe(1);
    expect((await get(stream, { startFromHead: true })).messages).toEqual(['line-0']);
  });

  const batch = (stream: Stream, count: number, size: number) => {
    const timestamp = Date.now();
    return put(
      stream,
      Array.from({ length: count }, () => ({ timestamp, message: 'x'.repeat(size) })),
    );
  };

  check('logs/batch-count', 'accepts at most 10,000 events at once', async () => {
    const stream = await givenStream();
    await batch(stream, 10_000, 1);
    expect(await refusal(batch(stream, 10_001, 1))).toBe('InvalidParameterException');
  });

  check('logs/batch-bytes', 'accepts at most 1 MiB at once, counting 26 bytes more for each event', async () => {
    const stream = await givenStream();
    await batch(stream, 16, 65_536 - 26);
    expect(await refusal(batch(stream, 16, 65_536 - 25))).toBe('InvalidParameterException');
  });

  check('logs/no-events', 'refuses an empty batch', async () => {
    expect(await refusal(put(await givenStream(), []))).toBe('InvalidParameterException');
  });

  check('logs/empty-message', 'refuses an empty message', async () => {
    expect(await refusal(batch(await givenStream(), 1, 0))).toBe('InvalidParameterException');
  });

  check('logs/span', 'refuses a batch that spans more than 24 hours', async () => {
    const stream = await givenStream();
    const old = { timestamp: Date.now() - 25 * hourMs, message: 'old' };
    expect(await refusal(put(stream, [old, ...lines(1)]))).toBe('InvalidParameterException');
  });
});

describe('a group', () => {
  check('logs/exists', 'and a stream can be created only once', async () => {
    const stream = await givenStream();
    const { logGroupName } = stream;
    expect(await refusal(logs.send(new CreateLogGroupCommand({ logGroupName })))).toBe(
      'ResourceAlreadyExistsException',
    );
    expect(await refusal(logs.send(new CreateLogStreamCommand(stream)))).toBe('ResourceAlreadyExistsException');
    const elsewhere = { ...stream, logGroupName: '/test/none' };
    expect(await refusal(logs.send(new CreateLogStreamCommand(elsewhere)))).toBe('ResourceNotFoundException');
  });
});
