// The queues and the slots of the embedded runtime.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { type WorkerId, workerId } from '../../core/id/worker.ts';
import { openDatabase } from '../../embedded/database/database.ts';
import { createStartQueue } from '../../embedded/queue/start-queue.ts';
import { createWorkQueue } from '../../embedded/queue/work-queue.ts';
import { createSlots } from '../../embedded/worker/slots.ts';
import { seededRandom } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-queue-'));
afterAll(() => rmSync(folder, { recursive: true }));

const worker = (name: string): WorkerId => workerId({ job: jobId(name), try: 0, launch: 0 });
const request = (name: string, group = 'p') => ({ v: 1, worker: worker(name), group });

describe('the work queue', () => {
  const open = (name: string, deliver: (body: unknown) => Promise<void>) => {
    const faults: string[] = [];
    const database = openDatabase(join(folder, name), 'kernel', (fault) => faults.push(String(fault)));
    const queue = createWorkQueue(database, { deliver, report: (what) => faults.push(what), now: Date.now });
    return { database, queue, faults };
  };

  test('delivers each message once, and what an earlier platform left first', async () => {
    const got: unknown[] = [];
    const first = open('left.sqlite', async () => undefined);
    first.queue.send([{ n: 1 }, { n: 2 }]);
    await first.database.kept();
    await first.database.close();
    const { queue, database } = open('left.sqlite', async (body) => void got.push(body));
    queue.start();
    queue.send([{ n: 3 }]);
    await vi.waitUntil(() => got.length === 3);
    await queue.close();
    expect(got).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(database.sqlite.prepare('SELECT count(*) AS count FROM work').get()).toEqual({ count: 0 });
    await database.close();
  });

  test('delivers a put-off message in its time, and a later message before it', async () => {
    const got: unknown[] = [];
    const { queue, database } = open('late.sqlite', async (body) => void got.push(body));
    queue.start();
    queue.send([{ n: 'late' }], 1);
    queue.send([{ n: 'now' }]);
    await vi.waitUntil(() => got.length === 2, { timeout: 5_000 });
    expect(got).toEqual([{ n: 'now' }, { n: 'late' }]);
    await queue.close();
    await database.close();
  });

  test('delivers a message in its time although a later one was sent before', async () => {
    const got: unknown[] = [];
    const { queue, database } = open('order.sqlite', async (body) => void got.push(body));
    queue.start();
    queue.send([{ n: 'later' }], 50);
    await new Promise((resolve) => setTimeout(resolve, 100));
    queue.send([{ n: 'soon' }], 1);
    await vi.waitUntil(() => got.length === 1, { timeout: 5_000 });
    expect(got).toEqual([{ n: 'soon' }]);
    await queue.close();
    await database.close();
  });

  test('tries a failed message again, and keeps it aside after the fifth time', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 20 });
    let count = 0;
    const { queue, database, faults } = open('dead.sqlite', async () => {
      count += 1;
      throw new Error('no');
    });
    queue.start();
    queue.send([{ n: 1 }]);
    for (let turn = 0; turn < 100; turn++) await vi.advanceTimersByTimeAsync(10_000);
    vi.useRealTimers();
    await queue.close();
    expect([count, faults.length]).toEqual([5, 5]);
    expect(database.sqlite.prepare('SELECT dueAt, tries FROM work').all()).toEqual([{ dueAt: null, tries: 5 }]);
    await database.close();
  });
});

test('projects take turns, and a request that is sent twice is taken once', () => {
  const queue = createStartQueue(() => undefined);
  queue.send([request('a1', 'a'), request('a2', 'a'), request('a3', 'a'), request('b1', 'b'), request('a1', 'a')]);
  const taken = Array.from({ length: 5 }, () => queue.take()?.worker);
  expect(taken).toEqual([worker('a1'), worker('b1'), worker('a2'), worker('a3'), undefined]);
});

describe('slots', () => {
  const given = (limit: number) => {
    const queue = createStartQueue(() => undefined);
    const slots = createSlots(queue, limit);
    const send = (name: string, ...ancestors: string[]) => {
      slots.note(worker(name), ancestors.map(jobId));
      queue.send([request(name)]);
    };
    const take = () => slots.take()?.worker;
    return { slots, send, take };
  };

  test('a job below a waiting one gets a slot beyond the limit, and a second one only after it', () => {
    const { slots, send, take } = given(1);
    send('main');
    expect(take()).toBe(worker('main'));
    send('other');
    send('leaf1', 'main');
    send('leaf2', 'main');
    expect(take()).toBe(worker('leaf1'));
    expect(take()).toBeUndefined();
    slots.leave(worker('leaf1'));
    expect(take()).toBe(worker('leaf2'));
    slots.leave(worker('leaf2'));
    expect(take()).toBeUndefined();
    slots.leave(worker('main'));
    expect(take()).toBe(worker('other'));
  });

  test('random trees whose jobs wait for all jobs below them end on one to three slots', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed);
      const limit = 1 + Math.floor(random() * 3);
      const { slots, send, take } = given(limit);
      const parents = new Map<string, string[]>();
      const open = new Map<string, number>();
      const begin = (name: string, ancestors: string[]) => {
        parents.set(name, ancestors);
        for (const one of ancestors) open.set(one, (open.get(one) ?? 0) + 1);
        send(name, ...ancestors);
      };
      for (let root = 0; root < 3; root++) begin(`r${root}`, []);
      const names = new Map<WorkerId, string>();
      const running = new Set<string>();
      let ended = 0;
      for (let step = 0; step < 10_000 && ended < parents.size; step++) {
        for (let next = take(); next !== undefined; next = take()) {
          const name = [...parents.keys()].find((one) => worker(one) === next) ?? '';
          names.set(next, name);
          running.add(name);
          const ancestors = parents.get(name) ?? [];
          const children = ancestors.length < 4 ? Math.floor(random() * 3) : 0;
          for (let child = 0; child < children; child++) begin(`${name}.${child}`, [name, ...ancestors]);
        }
        expect(slots.used).toBeLessThanOrEqual(limit * 5);
        const done = [...running].find((name) => (open.get(name) ?? 0) === 0);
        if (done === undefined) break;
        running.delete(done);
        ended += 1;
        for (const one of parents.get(done) ?? []) open.set(one, (open.get(one) ?? 1) - 1);
        slots.leave(worker(done));
      }
      expect([seed, ended]).toEqual([seed, parents.size]);
    }
  });
});
