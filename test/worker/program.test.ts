// Programs that prepare a job: their output, their failures, and that a stop ends them with everything that they
// started.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { JobFolder } from '../../worker/folder.ts';
import { prepareBash } from '../../worker/interpreter/bash.ts';
import type { Claim } from '../../worker/platform.ts';
import { runProgram } from '../../worker/program.ts';

const environment = { PATH: process.env.PATH };
const goOn = new AbortController().signal;

it('returns the output, also letters that arrive in two pieces', async () => {
  const script = "printf '\\303'; sleep 0.05; printf '\\251'";
  expect(await runProgram('bash', ['-c', script], { environment, over: goOn })).toBe('é');
});

it.each([
  ['an exit code', 'echo why >&2; exit 3', 'bash ended with exit code 3: why'],
  ['a signal', 'kill -9 $$', 'bash ended with SIGKILL'],
  ['its time', 'sleep 600', 'bash was ended: it took longer than 0.2 s'],
  ['a flood', 'yes', 'it printed more than'],
])('fails by %s, and says so', async (_, script, message) => {
  const place = { environment, over: goOn, timeoutMs: message.includes('0.2') ? 200 : 60_000 };
  await expect(runProgram('bash', ['-c', script], place)).rejects.toThrow(message);
});

it('does not start once the job is over', async () => {
  const running = runProgram('true', [], { environment, over: AbortSignal.abort() });
  await expect(running).rejects.toThrow('the job is over');
});

it('ends a program with everything it started when the job is over', async () => {
  // A connection shows whether the program's own child process is alive.
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const over = new AbortController();
  const script = `(exec 3<>/dev/tcp/127.0.0.1/${port}; sleep 600; true) & wait`;
  const running = runProgram('bash', ['-c', script], { environment, over: over.signal });
  const [socket] = await once(server, 'connection');
  const closed = once(socket.resume(), 'close');
  over.abort();
  await expect(running).rejects.toThrow('the job is over');
  await closed;
  server.close();
});

it('does not block the worker while variables are made, and can end that too', async () => {
  const home = mkdtempSync(join(tmpdir(), 'espalier-variables-'));
  writeFileSync(join(home, 'dx-print-bash-vars'), '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
  const over = new AbortController();
  const claim = { input: { f: { $dnanexus_link: 'file-x' } }, function: 'main' } as unknown as Claim;
  const variables = { PATH: `${home}:${process.env.PATH}` };
  const preparing = prepareBash({ home, seen: { home } } as JobFolder, claim, { variables, secrets: {} }, over.signal);
  setImmediate(() => over.abort());
  await expect(preparing).rejects.toThrow('dx-print-bash-vars was ended: the job is over');
  rmSync(home, { recursive: true });
});
