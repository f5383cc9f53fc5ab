// Tests EventBridge from inside the platform: durable delivery, its retries and its dead letters, schedules, rules that
// change.

import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEventBridge, type EventBridge } from '../../../emulation/cloud/event-bridge/event-bridge.ts';
import { parseRate } from '../../../emulation/cloud/event-bridge/schedule.ts';

let database: DatabaseSync;
let buses: EventBridge[];
let dead: string[];

beforeEach(() => {
  database = new DatabaseSync(':memory:');
  buses = [];
  dead = [];
});
afterEach(async () => {
  vi.useRealTimers();
  for (const bus of buses) await bus.close();
  database.close();
});

/** A bus on the test's database. A second one takes the place of a restart. */
function givenBus(now: () => number = Date.now): EventBridge {
  const bus = createEventBridge({ database, now, onDead: ({ reason }) => dead.push(reason) });
  buses.push(bus);
  return bus;
}

const event = (detail: object = {}) => ({ source: 'test', 'detail-type': 'Test', detail });
const pattern = { source: ['test'] };
const within = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 10_000, interval: 5 });

describe('delivery', () => {
  test('reaches every target of every matching rule once', async () => {
    const bus = givenBus();
    const got: string[] = [];
    const target = (id: string) => ({
      id,
      deliver: async (each: unknown) => void got.push(`${id} ${JSON.stringify(each)}`),
    });
    bus.putRule({ name: 'one', pattern, targets: [target('a'), target('b')] });
    bus.putRule({ name: 'two', pattern: { source: ['other', 'test'] }, targets: [target('c')] });
    bus.putRule({ name: 'other', pattern: { source: ['other'] }, targets: [target('d')] });
    bus.putRule({ name: 'off', pattern, enabled: false, targets: [target('e')] });
    bus.start();
    const { id } = bus.publish(event());
    await within(() => got.length === 3);
    expect(got.map((line) => line.slice(0, 1)).sort()).toEqual(['a', 'b', 'c']);
    expect(got.every((line) => line.includes(id))).toBe(true);
  });

  test('is repeated until the target accepts it', async () => {
    const bus = givenBus();
    let attempts = 0;
    const deliver = async () => {
      attempts += 1;
      if (attempts < 3) throw new Error('not yet');
    };
    bus.putRule({ name: 'rule', pattern, targets: [{ id: 't', deliver }] });
    bus.start();
    bus.publish(event());
    await within(() => attempts === 3);
    await within(() => Number(database.prepare('SELECT count(*) AS n FROM events_delivery').get()?.n) === 0);
    expect(dead).toEqual([]);
  });

  test('is given up after maximumRetryAttempts, and kept with the reason', async () => {
    const bus = givenBus();
    let attempts = 0;
    const deliver = async () => {
      attempts += 1;
      throw new Error('broken');
    };
    bus.putRule({ name: 'rule', pattern, targets: [{ id: 't', deliver, maximumRetryAttempts: 1 }] });
    bus.start();
    bus.publish(event({ n: 1 }));
    await within(() => dead.length === 1);
    expect(attempts).toBe(2);
    expect(dead).toEqual(['MaximumRetryAttempts exhausted after 2 attempts: broken']);
    const [buried] = bus.deadDeliveries();
    expect(buried).toMatchObject({ rule: 'rule', target: 't', attemptCount: 2 });
    expect(JSON.parse(buried?.event ?? '')).toMatchObject({ detail: { n: 1 } });
  });

  test('is given up when the event is too old, but only after one attempt', async () => {
    let at = 1_000_000;
    const before = givenBus(() => at);
    before.putRule({ name: 'rule', pattern, targets: [{ id: 't', deliver: async () => {} }] });
    before.publish(event());
    at += 60_000;
    const bus = givenBus(() => at);
    const deliver = async () => {
      throw new Error('broken');
    };
    bus.putRule({ name: 'rule', pattern, targets: [{ id: 't', deliver, maximumEventAgeSeconds: 60 }] });
    bus.start();
    await within(() => dead.length === 1);
    expect(dead).toEqual(['MaximumEventAge exhausted after 1 attempts: broken']);
  });

  test('continues after a restart, also for events that were under way', async () => {
    const before = givenBus();
    before.putRule({ name: 'rule', pattern, targets: [{ id: 't', deliver: () => new Promise(() => {}) }] });
    before.start();
    for (let n = 0; n < 40; n += 1) before.publish(event({ n }));
    await before.close();
    const bus = givenBus();
    const got = new Set<number>();
    const deliver = async (each: unknown) => void got.add((each as { detail: { n: number } }).detail.n);
    bus.putRule({ name: 'rule', pattern, targets: [{ id: 't', deliver }] });
    bus.start();
    await within(() => got.size === 40);
  });

  test('to a slow target does not delay other targets', async () => {
    const bus = givenBus();
    const got: number[] = [];
    const slow = { id: 'slow', deliver: () => new Promise<void>(() => {}) };
    const fast = { id: 'fast', deliver: async () => void got.push(1) };
    bus.putRule({ name: 'rule', pattern, targets: [slow, fast] });
    bus.start();
    for (let n = 0; n < 40; n += 1) bus.publish(event({ n }));
    await within(() => got.length === 40);
  });

  test('begins only with start', async () => {
    const bus = givenBus();
    const got: number[] = [];
    bus.putRule({ name: 'rule', pattern, targets: [{ id: 't', deliver: async () => void got.push(1) }] });
    bus.publish(event());
    await new Promise((resolve) => setImmediate(resolve));
    expect(got).toEqual([]);
    bus.start();
    await within(() => got.length === 1);
  });

  test('to a target that no longer exists is given up at start', () => {
    const before = givenBus();
    before.putRule({ name: 'gone', pattern, targets: [{ id: 't', deliver: async () => {} }] });
    before.publish(event());
    givenBus().start();
    expect(dead).toEqual(['The rule or its target no longer exists']);
  });
});

describe('a rule', () => {
  test('with an invalid pattern is refused', () => {
    const bus = givenBus();
    expect(() => bus.putRule({ name: 'rule', pattern: { a: 'x' }, targets: [] })).toThrow(
      /must be an object or an array/,
    );
  });

  test('with an operator that is not implemented is refused, and the message names the operator', () => {
    const bus = givenBus();
    const rule = { name: 'rule', pattern: { source: [{ prefix: 'te' }] }, targets: [] };
    expect(() => bus.putRule(rule)).toThrow(/The operator prefix is not implemented here/);
  });

  test('that loses its target drops the waiting deliveries', () => {
    const bus = givenBus();
    bus.putRule({ name: 'rule', pattern, targets: [{ id: 't', deliver: async () => {} }] });
    bus.publish(event());
    bus.putRule({ name: 'rule', pattern, targets: [] });
    expect(dead).toEqual(['The target was removed from the rule']);
    bus.publish(event());
    expect(database.prepare('SELECT count(*) AS n FROM events_delivery').get()?.n).toBe(0);
  });
});

describe('a schedule', () => {
  test('fires from the start on, and each time makes a durable delivery', async () => {
    vi.useFakeTimers();
    const bus = givenBus();
    const got: unknown[] = [];
    bus.putRule({
      name: 'sweep',
      scheduleSeconds: 60,
      targets: [{ id: 't', deliver: async (each) => void got.push(each) }],
    });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(got).toEqual([]);
    bus.start();
    await vi.advanceTimersByTimeAsync(121_000);
    expect(got).toHaveLength(2);
    expect(got[0]).toMatchObject({
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      resources: ['arn:aws:events:us-east-1:000000000000:rule/sweep'],
      detail: {},
    });
    await bus.close();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(got).toHaveLength(2);
  });

  test.each([
    ['rate(1 minute)', 60],
    ['rate(5 minutes)', 300],
    ['rate(1 hour)', 3600],
    ['rate(2 days)', 172_800],
  ])('of %s is %i seconds', (expression, seconds) => expect(parseRate(expression)).toBe(seconds));

  test.each(['rate(1 minutes)', 'rate(2 minute)', 'rate(0 minutes)', 'rate(1 second)', 'cron(0 * * * ? *)', ''])(
    'of "%s" is refused',
    (expression) => expect(() => parseRate(expression)).toThrow(/ScheduleExpression is not valid/),
  );
});
