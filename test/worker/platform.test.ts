// The worker's calls when the platform is in trouble: which ones it repeats, for how long, and which answers are
// refusals.

import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Claim, type Clock, createPlatform, PlatformRefusal } from '../../worker/platform.ts';
import { createStopper, watchHeartbeat } from '../../worker/stop.ts';

const leaseMs = 600_000;
const hourMs = 3_600_000;

let server: Server;
let url: string;
let questions: number;
let answer: (response: ServerResponse) => void;
let time: number;
/** Time passes only during a pause. */
const clock: Clock = {
  now: () => time,
  async pause(durationMs) {
    time += durationMs;
  },
};

beforeEach(async () => {
  questions = 0;
  time = 0;
  server = createServer((request, response) => {
    questions += 1;
    request.resume().on('end', () => answer(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const reply = (status: number, body: unknown) => (response: ServerResponse) => {
  response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
};
const overloaded = { error: { type: 'ServiceUnavailable', message: 'slow down' } };
const goOn = new AbortController().signal;

describe('a failed call', () => {
  it.each([
    ['408', reply(408, overloaded)],
    ['429', reply(429, overloaded)],
    ['500', reply(500, overloaded)],
    ['503', reply(503, '<html>')],
    ['a lost connection', (response: ServerResponse) => void response.destroy()],
    ['an answer that is truncated', (response: ServerResponse) => void response.writeHead(200).end('{"state":')],
    ['a stranger’s words', reply(403, { message: 'Forbidden' })],
  ])('%s: a result is offered for longer than a lease, until it is accepted', async (_, trouble) => {
    answer = (response) => (time > leaseMs ? reply(200, { state: 'done' }) : trouble)(response);
    expect(await createPlatform(url, clock).finish('t', { output: {} }, goOn)).toEqual({ state: 'done' });
  });

  it('is given up after an hour for a result, at once for a lost try, and after 8 attempts for another call, never as a refusal', async () => {
    answer = reply(429, overloaded);
    const platform = createPlatform(url, clock);
    const fault = await platform.finish('t', { output: {} }, goOn).catch((error: unknown) => error);
    expect(fault).not.toBeInstanceOf(PlatformRefusal);
    expect(fault).toMatchObject({ message: expect.stringContaining('answers 429') });
    expect(time).toBeGreaterThanOrEqual(hourMs);
    questions = 0;
    await expect(platform.finish('t', { output: {} }, AbortSignal.abort())).rejects.toThrow('answers 429');
    expect(questions).toBe(1);
    questions = 0;
    const refused = await platform.claim({}).catch((error: unknown) => error);
    expect(refused).not.toBeInstanceOf(PlatformRefusal);
    expect(questions).toBe(8);
  });
});

it('accepts a refusal at once', async () => {
  answer = reply(422, { error: { type: 'InvalidState', message: 'over' } });
  await expect(createPlatform(url, clock).finish('t', { output: {} }, goOn)).rejects.toThrow(PlatformRefusal);
  answer = reply(413, '<html>');
  await expect(createPlatform(url, clock).finish('t', { output: {} }, goOn)).rejects.toMatchObject({ status: 413 });
  expect(questions).toBe(2);
});

describe('heartbeats', () => {
  const claim = { token: 't', limits: { heartbeatSeconds: 0.02 } } as Claim;

  it('are sent one after the other, and go on after trouble', async () => {
    const held: ServerResponse[] = [];
    const { promise: renewed, resolve } = Promise.withResolvers<void>();
    let most = 0;
    answer = (response) => {
      held.push(response);
      most = Math.max(most, held.length);
      if (questions === 30) resolve();
      setTimeout(() => reply(questions < 20 ? 429 : 200, {})(held.pop() as ServerResponse), 15);
    };
    const stopper = createStopper();
    const timer = watchHeartbeat(createPlatform(url, clock), claim, stopper);
    await renewed;
    clearInterval(timer);
    expect(most).toBe(1);
    expect(stopper.current()).toBeUndefined();
  });

  it('end the job without a report when the token is refused', async () => {
    answer = reply(401, { error: { type: 'InvalidAuthentication', message: 'dead' } });
    const stopper = createStopper();
    const timer = watchHeartbeat(createPlatform(url, clock), claim, stopper);
    await new Promise((resolve) => stopper.onStop(resolve as () => void));
    clearInterval(timer);
    expect(stopper.current()).toEqual({});
    expect(stopper.lost.aborted).toBe(true);
  });
});
