// A reader of a log, from the opened socket on: admitted once, refused with a reason, dismissed at the end.

import { beforeEach, describe, expect, test } from 'vitest';
import type { Connections } from '../../aws/websocket.ts';
import { toRow } from '../../core/row/execution/job.ts';
import { connectionKey } from '../../core/row/identities.ts';
import { admitReader, pumpReader } from '../../lambdas/log-socket/reader.ts';
import { beginTurns, forgetReader, loadNote, noteReader } from '../../lambdas/log-socket/turn.ts';
import { createMemoryContext } from '../memory/context.ts';
import { planJob } from '../memory/plan.ts';

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
    return present ? 'sent' : 'gone';
  },
  async close() {
    closed += 1;
  },
};
const reader = { connectionId: 'c1', connections };

describe('the first message', () => {
  test('of an unknown caller is answered with the error, the end, and a closed socket', async () => {
    await noteReader(context, 'c1', job);
    expect(await admitReader(context, reader, request)).toBe(false);
    expect(said.map(({ msg }) => msg)).toEqual([expect.stringMatching(/^InvalidAuthentication: /), 'END_LOG']);
    expect(closed).toBe(1);
  });

  test('that is not JSON is answered with the reason', async () => {
    await noteReader(context, 'c1', job);
    await admitReader(context, reader, 'hello');
    expect(said[0]?.msg).toMatch(/^(InvalidInput|MalformedJSON): /);
    expect(closed).toBe(1);
  });

  test('counts once, and only on a socket that is open', async () => {
    await noteReader(context, 'c1', job);
    await admitReader(context, reader, request);
    said = [];
    expect(await admitReader(context, reader, request)).toBe(false);
    await noteReader(context, 'c1', job);
    await forgetReader(context, 'c1');
    expect(await admitReader(context, reader, request)).toBe(false);
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
    openedAt: 1_700_000_000_000,
    sentAt: 1_700_000_000_000,
    streams: {},
  };

  async function givenTurns(more: object = {}): Promise<void> {
    await noteReader(context, 'c1', job);
    const note = await loadNote(context, 'c1');
    if (note === undefined) throw new Error('not noted');
    expect(await beginTurns(context, 'c1', note, { ...connection, ...more } as never)).toBe(true);
  }

  test('ends with END_LOG, closes the socket and forgets it', async () => {
    await givenTurns();
    expect(await pumpReader(context, reader, 1, context.now() + 1000)).toBe(false);
    expect(said.map(({ msg }) => msg)).toEqual(['END_LOG']);
    expect(closed).toBe(1);
    expect(context.rows.peek('identities', connectionKey('c1'))).toBeUndefined();
  });

  test('leaves the rest to the next turn when its time is up, and a turn that is over stays over', async () => {
    await givenTurns({ tail: true });
    await context.rows.put('executions', toRow({ ...planJob('watched').row, pk: job, state: 'running' }));
    expect(await pumpReader(context, reader, 1, context.now())).toBe(true);
    expect(await pumpReader(context, reader, 2, context.now())).toBe(true);
    expect(await pumpReader(context, reader, 1, context.now())).toBe(false);
    expect([said, closed]).toEqual([[], 0]);
  });

  test('is the only one: a turn is taken again only from a pump that has died', async () => {
    await givenTurns({ tail: true });
    await context.rows.put('executions', toRow({ ...planJob('watched').row, pk: job, state: 'running' }));
    expect(await pumpReader(context, reader, 1, context.now())).toBe(true);
    expect(await pumpReader(context, reader, 1, context.now())).toBe(false);
    context.clock.now += 31_000;
    expect(await pumpReader(context, reader, 1, context.now())).toBe(true);
  });

  test('does nothing for a socket that is closed', async () => {
    await givenTurns();
    await forgetReader(context, 'c1');
    expect(await pumpReader(context, reader, 1, context.now() + 1000)).toBe(false);
    expect(said).toEqual([]);
  });
});
