// Tests that the real client shows each frame that we send besides the lines of a job, and ends with the right exit
// code.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { resourceNotFound } from '../../core/error/api-error.ts';
import type { JobId } from '../../core/id/identifier.ts';
import {
  endFrame,
  errorFrames,
  type LogFrame,
  missingFrame,
  partingFrames,
  stillFrame,
} from '../../engine/log/frame.ts';
import { preparePythonEnvironment } from '../../machine/python-environment.ts';
import { execute } from './session.ts';

const job = 'job-0123456789BFGJKPQVXYZb00' as JobId;
const of = { job, try: 0 };
const now = 1_700_000_000_000;
const line: LogFrame = { timestamp: now, source: 'APP', level: 'STDOUT', job, jobTry: 0, line: 7, msg: 'a line' };
const end = endFrame(job, now);
const silent = { state: 'running', silentMs: 480_000 };

let home: string;
let dx: string;
let server: Server;
let frames: readonly LogFrame[];
let state: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'espalier-frame-'));
  dx = join((await preparePythonEnvironment()).bin, 'dx');
  server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json').end(JSON.stringify(describeJob()));
  });
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.once('message', () => {
      for (const frame of frames) socket.send(JSON.stringify(frame));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}, 300_000);
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(home, { recursive: true, force: true });
});

function describeJob(): object {
  const ids = {
    originJob: job,
    rootExecution: job,
    parentJob: null,
    parentAnalysis: null,
    analysis: null,
    stage: null,
  };
  const names = { name: 'main', function: 'main', executable: `applet-${'0'.repeat(24)}`, executableName: 'main' };
  const times = { created: now, modified: now, startedRunning: now, stoppedRunning: now };
  const rest = { launchedBy: 'user-alice', detachedFrom: null, project: `project-${'0'.repeat(24)}`, output: null };
  return { id: job, class: 'job', state, try: 0, input: {}, ...ids, ...names, ...times, ...rest };
}

async function watch(sent: readonly LogFrame[], endState: string, ...flags: string[]) {
  frames = sent;
  state = endState;
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: home,
    DX_APISERVER_PROTOCOL: 'http',
    DX_APISERVER_HOST: '127.0.0.1',
    DX_APISERVER_PORT: String((server.address() as AddressInfo).port),
    DX_SECURITY_CONTEXT: '{"auth_token": "t", "auth_token_type": "Bearer"}',
  };
  const { code, stdout, stderr } = await execute(dx, ['watch', job, '--quiet', ...flags], { cwd: home, env });
  expect(stderr).not.toContain('websocket');
  return { code, stdout };
}

const still = [stillFrame(of, now, silent), line, end];
const stillOfLevels = [stillFrame({ ...of, levels: ['STDOUT'] }, now, silent), line, end];
const missing = [missingFrame(line, 3) as LogFrame, line, end];

it.each([
  ['the notice that there is no new line', still, [], `No new line for 8 minutes; ${job} is running`],
  ['the notice of missing lines', missing, [], '3 lines are missing here'],
  ['the reason of an early end', partingFrames(of, now), [], `"dx watch ${job}" shows its log`],
  ['the reason of a refusal', errorFrames(job, now, resourceNotFound(job)), [], 'ResourceNotFound: '],
  [
    'the notice that there is no new line, with --job-ids',
    still,
    ['--job-ids', '--try', '0'],
    'No new line for 8 minutes',
  ],
  [
    'the reason of a refusal, with --job-ids',
    errorFrames(job, now, resourceNotFound(job)),
    ['--job-ids', '--try', '0'],
    'R',
  ],
])('dx watch shows %s, and ends by the state of the job', async (_, sent, flags, text) => {
  const done = await watch(sent, 'done', ...flags);
  expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining(text) });
  expect(done.stdout).toContain('(done)');
  expect((await watch(sent, 'failed', ...flags)).code).toBe(3);
});

it('dx watch shows only an empty line for a notice when it asked for one stream', async () => {
  expect(await watch(stillOfLevels, 'done', '--get-stdout')).toEqual({ code: 0, stdout: '\na line\n' });
  expect((await watch(stillOfLevels, 'failed', '--get-stdout')).code).toBe(3);
});

it('dx watch breaks on a frame that it cannot read, so such a frame cannot keep a connection alive', async () => {
  const unreadable = { timestamp: now, source: 'SYSTEM' } as unknown as LogFrame;
  await expect(watch([unreadable, line, end], 'failed')).rejects.toThrow(/websocket/);
});
