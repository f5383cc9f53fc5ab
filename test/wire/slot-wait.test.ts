// Tests with the real client that a job says what it waits for while it waits for a worker.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { preparePythonEnvironment } from '../../machine/python-environment.ts';
import { givenBuilt, givenPlatform, givenSession, type Platform, runtimeFlags, type Session } from './session.ts';

/** On AWS, and in its emulation, machines are started for workers, and their number is not the platform's limit. */
const isDeployed = runtimeFlags.length > 0;
let platform: Platform;
let session: Session;
beforeAll(async () => {
  platform = await givenPlatform({ args: ['--workers', '1'] });
  session = await givenSession(platform);
});
afterAll(async () => {
  session?.close();
  await platform?.stop();
});

it('a runnable job that is watched says within seconds what it waits for', async () => {
  await givenBuilt(session, 'long', { code: 'main() { sleep 600; }' });
  const first = await session.ok(['run', 'long', '-y', '--brief']);
  const second = await session.ok(['run', 'long', '-y', '--brief']);
  const { bin } = await preparePythonEnvironment();
  const env = { ...session.environment, PYTHONUNBUFFERED: '1' };
  const watch = spawn(join(bin, 'dx'), ['watch', second], { cwd: session.home, env });
  let printed = '';
  const said = Promise.withResolvers<void>();
  watch.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    if (/INFO Waiting for a/.test(printed)) said.resolve();
  });
  const ended = once(watch, 'exit');
  await Promise.race([said.promise, ended]);
  const { state } = JSON.parse(await session.ok(['describe', second, '--json']));
  watch.kill();
  await ended;
  const line = isDeployed
    ? /long INFO Waiting for a worker to start/
    : /long INFO Waiting for a free worker \(1 of 1 are taken\): at most 1 job runs at a time/;
  expect({ state, printed }).toEqual({ state: 'runnable', printed: expect.stringMatching(line) });
  await session.ok(['terminate', first, second]);
});
