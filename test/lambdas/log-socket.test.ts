// A reader of a log, from the opened socket on: admitted once, refused in words, let go at the end.
import { beforeEach, describe, expect, test } from 'vitest';
import type { Connections } from '../../aws/websocket.ts';
import { admitReader, forgetReader, noteReader, pumpReader } from '../../lambdas/log-socket/reader.ts';
import { createMemoryContext } from '../memory/context.ts';

const job = 'job-0123456789BFGJKPQVXYZb00';
const request = JSON.stringify({ access_token: 'none', token_type: 'Bearer', tail: true });

let context: ReturnType<typeof createMemoryContext>;
let said: { msg: string; level: string }[];
let closed: number;
let present: boolean;
beforeEach(() => {
  context = createMemoryContext();
  said = [];
  closed = 0;
  present = true;
});

const connections: Connections = {
  async post(_connectionId, text) {
    said.push(JSON.parse(text));
    return present;
  },
  async close() {
    closed += 1;
  },
};
const reader = { connectionId: 'c1', connections };

describe('the first message', () => {
  test('of somebody unknown is answered with the error, the end, and a closed socket', async () => {
    await noteReader(context, 'c1', job);
    expect(await admitReader(context, reader, request)).toBeUndefined();
    expect(said.map(({ msg }) => msg)).toEqual([expect.stringMatching(/^InvalidAuthentication: /), 'END_LOG']);
    expect(closed).toBe(1);
  });

  test('that is no JSON is told so', async () => {
    await noteReader(context, 'c1', job);
    await admitReader(context, reader, 'hello');
    expect(said[0]?.msg).toMatch(/^(InvalidInput|MalformedJSON): /);
    expect(closed).toBe(1);
  });

  test('counts once, and only on a socket that was opened and is still there', async () => {
    await noteReader(context, 'c1', job);
    await admitReader(context, reader, request);
    said = [];
    expect(await admitReader(context, reader, request)).toBeUndefined();
    await noteReader(context, 'c1', job);
    await forgetReader(context, 'c1');
    expect(await admitReader(context, reader, request)).toBeUndefined();
    expect(said).toEqual([]);
  });
});

describe('the pump', () => {
  const connection = {
    recentCount: 10,
    recurse: false,
    tail: false,
    job,
    origin: job,
    caughtUp: false,
    streams: {},
  } as never;

  test('ends with END_LOG and closes the socket', async () => {
    expect(await pumpReader(context, reader, connection, context.now() + 1000)).toBeUndefined();
    expect(said.map(({ msg }) => msg)).toEqual(['END_LOG']);
    expect(closed).toBe(1);
  });

  test('leaves the rest to the next when its time is up', async () => {
    const tail = { ...(connection as object), tail: true } as never;
    const row = { pk: job, sk: 'A', state: 'running', try: 0, launch: 0, lineage: [], master: job, origin: job };
    await context.rows.put('executions', row);
    expect(await pumpReader(context, reader, tail, context.now())).toMatchObject({ job });
    expect([said, closed]).toEqual([[], 0]);
  });
});
