// Tests what the product assumes of Amazon EventBridge, through the SDK, against any engine that also has SQS on its
// endpoint.

import { randomUUID } from 'node:crypto';
import {
  EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
  PutRuleCommand,
  PutTargetsCommand,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { check, contractRegion, type Endpoint, givenEndpoint } from './endpoint.ts';
import { eventPatternCases, refusedPatterns } from './event-pattern-case.ts';

let engine: Endpoint;
let events: EventBridgeClient;
let sqs: SQSClient;

beforeAll(async () => {
  engine = await givenEndpoint('event-bridge');
  const config = { region: contractRegion, endpoint: engine.endpoint, credentials: engine.credentials };
  events = new EventBridgeClient(config);
  sqs = new SQSClient(config);
});
afterAll(async () => {
  events.destroy();
  sqs.destroy();
  await engine.close();
});

async function givenQueue(): Promise<{ QueueUrl: string; arn: string }> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `e-${randomUUID()}` }));
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
  return { QueueUrl, arn: (await sqs.send(command)).Attributes?.QueueArn ?? '' };
}

/** A rule on events of a new source, which go to a new queue. */
async function givenRule(pattern: object = {}) {
  const queue = await givenQueue();
  const source = `test.${randomUUID()}`;
  const Name = `r-${randomUUID()}`;
  const EventPattern = JSON.stringify({ source: [source], ...pattern });
  await events.send(new PutRuleCommand({ Name, EventPattern }));
  await events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'queue', Arn: queue.arn }] }));
  return { ...queue, source, Name };
}

async function put(...Entries: PutEventsRequestEntry[]) {
  return events.send(new PutEventsCommand({ Entries }));
}

async function received(QueueUrl: string, WaitTimeSeconds = 5): Promise<Record<string, unknown>[]> {
  const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds });
  const { Messages = [] } = await sqs.send(command);
  return Messages.map(({ Body = '' }) => JSON.parse(Body) as Record<string, unknown>);
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no refusal',
    (error: Error) => error.name,
  );

const matches = async (pattern: unknown, detail: object) => {
  const event = {
    id: '1',
    account: '000000000000',
    source: 'test',
    time: '2026-11-21T04:00:00Z',
    region: contractRegion,
    resources: [],
    'detail-type': 'Test',
    detail,
  };
  const EventPattern = JSON.stringify({ detail: pattern });
  return (await events.send(new TestEventPatternCommand({ EventPattern, Event: JSON.stringify(event) }))).Result;
};

describe('an event', () => {
  check('event-bridge/delivers', 'reaches the target of a matching rule completely', async () => {
    const rule = await givenRule({ 'detail-type': ['Job'] });
    const Detail = JSON.stringify({ job: 'job-1', name: 'a b' });
    const Time = new Date('2026-11-21T04:00:00Z');
    const answer = await put({ Source: rule.source, DetailType: 'Job', Detail, Resources: ['arn:x'], Time });
    const [event] = await received(rule.QueueUrl);
    expect(answer.FailedEntryCount).toBe(0);
    expect(event).toMatchObject({
      version: '0',
      id: answer.Entries?.[0]?.EventId,
      source: rule.source,
      'detail-type': 'Job',
      time: '2026-11-21T04:00:00Z',
      region: contractRegion,
      resources: ['arn:x'],
      detail: { job: 'job-1', name: 'a b' },
    });
  });

  check('event-bridge/filters', 'that does not match is not delivered', async () => {
    const rule = await givenRule({ detail: { state: ['done'] } });
    await put({ Source: rule.source, DetailType: 'Job', Detail: '{"state":"failed"}' });
    await put({ Source: rule.source, DetailType: 'Job', Detail: '{"state":"done"}' });
    expect(await received(rule.QueueUrl)).toMatchObject([{ detail: { state: 'done' } }]);
  });
});

describe('a rule', () => {
  check('event-bridge/disabled', 'that is disabled delivers nothing', async () => {
    const { Name, source, QueueUrl } = await givenRule();
    const EventPattern = JSON.stringify({ source: [source] });
    await events.send(new PutRuleCommand({ Name, EventPattern, State: 'DISABLED' }));
    await put({ Source: source, DetailType: 'Job', Detail: '{}' });
    expect(await received(QueueUrl, 1)).toEqual([]);
  });

  check('event-bridge/input', 'may send a constant to its target instead of the event', async () => {
    const { Name, source, QueueUrl, arn } = await givenRule();
    await events.send(
      new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'queue', Arn: arn, Input: '{"sweep":1}' }] }),
    );
    await put({ Source: source, DetailType: 'Job', Detail: '{}' });
    expect(await received(QueueUrl)).toEqual([{ sweep: 1 }]);
  });

  check('event-bridge/no-pattern', 'needs a pattern or a schedule', async () => {
    expect(await refusal(events.send(new PutRuleCommand({ Name: 'nothing' })))).toBe('ValidationException');
    const rate = new PutRuleCommand({ Name: 'wrong-rate', ScheduleExpression: 'rate(1 minutes)' });
    expect(await refusal(events.send(rate))).toBe('ValidationException');
  });
});

describe('a pattern', () => {
  for (const { id, pattern, matching, other } of eventPatternCases) {
    check(`event-bridge/pattern-${id}`, JSON.stringify(pattern), async () => {
      for (const detail of matching) expect([detail, await matches(pattern, detail)]).toEqual([detail, true]);
      for (const detail of other) expect([detail, await matches(pattern, detail)]).toEqual([detail, false]);
    });
  }

  for (const [id, pattern] of Object.entries(refusedPatterns)) {
    check(`event-bridge/refuses-${id}`, JSON.stringify(pattern), async () => {
      expect(await refusal(matches(pattern, {}))).toBe('InvalidEventPatternException');
    });
  }
});
