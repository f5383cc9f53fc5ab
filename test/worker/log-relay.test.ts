// dxpy's log sockets, as a program that imports dxpy uses them, into a log that is read slowly.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JobLog } from '../../worker/log.ts';
import { startLogRelay } from '../../worker/log-relay.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-relay-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const send = `
import json, socket, sys
sockets = {}
for name in ("bulk", "priority"):
    sockets[name] = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sockets[name].connect(sys.argv[1] + "/" + name)
for number in range(2000):
    line = {"source": "DX_APP", "timestamp": 0, "level": 6, "msg": str(number)}
    sockets["bulk"].send(json.dumps(line).encode())
sockets["bulk"].send(b"ready")
sockets["priority"].send(b"\\xff\\n no text")
sockets["bulk"].send(json.dumps({"source": "DX_APP_STREAM", "level": 3, "msg": "last"}).encode())
`;

// It sends until nothing more is accepted: then the pipe is full, and the socket too.
const sendUntilFull = `
import json, socket, sys
bulk = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
bulk.connect(sys.argv[1] + "/bulk")
bulk.settimeout(1)
count = 0
try:
    while True:
        bulk.send(json.dumps({"source": "DX_APP", "level": 6, "msg": "%04d" % count + "x" * 8000}).encode())
        count += 1
except socket.timeout:
    print(count)
`;

it('passes on everything that was sent before its end, however late it is read', async () => {
  const lines: [string, string][] = [];
  const log = { line: (level: string, text: string) => void lines.push([level, text]) } as unknown as JobLog;
  let heldCount = 0;
  const output = {
    hold(source: { pause(): unknown; resume(): unknown }) {
      heldCount += 1;
      source.pause();
      setImmediate(() => source.resume());
    },
  };
  const relay = await startLogRelay(folder, process.env.PATH ?? '', log, output);
  if (relay === undefined) throw new Error('it did not start');
  await promisify(execFile)('python3', ['-I', '-c', send, folder]);
  await relay.end();
  const bulk = lines.filter(([, text]) => text !== '\ufffd  no text');
  expect(lines).toHaveLength(bulk.length + 1);
  expect(bulk.slice(0, 2000)).toEqual(Array.from({ length: 2000 }, (_, number) => ['INFO', String(number)]));
  expect(bulk.slice(2000)).toEqual([
    ['INFO', 'ready'],
    ['STDERR', 'last'],
  ]);
  expect(heldCount).toBe(2003);
});

it('ends only after it has passed on what waited in the sockets while the log was full', async () => {
  const texts: string[] = [];
  const log = { line: (_: string, text: string) => void texts.push(text) } as unknown as JobLog;
  const held = new Set<{ pause(): unknown; resume(): unknown }>();
  const output = {
    hold(source: { pause(): unknown; resume(): unknown }) {
      source.pause();
      held.add(source);
    },
  };
  const relay = await startLogRelay(folder, process.env.PATH ?? '', log, output);
  if (relay === undefined) throw new Error('it did not start');
  const { stdout: count } = await promisify(execFile)('python3', ['-I', '-c', sendUntilFull, folder]);
  const ended = relay.end();
  const timer = setInterval(() => {
    for (const source of held) source.resume();
  }, 1);
  await ended;
  clearInterval(timer);
  expect(texts.map((text) => Number(text.slice(0, 4)))).toEqual(Array.from({ length: Number(count) }, (_, n) => n));
});

it('says so when it cannot start', async () => {
  const lines: string[] = [];
  const log = { line: (_: string, text: string) => void lines.push(text) } as unknown as JobLog;
  expect(await startLogRelay(join(folder, 'x'.repeat(200)), process.env.PATH ?? '', log, { hold: () => {} })).toBe(
    undefined,
  );
  expect(lines).toEqual([expect.stringContaining('log sockets are not available')]);
});
