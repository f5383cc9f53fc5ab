// Tests log groups at a CloudWatch Logs elsewhere. Ours takes its place, behind a server that can fail.

import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createForeignLogs } from '../../../emulation/exchange/foreign-logs.ts';
import { createLogWriter } from '../../../emulation/exchange/log-writer.ts';
import type { Place } from '../../../emulation/exchange/place.ts';
import type { LogStore } from '../../../emulation/exchange/port.ts';
import type { Endpoint } from '../../contract/endpoint.ts';
import { startOurs } from '../../contract/engine/logs.ts';
import { eventually } from '../../machine/temporary-folder.ts';

const group = '/espalier/local/worker';
const caller = { accessKeyId: 'AKIDLOCAL' };
const reports: string[] = [];
const retentions: unknown[] = [];

let engine: Endpoint;
let door: Server;
/** Whether the service fails. */
let failing = false;
let logs: LogStore;
const openAt = (endpoint: string, credentials: Place['credentials']) => {
  const variable = 'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS';
  const place = { variable, endpoint, region: 'us-east-1', credentials, accountId: undefined };
  const report = (what: string, fault: unknown) => void reports.push(`${what}: ${(fault as Error).message}`);
  return createForeignLogs({ place, report });
};

beforeAll(async () => {
  engine = await startOurs();
  door = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const body = Buffer.concat(chunks);
      if (failing) {
        res.writeHead(503).end('{"__type":"ServiceUnavailableException","message":"busy"}');
      } else if (String(req.headers['x-amz-target']).endsWith('.PutRetentionPolicy')) {
        // Our own engine gets its retention in process.
        retentions.push(JSON.parse(body.toString()));
        res.end('{}');
      } else {
        const { method, headers } = req;
        const passed = request(engine.endpoint, { method, headers, setHost: false }, (answer) => {
          res.writeHead(answer.statusCode ?? 500);
          answer.pipe(res);
        });
        passed.end(body);
      }
    });
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  logs = openAt(`http://127.0.0.1:${(door.address() as AddressInfo).port}`, engine.credentials);
  await logs.createGroup(group, { retentionDays: 90 });
});
afterAll(async () => {
  await logs.close();
  door.closeAllConnections();
  await new Promise((resolve) => door.close(resolve));
  await engine.close();
});

async function read(logStreamName: string): Promise<string[]> {
  const lines: string[] = [];
  for (let nextToken: string | undefined; ; ) {
    const input = { logGroupName: group, logStreamName, startFromHead: true, ...(nextToken ? { nextToken } : {}) };
    const page = (await logs.api.operations.GetLogEvents?.(input, caller)) as {
      events: { message: string }[];
      nextForwardToken: string;
    };
    if (page.nextForwardToken === nextToken) return lines;
    lines.push(...page.events.map(({ message }) => message));
    nextToken = page.nextForwardToken;
  }
}
const seen = (stream: string, count: number) =>
  eventually(`${count} lines of ${stream}`, async () => {
    const lines = await read(stream).catch(() => []);
    return lines.length === count && lines;
  });
const write = (stream: string, messages: readonly string[]) =>
  logs.append(
    group,
    stream,
    messages.map((message) => ({ timestamp: Date.now(), message })),
  );

describe('logs at another CloudWatch Logs', () => {
  it('have the groups of the template, which may exist already', async () => {
    await logs.createGroup(group, { retentionDays: 90 });
    expect(retentions.at(-1)).toEqual({ logGroupName: group, retentionInDays: 90 });
  });

  it('keep every line in order, at whatever pace the lines come', async () => {
    const messages = Array.from({ length: 12_000 }, (_, index) => `line ${index}`);
    for (let start = 0; start < messages.length; start += 700) {
      write('many', messages.slice(start, start + 700));
      if (start % 2100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await seen('many', messages.length)).toEqual(messages);
  });

  it('accept more bytes than one call, split lines that are too long, and drop empty lines', async () => {
    const long = 'ü'.repeat(700_000);
    write('wide', ['first', '', long, 'x'.repeat(900_000), 'last']);
    const lines = await seen('wide', 5);
    expect(lines.join('')).toBe(`first${long}${'x'.repeat(900_000)}last`);
  });

  it('keep lines while the service fails, and report the failure once', async () => {
    failing = true;
    write('patient', ['one']);
    await eventually('a report', () => reports.some((text) => text === `log ${group} patient: busy`));
    write('patient', ['two', 'three']);
    failing = false;
    expect(await seen('patient', 3)).toEqual(['one', 'two', 'three']);
    expect(reports.filter((text) => text.includes('patient'))).toHaveLength(1);
  });

  it('keep every line that came before the end', async () => {
    const own = openAt(engine.endpoint, engine.credentials);
    own.append(group, 'end', [{ timestamp: Date.now(), message: 'goodbye' }]);
    await own.close();
    expect(await read('end')).toEqual(['goodbye']);
  });

  it('serve only GetLogEvents to functions', () => {
    expect(Object.keys(logs.api.operations)).toEqual(['GetLogEvents']);
    expect(logs.api.resources?.('GetLogEvents', { logGroupName: group, logStreamName: 's' })).toEqual([
      `arn:aws:logs:us-east-1:000000000000:log-group:${group}:log-stream:s`,
    ]);
  });
});

describe('lines that cannot be sent', () => {
  const given = (call: (operation: string, input: object) => Promise<unknown>) => {
    const told: string[] = [];
    const report = (_what: string, fault: unknown) => void told.push((fault as Error).message);
    return { told, writer: createLogWriter({ group, stream: 's', call, report, onIdle: () => undefined }) };
  };
  const line = (message: string) => ({ timestamp: 1, message });

  it('are counted at the end', async () => {
    const { told, writer } = given(() => Promise.reject(new Error('down')));
    writer.append([line('a'), line('b')]);
    await eventually('a first attempt', () => told.length > 0);
    await writer.drained(AbortSignal.abort());
    expect(told).toEqual(['down', '2 lines were not sent: the platform ended']);
  });

  it('are counted when too many wait', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { told, writer } = given(() => promise);
    writer.append(Array.from({ length: 20 }, () => line('x'.repeat(1_000_000))));
    resolve();
    await writer.drained(AbortSignal.timeout(10_000));
    expect(told).toEqual(['4 lines were not sent: more than 16777216 bytes waited']);
  });

  it('do not include lines that come while earlier ones are sent', async () => {
    const sent: string[] = [];
    const { told, writer } = given(async (_operation, input) => {
      sent.push(...(input as { logEvents: { message: string }[] }).logEvents.map(({ message }) => message.slice(0, 9)));
    });
    for (let ticks = 0; ticks < 40; ticks += 1) {
      writer.append([line(`a${ticks} `.padEnd(500_000))]);
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      writer.append([line(`b${ticks} `.padEnd(500_000))]);
      await eventually('both', () => sent.length === 2 * (ticks + 1));
    }
    expect(new Set(sent).size).toBe(80);
    expect(told).toEqual([]);
  });

  it('because they are refused do not block the next ones', async () => {
    const sent: unknown[] = [];
    const { told, writer } = given(async () => {
      sent.push(1);
      if (sent.length === 1) throw Object.assign(new Error('never'), { name: 'InvalidParameterException' });
    });
    writer.append([line('bad')]);
    await eventually('a refusal', () => told.length === 1);
    writer.append([line('good')]);
    await writer.drained(AbortSignal.timeout(10_000));
    expect({ told, sent: sent.length }).toEqual({ told: ['never'], sent: 2 });
  });
});
