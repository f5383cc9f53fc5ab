// Tests the log of a job as one reader gets it: the right to read, earlier lines, new lines, and the end.

import { beforeEach, describe, expect, it } from 'vitest';
import type { AppletId, JobId, ProjectId } from '../../core/id/identifier.ts';
import type { Caller } from '../../core/identity/caller.ts';
import { issueToken } from '../../engine/identity/token.ts';
import { startLog } from '../../engine/log/connection.ts';
import { errorFrames, type LogFrame } from '../../engine/log/frame.ts';
import { pumpLog } from '../../engine/log/pump.ts';
import { peekJob } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';
import { alice, asJob, bob, givenApplet, givenProject, givenWorld, run, type World } from './execution-world.ts';

let world: World;
let project: ProjectId;
let applet: AppletId;
let token: string;

beforeEach(async () => {
  numbers = new Map();
  world = await givenWorld();
  project = await givenProject(world);
  applet = await givenApplet(world, project);
  token = await givenToken(alice);
});

function givenToken(user: typeof alice): Promise<string> {
  return issueToken(world.context, { user, expiresAt: world.context.clock.now + 3_600_000, label: 'test' });
}

/** A job that keeps running, and its caller for requests of the job itself. */
async function givenRunningJob(): Promise<{ id: JobId; caller: Caller }> {
  let caller: Caller | undefined;
  world.programs.set('main', async (claimed) => {
    caller = await asJob(world, claimed);
    return undefined;
  });
  const id = await run(world, applet, { project, input: {} });
  await world.platform.run();
  world.programs.delete('main');
  if (caller === undefined) throw new Error('not claimed');
  return { id, caller };
}

/** The lines of a try are numbered. `skipped` of them got lost. */
let numbers = new Map<string, number>();
function log(
  job: JobId,
  text: string,
  { skipped = 0, ...more }: { l?: string; s?: string; y?: number; j?: string; skipped?: number } = {},
): void {
  const line = { t: world.context.clock.now++, l: 'STDOUT', s: 'APP', m: text, j: job, y: 0, ...more };
  const number = (numbers.get(`${line.j}#${line.y}`) ?? 0) + skipped + 1;
  numbers.set(`${line.j}#${line.y}`, number);
  logRaw(job, JSON.stringify({ ...line, n: number }));
}

function logRaw(job: JobId, message: string): void {
  const { task = '' } = peekJob(world.context, job);
  world.context.logs.append(task, [{ timestamp: world.context.clock.now, message }]);
}

/** Loses the host of a job, and waits until its next try runs. */
async function loseHost(job: JobId): Promise<void> {
  const { context, platform } = world;
  const { task = '', try: lost } = peekJob(context, job);
  context.workers.states.set(task, ended('lost'));
  for (let round = 0; round < 10 && !isRunning(job, lost + 1); round++) {
    context.clock.now += 700_000;
    await platform.sweep();
    await platform.run();
  }
  expect(isRunning(job, lost + 1)).toBe(true);
}

function isRunning(job: JobId, attempt: number): boolean {
  const { state, try: present } = peekJob(world.context, job);
  return state === 'running' && present === attempt;
}

const keep = async () => true;
const endLog = (job: JobId) => log(job, 'END_LOG', { l: 'INFO', s: 'SYSTEM' });

async function read(
  job: JobId,
  request: object = {},
  options: { readonly onWait?: (count: number) => void | Promise<void>; readonly untilMs?: number } = {},
) {
  const { context } = world;
  const frames: LogFrame[] = [];
  const first = JSON.stringify({ access_token: token, token_type: 'Bearer', numRecentMessages: 262_144, ...request });
  const connection = await startLog(context, first, job);
  let waits = 0;
  const send = async (frame: LogFrame) => {
    frames.push(frame);
    return 'sent' as const;
  };
  const wait = async (ms: number) => {
    context.clock.now += ms;
    if (++waits > 1000) throw new Error('waits for ever');
    await options.onWait?.(waits);
  };
  const passed: unknown = JSON.parse(JSON.stringify(connection));
  const pumped = await pumpLog(
    context,
    passed as typeof connection,
    { send, keep, wait },
    context.clock.now + (options.untilMs ?? 1e9),
  );
  return { frames, texts: frames.map(({ msg }) => msg), pumped, waits };
}

describe('a reader', () => {
  it('gets the lines in order and one end, without the worker’s own END_LOG', async () => {
    const { id } = await givenRunningJob();
    log(id, 'first');
    log(id, 'second', { l: 'STDERR' });
    logRaw(id, 'no JSON: the worker broke');
    const { frames, texts } = await read(id, { tail: false });
    expect(texts).toEqual(['first', 'second', 'no JSON: the worker broke', 'END_LOG']);
    expect(frames[1]).toEqual({
      ...{
        timestamp: expect.any(Number),
        source: 'APP',
        level: 'STDERR',
        job: id,
        jobTry: 0,
        line: expect.any(Number),
        msg: 'second',
      },
    });
    for (const frame of frames)
      expect(Object.keys(frame)).toEqual(expect.arrayContaining(['job', 'level', 'msg', 'timestamp']));
    expect(frames.at(-1)).toMatchObject({ source: 'SYSTEM', msg: 'END_LOG' });
  });

  it('gets only the requested number of last lines and the requested levels', async () => {
    const { id } = await givenRunningJob();
    for (let count = 0; count < 5000; count++) log(id, `line ${count}`, { l: count % 2 === 0 ? 'STDOUT' : 'STDERR' });
    expect((await read(id, { tail: false, numRecentMessages: 2 })).texts).toEqual([
      'line 4998',
      'line 4999',
      'END_LOG',
    ]);
    expect((await read(id, { tail: false, numRecentMessages: 0 })).texts).toEqual(['END_LOG']);
    const few = await read(id, { tail: false, levels: ['STDERR'], numRecentMessages: 2 });
    expect(few.texts).toEqual(['line 4997', 'line 4999', 'END_LOG']);
    const all = await read(id, { tail: false, numRecentMessages: 999_999_999 });
    expect(all.texts).toHaveLength(5001);
    expect(all.texts[17]).toBe('line 17');
  });

  it('follows a job until it has ended and its last line is read', async () => {
    const { id, caller } = await givenRunningJob();
    log(id, 'before');
    const { texts, pumped } = await read(
      id,
      { tail: true, numRecentMessages: 10 },
      {
        onWait: async (count) => {
          if (count === 2) log(id, 'after two looks');
          if (count === 3) await world.must(`/${id}/terminate`, {}, caller);
          if (count === 3) await world.platform.run();
          if (count === 5) endLog(id);
        },
      },
    );
    expect(texts).toEqual(['before', 'after two looks', 'END_LOG']);
    expect(pumped).toEqual({ done: true });
  });

  it('reads a lost try to the end of its stream, and then the next try', async () => {
    const { id } = await givenRunningJob();
    world.programs.set('main', () => undefined);
    log(id, 'one');
    const onWait = async (count: number) => {
      if (count === 2) log(id, 'last words');
      if (count === 2) await loseHost(id);
      if (count === 4) log(id, 'again', { y: 1 });
      if (count === 4) log(id, 'END_LOG', { l: 'INFO', s: 'SYSTEM', y: 1 });
      if (count === 4) await world.must(`/${id}/terminate`);
      if (count === 4) await world.platform.run();
    };
    const { frames, texts } = await read(id, { tail: true }, { onWait });
    expect(texts).toEqual(['one', 'last words', 'again', 'END_LOG']);
    expect(frames.map(({ jobTry }) => jobTry)).toEqual([0, 0, 1, undefined]);
  });

  it('soon gives up waiting for the last line of a worker that was killed', async () => {
    const { id } = await givenRunningJob();
    log(id, 'last words');
    await world.must(`/${id}/terminate`);
    await world.platform.run();
    const { texts, waits } = await read(id, { tail: true });
    expect(texts).toEqual(['last words', 'END_LOG']);
    expect(waits).toBeLessThan(20);
  });

  it('waits for a job that has not started, and ends when the job never starts', async () => {
    const id = await run(world, applet, { project, input: {} });
    const { texts } = await read(
      id,
      { tail: true },
      {
        onWait: async (count) => {
          if (count === 2) await world.must(`/${id}/terminate`);
          if (count === 2) await world.platform.run();
        },
      },
    );
    expect(texts).toEqual(['END_LOG']);
  });

  it('is told once why a job has not started for five seconds', async () => {
    world.context.queues.sendRunnable = async () => undefined;
    const id = await run(world, applet, { project, input: {} });
    await world.platform.run();
    const onWait = async (count: number) => {
      if (count === 20) await world.must(`/${id}/terminate`);
      if (count === 20) await world.platform.run();
    };
    world.context.workers.slotsTaken = () => 2;
    Object.assign(world.context.settings, { slotCount: 2 });
    expect((await read(id, { tail: false })).texts).toEqual(['END_LOG']);
    const { frames, texts } = await read(id, { tail: true }, { onWait });
    expect(texts).toEqual([
      expect.stringMatching(/^Waiting for a free worker \(2 of 2 are taken\): at most 2/),
      'END_LOG',
    ]);
    expect(frames[0]).toMatchObject({ source: 'SYSTEM', level: 'INFO', job: id, jobTry: 0 });
  });

  it('of other levels is not told that', async () => {
    world.context.queues.sendRunnable = async () => undefined;
    const id = await run(world, applet, { project, input: {} });
    await world.platform.run();
    world.context.clock.now += 60_000;
    expect((await read(id, { tail: false, levels: ['STDERR'] })).texts).toEqual(['END_LOG']);
    expect((await read(id, { tail: false })).texts).toEqual(['Waiting for a worker to start', 'END_LOG']);
  });

  it('of a wide tree is told that of five jobs', async () => {
    const { id, caller } = await givenRunningJob();
    world.context.queues.sendRunnable = async () => undefined;
    for (let count = 0; count < 8; count++) await world.must('/job/new', { function: 'process', input: {} }, caller);
    await world.platform.run();
    world.context.clock.now += 60_000;
    const { texts } = await read(id, { tail: false, recurseJobs: true });
    expect(texts.filter((text) => text.startsWith('Waiting for a worker'))).toHaveLength(5);
    expect((await read(id, { tail: false })).texts).toEqual(['END_LOG']);
  });

  it('sees the whole tree in order of time with recurseJobs, and otherwise only the job', async () => {
    const { id, caller } = await givenRunningJob();
    let child: Caller | undefined;
    world.programs.set('process', async (claimed) => {
      child = await asJob(world, claimed);
      return undefined;
    });
    const sub = (await world.must('/job/new', { function: 'process', input: {} }, caller)).id as JobId;
    await world.platform.run();
    expect(child?.kind).toBe('job');
    log(id, 'one');
    log(sub, 'two');
    log(id, 'three');
    expect((await read(id, { tail: false, recurseJobs: true })).texts).toEqual(['one', 'two', 'three', 'END_LOG']);
    expect((await read(id, { tail: false })).texts).toEqual(['one', 'three', 'END_LOG']);
    expect((await read(sub, { tail: false, recurseJobs: true })).frames.map(({ job }) => job)).toEqual([sub, sub]);
  });

  it('sees only the lines of its job and try, because a worker may run several', async () => {
    const { id } = await givenRunningJob();
    log(id, 'mine');
    log(id, 'of another job', { j: 'job-x' });
    log(id, 'of another try', { y: 7 });
    log(id, 'END_LOG', { s: 'APP' });
    expect((await read(id, { tail: false })).texts).toEqual(['mine', 'END_LOG', 'END_LOG']);
  });

  it('gets one notice where lines are missing, even if another function continues the stream', async () => {
    const { id } = await givenRunningJob();
    log(id, 'one', { skipped: 3 });
    log(id, 'two', { skipped: 1 });
    log(id, 'three', { skipped: 7 });
    const missing = (lines: string) => `${lines} missing here: the job printed faster than its log could be stored`;
    const all = ['one', missing('1 line is'), 'two', missing('7 lines are'), 'three', 'END_LOG'];
    expect((await read(id, { tail: false })).texts).toEqual(all);
    expect((await read(id, { tail: false, levels: ['STDOUT'] })).texts).toEqual(['one', 'two', 'three', 'END_LOG']);
    const texts: string[] = [];
    let connection = await startLog(world.context, JSON.stringify({ access_token: token, tail: false }), id);
    for (let done = false; !done; ) {
      const send = async ({ msg }: LogFrame) => {
        texts.push(msg);
        world.context.clock.now += 10;
        return 'sent' as const;
      };
      const pumped = await pumpLog(world.context, connection, { send, keep }, world.context.clock.now + 5);
      done = pumped.done;
      if (!pumped.done) connection = JSON.parse(JSON.stringify(pumped.connection));
    }
    expect(texts).toEqual(all);
  });

  it('gets only printable frames, whatever a job writes into its worker’s stream', async () => {
    const { id } = await givenRunningJob();
    logRaw(id, `${'x'.repeat(200_000)}\ud800`);
    log(id, '\ud83d alone', { l: `STDOUT${'y'.repeat(100)}` });
    logRaw(id, JSON.stringify({ t: 1e300, n: 'one', l: 7, s: {}, m: ['no text'] }));
    logRaw(id, 'END_LOG');
    logRaw(id, JSON.stringify({ s: 'SYSTEM', m: 'END_LOG' }));
    const { frames, texts } = await read(id, { tail: false });
    expect(texts[0]).toBe(`${'x'.repeat(8_100)}... [truncated]`);
    expect(texts.slice(1)).toEqual(['\ufffd alone', '', 'END_LOG', 'END_LOG', 'END_LOG']);
    expect(frames[1]?.level).toHaveLength(40);
    expect(frames[2]).toMatchObject({ source: 'SYSTEM', level: 'INFO', line: 0 });
    for (const { timestamp } of frames) expect(new Date(timestamp).getUTCFullYear()).toBe(2023);
    expect(frames.map(({ source, msg }) => source === 'SYSTEM' && msg === 'END_LOG').indexOf(true)).toBe(5);
  });

  it('is handed on when the time is up, and each line comes once', async () => {
    const { id } = await givenRunningJob();
    log(id, 'one');
    const first = await read(id, { tail: true }, { untilMs: 1500 });
    expect(first.texts).toEqual(['one']);
    if (first.pumped.done) throw new Error('done too early');
    log(id, 'two');
    await world.must(`/${id}/terminate`);
    await world.platform.run();
    endLog(id);
    const frames: string[] = [];
    const handedOn = JSON.parse(JSON.stringify(first.pumped.connection));
    const send = async ({ msg }: LogFrame) => {
      frames.push(msg);
      return 'sent' as const;
    };
    expect(await pumpLog(world.context, handedOn, { send, keep }, Number.POSITIVE_INFINITY)).toEqual({ done: true });
    expect(frames).toEqual(['two', 'END_LOG']);
  });

  it('gets nothing more once its connection is gone', async () => {
    const { id } = await givenRunningJob();
    log(id, 'one');
    log(id, 'two');
    let sent = 0;
    const connection = await startLog(world.context, JSON.stringify({ access_token: token }), id);
    const send = async () => (++sent < 1 ? ('sent' as const) : ('gone' as const));
    const pumped = await pumpLog(world.context, connection, { send, keep }, Number.POSITIVE_INFINITY);
    expect([pumped, sent]).toEqual([{ done: true }, 1]);
  });

  it.each([
    ['for a request that is not JSON', () => 'hello', 'InvalidInput'],
    ['for a missing token', () => '{}', 'InvalidInput'],
    ['for a wrong token', () => JSON.stringify({ access_token: 'x' }), 'InvalidAuthentication'],
    ['for invalid levels', () => JSON.stringify({ access_token: token, levels: 'all' }), 'InvalidInput'],
    ['for a try that does not exist', () => JSON.stringify({ access_token: token, try: 3 }), 'ResourceNotFound'],
  ])('is refused %s', async (_, first, type) => {
    const { id } = await givenRunningJob();
    await expect(startLog(world.context, first(), id)).rejects.toMatchObject({ type });
  });

  it('is refused the job of another user, in frames that clients can print', async () => {
    const { id } = await givenRunningJob();
    const first = JSON.stringify({ access_token: await givenToken(bob) });
    const refusal = await startLog(world.context, first, id).catch((error) => error);
    expect(refusal).toMatchObject({ type: 'PermissionDenied' });
    const [error, end] = errorFrames(id, 5, refusal);
    expect(error).toMatchObject({
      source: 'SYSTEM',
      level: 'ERROR',
      job: id,
      msg: expect.stringContaining('PermissionDenied: '),
    });
    expect(end).toMatchObject({ source: 'SYSTEM', msg: 'END_LOG' });
    await expect(startLog(world.context, first, 'job-x')).rejects.toMatchObject({ type: 'ResourceNotFound' });
  });
});
