// Tests the loop by which outboxes, targets, asynchronous invocations, lanes and queue pollers deliver, and the order
// of the outbox.

import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startDeliveryPump } from '../../../emulation/cloud/event-bridge/delivery-pump.ts';
import { openDeliveryTable } from '../../../emulation/cloud/event-bridge/delivery-table.ts';
import { createEventQueue } from '../../../emulation/cloud/lambda/asynchronous.ts';
import { openAsynchronousTable } from '../../../emulation/cloud/lambda/asynchronous-table.ts';
import { backoffMs, createDelivery, type Delivery } from '../../../emulation/cloud/wire/delivery.ts';
import { openOutbox } from '../../../emulation/cloud/wire/outbox.ts';
import { eventually } from '../../machine/temporary-folder.ts';

type Attempt = { readonly id: number; end(outcome: string): void; fail(fault: Error): void };
type Given = { readonly concurrency?: number; readonly concludesLate?: boolean; idleMs?(): number | undefined };

const open: Delivery[] = [];
afterEach(async () => {
  for (const delivery of open.splice(0)) await delivery.close();
  vi.restoreAllMocks();
});

/** A delivery of the waiting numbers. The test ends each attempt. */
function givenDelivery({ concurrency = 2, concludesLate = false, idleMs = () => undefined }: Given = {}) {
  const waiting = new Set<number>();
  const attempts: Attempt[] = [];
  const concluded: string[] = [];
  const faults: unknown[] = [];
  const delivery = createDelivery<{ id: number }, string>({
    concurrency,
    concludesLate,
    take: (limit, underWay) =>
      [...waiting]
        .filter((id) => !underWay.has(id))
        .slice(0, limit)
        .map((id) => ({ id })),
    idleMs,
    attempt({ id }) {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      attempts.push({ id, end: resolve, fail: reject });
      return promise;
    },
    conclude({ id }, outcome) {
      concluded.push(`${id} ${outcome}`);
      waiting.delete(id);
    },
    onFault: (fault) => void faults.push(fault),
  });
  open.push(delivery);
  return { delivery, waiting, attempts, concluded, faults };
}

describe('a delivery', () => {
  it('attempts the due items, up to its concurrency, and each item once at a time', async () => {
    const { delivery, waiting, attempts, concluded } = givenDelivery();
    for (const id of [1, 2, 3]) waiting.add(id);
    delivery.wake();
    await eventually('two attempts', () => attempts.length === 2);
    delivery.wake();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(attempts.map(({ id }) => id)).toEqual([1, 2]);
    attempts[1]?.end('done');
    await eventually('the third', () => attempts.length === 3);
    expect(concluded).toEqual(['2 done']);
    expect(attempts[2]?.id).toBe(3);
  });

  it('takes items only between its waking and its close', async () => {
    const { delivery, waiting, attempts } = givenDelivery();
    waiting.add(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(attempts).toEqual([]);
    await delivery.close();
    delivery.wake();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(attempts).toEqual([]);
  });

  it('looks again by itself when more items become due', async () => {
    const { delivery, waiting, attempts } = givenDelivery({ idleMs: () => 5 });
    delivery.wake();
    await new Promise((resolve) => setTimeout(resolve, 20));
    waiting.add(1);
    await eventually('the attempt', () => attempts.length === 1);
  });

  it('reports a fault, and repeats the item after a pause', async () => {
    const { delivery, waiting, attempts, concluded, faults } = givenDelivery();
    waiting.add(1);
    delivery.wake();
    await eventually('the attempt', () => attempts.length === 1);
    attempts[0]?.fail(new Error('the disk is full'));
    await eventually('the next attempt', () => attempts.length === 2);
    attempts[1]?.end('done');
    await eventually('its end', () => concluded.length === 1);
    expect(faults).toEqual([new Error('the disk is full')]);
  });

  it.each([
    [false, []],
    [true, ['1 done']],
  ])(
    'concludes attempts that end after the close only if it concludes late (%s): %j',
    async (concludesLate, expected) => {
      const { delivery, waiting, attempts, concluded } = givenDelivery({ concludesLate });
      waiting.add(1);
      delivery.wake();
      await eventually('the attempt', () => attempts.length === 1);
      await delivery.close();
      attempts[0]?.end('done');
      await delivery.idle();
      expect(concluded).toEqual(expected);
    },
  );
});

it('the pause grows with each attempt up to the longest', () => {
  const pauses = [1, 2, 3, 4, 100].map((count) => backoffMs(count, { firstMs: 100, maximumMs: 500 }));
  expect(pauses).toEqual([100, 200, 400, 500, 500]);
});

describe('an outbox', () => {
  it('delivers in order, holds back later events while one is refused, and continues after a restart', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const database = new DatabaseSync(':memory:');
    let refusals = 2;
    const got: unknown[] = [];
    const before = openOutbox(database, 'events', (event) => {
      if (refusals-- > 0) throw new Error('not now');
      got.push(event);
    });
    before.put({ n: 1 });
    before.put((number) => ({ n: 2, number }));
    await eventually('both', () => got.length === 2);
    before.put({ n: 3 });
    await before.close();
    const later: unknown[] = [];
    const after = openOutbox(database, 'events', (event) => void later.push(event));
    after.flush();
    await eventually('the rest', () => got.length + later.length === 3);
    expect([...got, ...later]).toEqual([{ n: 1 }, { n: 2, number: 2 }, { n: 3 }]);
    await after.close();
    database.close();
  });
});

describe('an item that becomes due between two readings of the clock', () => {
  /** The first reading is a millisecond before the item is due, every later one is not. */
  const givenClock = () => {
    const readings = [100];
    return () => readings.shift() ?? 101;
  };

  it('is delivered to a target', async () => {
    const table = openDeliveryTable(new DatabaseSync(':memory:'));
    const address = { rule: 'r', target: 't' };
    table.add([address], '{}', 101);
    const delivered: unknown[] = [];
    const target = { id: 't', deliver: async (event: unknown) => void delivered.push(event) };
    const onDead = () => {};
    open.push(startDeliveryPump({ table, now: givenClock(), address, target, onDead, onFault: onDead }));
    await eventually('the delivery', () => delivered.length === 1);
  });

  it('is delivered to a function', async () => {
    const table = openAsynchronousTable(new DatabaseSync(':memory:'));
    table.add('f', '{}', 101);
    const ran: string[] = [];
    const run = async (payload: string) => {
      ran.push(payload);
      return { payload: 'null' };
    };
    const options = { functionName: 'f', settings: {}, table, now: givenClock(), run, onGivenUp: () => {} };
    const queue = createEventQueue(options);
    queue.resume();
    await eventually('the invocation', () => ran.length === 1);
    await queue.close();
  });
});
