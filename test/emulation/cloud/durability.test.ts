// Tests that everything that an engine acknowledged survives SIGKILL. A second process opens the file of the killed
// one.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEventBridge } from '../../../emulation/cloud/event-bridge/event-bridge.ts';
import { createLogs } from '../../../emulation/cloud/logs/logs.ts';
import { createSqs } from '../../../emulation/cloud/sqs/sqs.ts';
import { openDatabase } from '../../../emulation/cloud/wire/transaction.ts';

const killAfterLines = [40, 151, 302];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-durability-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the process until it has printed `lineCount` acknowledgements, kills it, and returns all of them. */
async function acknowledgedBeforeKill(path: string, lineCount: number): Promise<string[]> {
  const script = fileURLToPath(new URL('./acknowledging-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === lineCount) child.kill('SIGKILL');
  }
  return lines;
}

test.each(killAfterLines)('everything acknowledged survives SIGKILL after %i acknowledgements', async (lineCount) => {
  // given
  const path = join(folder, 'cloud.sqlite');
  const acknowledged = await acknowledgedBeforeKill(path, lineCount);
  expect(acknowledged.length).toBeGreaterThanOrEqual(lineCount);

  // when
  const options = { database: openDatabase(path), now: Date.now };
  const sqs = createSqs(options);
  const logs = createLogs(options);
  const delivered: string[] = [];
  const deliver = async (event: unknown) => {
    delivered.push(`event-${(event as { detail: { round: number } }).detail.round}`);
  };
  const events = createEventBridge(options);
  events.putRule({ name: 'rule', pattern: { source: ['test'] }, targets: [{ id: 'target', deliver }] });
  events.start();
  const found = new Set<string>();
  const arn = 'arn:aws:sqs:us-east-1:000000000000:queue';
  for (let messages = await sqs.receive(arn, { max: 10, waitMs: 0 }); messages.length > 0; ) {
    for (const { body } of messages) found.add(body);
    messages = await sqs.receive(arn, { max: 10, waitMs: 0 });
  }
  const input = { logGroupName: '/test', logStreamName: 'stream', startFromHead: true };
  const page = await logs.api.operations.GetLogEvents?.(input, { accessKeyId: 'AKIATEST' });
  for (const { message } of (page as { events: { message: string }[] }).events) found.add(message);

  // then
  await vi.waitUntil(() => acknowledged.every((each) => found.has(each) || delivered.includes(each)), {
    timeout: 20_000,
  });
  await Promise.all([events.close(), sqs.close(), logs.close()]);
  options.database.close();
});
