// Tests CloudWatch Logs from inside the platform: appending in batches, durability, retention, refusals.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogs, type Logs } from '../../../emulation/cloud/logs/logs.ts';
import { openDatabase } from '../../../emulation/cloud/wire/transaction.ts';
import { logExtension } from '../../contract/extension/logs/logs-extension.ts';

const dayMs = 24 * 3_600_000;
let folder: string;
let database: DatabaseSync;
let logs: Logs;
let at: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-logs-'));
  database = openDatabase(join(folder, 'cloud.sqlite'));
  at = Date.now();
  logs = createLogs({ database, now: () => at, operations: logExtension });
});
afterEach(async () => {
  await logs.close();
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const call = async (operation: string, input: Record<string, unknown>) =>
  (await logs.api.operations[operation]?.(input, { accessKeyId: 'AKIATEST' })) as Record<string, unknown>;

async function messages(logStreamName = 's'): Promise<string[]> {
  const answer = await call('GetLogEvents', { logGroupName: '/g', logStreamName, startFromHead: true });
  return (answer.events as { message: string }[]).map(({ message }) => message);
}

test('a read that starts after an append returns its lines', async () => {
  logs.append('/g', 's', [{ timestamp: at, message: 'one' }]);
  logs.append('/g', 's', [{ timestamp: at, message: 'two' }]);
  expect(await messages()).toEqual(['one', 'two']);
});

test('lines are on disk within 50 ms without a read', async () => {
  const other = new DatabaseSync(join(folder, 'cloud.sqlite'), { readOnly: true });
  const count = other.prepare('SELECT count(*) AS n FROM logs_event');
  logs.append('/g', 's', [{ timestamp: at, message: 'one' }]);
  const appendedAt = performance.now();
  await vi.waitUntil(() => count.get()?.n === 1, { timeout: 5_000, interval: 1 });
  // The bound is 50 ms. A busy machine may notice it late, but a second would mean another design.
  expect(performance.now() - appendedAt).toBeLessThan(1_000);
  other.close();
});

test('thousands of lines are written in a few transactions', () => {
  const lineCount = 20_000;
  const startedAt = performance.now();
  for (let index = 0; index < lineCount; index += 1) {
    logs.append('/g', `s-${index % 8}`, [{ timestamp: at, message: `line ${index}` }]);
  }
  logs.flush();
  const perLineMs = (performance.now() - startedAt) / lineCount;
  expect(database.prepare('SELECT count(*) AS n FROM logs_event').get()?.n).toBe(lineCount);
  expect(perLineMs).toBeLessThan(0.3);
});

test('an empty line is dropped, and a huge one is split between characters, as the log driver does', async () => {
  const message = 'ä'.repeat(1_000_000);
  logs.append('/g', 's', [
    { timestamp: at, message: '' },
    { timestamp: at, message },
  ]);
  logs.flush();
  const stored = database
    .prepare('SELECT message FROM logs_event ORDER BY sequence')
    .all()
    .map((row) => String(row.message));
  expect(stored).toHaveLength(2);
  expect(stored.join('')).toBe(message);
});

test('events of one millisecond keep their order over a restart', async () => {
  logs.append('/g', 's', [{ timestamp: at, message: 'before' }]);
  await logs.close();
  logs = createLogs({ database, now: () => at });
  logs.append('/g', 's', [{ timestamp: at, message: 'after' }]);
  expect(await messages()).toEqual(['before', 'after']);
});

test('retention deletes older events, and refuses them when they are put', async () => {
  logs.createGroup('/g');
  logs.append('/g', 's', [
    { timestamp: at - 8 * dayMs, message: 'old' },
    { timestamp: at, message: 'new' },
  ]);
  expect(await messages()).toEqual(['old', 'new']);
  logs.createGroup('/g', { retentionDays: 7 });
  expect(await messages()).toEqual(['new']);
  const logEvents = [{ timestamp: at - 8 * dayMs, message: 'old' }];
  const answer = await call('PutLogEvents', { logGroupName: '/g', logStreamName: 's', logEvents });
  expect(answer.rejectedLogEventsInfo).toEqual({ expiredLogEventEndIndex: 1 });
});

test('retention is applied in pieces while the platform runs', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  try {
    logs = createLogs({ database, now: () => at });
    logs.createGroup('/g', { retentionDays: 7 });
    logs.createGroup('/kept');
    const lines = (message: string, count: number) => Array.from({ length: count }, () => ({ timestamp: at, message }));
    for (const stream of ['s', 't']) logs.append('/g', stream, lines('old', 700));
    logs.append('/kept', 's', lines('old', 1));
    at += 8 * dayMs;
    logs.append('/g', 's', lines('new', 1));
    logs.flush();
    const count = () => database.prepare('SELECT count(*) AS n FROM logs_event').get()?.n;
    vi.advanceTimersByTime(dayMs - 1);
    expect(count()).toBe(1_402);
    vi.advanceTimersByTime(1);
    expect(count()).toBe(902);
    vi.advanceTimersByTime(1_000);
    expect(count()).toBe(2);
    expect(await messages()).toEqual(['new']);
    const first = database.prepare(
      "SELECT first_event_at AS at FROM logs_stream WHERE group_name = '/g' AND name = 's'",
    );
    expect(first.get()?.at).toBe(at);
    await logs.close();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('a stream keeps getting its lines after a thousand other streams', async () => {
  for (let index = 0; index <= 1_001; index += 1)
    logs.append('/g', `s${index % 1_001}`, [{ timestamp: at, message: 'x' }]);
  logs.flush();
  const { n } = database.prepare('SELECT count(*) AS n FROM logs_stream').get() ?? {};
  expect([n, await messages('s0'), await messages('s1')]).toEqual([1_001, ['x', 'x'], ['x']]);
});

test('a page ends at 1 MiB, and its token leads to the next page', async () => {
  const message = 'x'.repeat(300_000);
  logs.append(
    '/g',
    's',
    Array.from({ length: 5 }, () => ({ timestamp: at, message })),
  );
  const input = { logGroupName: '/g', logStreamName: 's', startFromHead: true };
  const first = await call('GetLogEvents', input);
  const second = await call('GetLogEvents', { ...input, nextToken: first.nextForwardToken });
  expect([(first.events as object[]).length, (second.events as object[]).length]).toEqual([3, 2]);
});

test('lines are kept while the disk refuses writes', async () => {
  const faults: unknown[] = [];
  logs = createLogs({ database, now: () => at, onFault: (fault) => faults.push(fault) });
  logs.append('/g', 's', [{ timestamp: at, message: 'kept' }]);
  database.exec('PRAGMA query_only = ON');
  await vi.waitUntil(() => faults.length > 0, { timeout: 5_000, interval: 1 });
  database.exec('PRAGMA query_only = OFF');
  expect(await messages()).toEqual(['kept']);
});
