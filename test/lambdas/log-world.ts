// API Gateway, the function's invocations and a client around the log socket, on one clock that only waiting moves. The
// gateway ends connections as AWS does, after ten silent minutes and after two hours. Invocations end after fifteen
// minutes.

import type { JobId } from '../../core/id/identifier.ts';
import type { Caller } from '../../core/identity/caller.ts';
import { issueToken } from '../../engine/identity/token.ts';
import type { LogFrame } from '../../engine/log/frame.ts';
import type { Sent } from '../../engine/log/pump.ts';
import { admitReader, pumpReader } from '../../lambdas/log-socket/reader.ts';
import { forgetReader, noteReader } from '../../lambdas/log-socket/turn.ts';
import { alice, asJob, givenApplet, givenProject, givenWorld, run, type World } from '../api/execution-world.ts';
import { peekJob } from '../memory/platform.ts';

const minuteMs = 60_000;
const idleLimitMs = 10 * minuteMs;
const lifeLimitMs = 120 * minuteMs;
const invocationLimitMs = 15 * minuteMs;
const reserveMs = minuteMs;
const retryAfterMs = minuteMs;
const turnLimit = 200;

export type LogWorld = World & {
  readonly job: JobId;
  readonly startedAt: number;
  /** Called whenever the clock has moved. */
  readonly onTime: ((minutes: number) => void | Promise<void>)[];
  pass(ms: number): Promise<void>;
  print(text: string, of?: { readonly job?: JobId; readonly level?: string }): void;
  /** Starts a running child of this job. */
  startChild(): Promise<JobId>;
  /** The worker writes its last line and the job ends. */
  finish(): Promise<void>;
};

/** A running job of Alice's. The test decides what it prints. */
export async function givenRunningJob(): Promise<LogWorld> {
  const world = await givenWorld();
  const project = await givenProject(world);
  const applet = await givenApplet(world, project);
  let caller: Caller | undefined;
  world.programs.set('main', async (claimed) => {
    caller = await asJob(world, claimed);
    return undefined;
  });
  world.programs.set('process', async () => undefined);
  const job = await run(world, applet, { project, input: {} });
  await world.platform.run();
  const { context } = world;
  const startedAt = context.clock.now;
  const numbers = new Map<JobId, number>();
  const print: LogWorld['print'] = (text, { job: by = job, level = 'STDOUT' } = {}) => {
    const now = context.clock.now;
    const number = (numbers.get(by) ?? 0) + 1;
    numbers.set(by, number);
    const line = { t: now, n: number, l: level, s: level === 'INFO' ? 'SYSTEM' : 'APP', m: text, j: by, y: 0 };
    const { task = '' } = peekJob(context, by);
    context.logs.append(task, [{ timestamp: now, message: JSON.stringify(line) }]);
  };
  const onTime: LogWorld['onTime'] = [];
  return {
    ...world,
    job,
    startedAt,
    onTime,
    print,
    async pass(ms) {
      context.clock.now += ms;
      for (const act of onTime) await act((context.clock.now - startedAt) / minuteMs);
    },
    async startChild() {
      const { id } = await world.must('/job/new', { function: 'process', input: {} }, caller);
      await world.platform.run();
      return id as JobId;
    },
    async finish() {
      print('END_LOG', { level: 'INFO' });
      await world.must(`/${job}/terminate`);
      await world.platform.run();
    },
  };
}

export type Watched = {
  readonly frames: LogFrame[];
  /** The job's lines, as the client saw them. */
  readonly lines: string[];
  /** The platform's own lines. */
  readonly said: string[];
  /** `END_LOG`: the client closed the connection, as it does after that line. */
  readonly end: 'END_LOG' | 'idle' | 'life' | 'closed' | 'nothing more';
  readonly turns: number;
};

export type Trouble = {
  /** The outcome for the message of this number, counted from 1. Each message takes this long to send. */
  send?(count: number, frame: LogFrame): Sent | 'crash';
  readonly sendMs?: number;
  /** Every event is delivered twice, the second time while the first is being handled. */
  readonly twice?: boolean;
};

/** `dx watch`: connects, sends its request, and shows lines until END_LOG or until the connection is lost. */
export async function watch(world: LogWorld, request: object = {}, trouble: Trouble = {}): Promise<Watched> {
  const gateway = await connect(world, trouble);
  const reader = { connectionId: 'c1', connections: gateway, wait: world.pass };
  const token = await issueToken(world.context, { user: alice, expiresAt: Number.MAX_SAFE_INTEGER, label: 'test' });
  const first = { access_token: token, token_type: 'Bearer', numRecentMessages: 262_144, tail: true, ...request };
  if (!(await admitReader(world.context, reader, JSON.stringify(first)))) return gateway.seen(0);
  let turn = 1;
  for (; turn < turnLimit; turn++) {
    const begunAt = world.context.clock.now;
    const invoke = () => pumpReader(world.context, reader, turn, begunAt + invocationLimitMs - reserveMs);
    const first = invoke();
    const answers = await Promise.race([trouble.twice ? Promise.all([first, invoke()]) : first, gateway.crashed()]);
    if (answers === 'crashed') {
      // Lambda delivers the event again, to the same turn.
      await world.pass(retryAfterMs);
      turn -= 1;
      continue;
    }
    if (world.context.clock.now - begunAt > invocationLimitMs) throw new Error('the function ran out of time');
    if (![answers].flat().includes(true)) break;
  }
  return gateway.seen(turn);
}

async function connect(world: LogWorld, trouble: Trouble) {
  const { context } = world;
  const frames: LogFrame[] = [];
  const openedAt = context.now();
  let lastAt = openedAt;
  let end: Watched['end'] = 'nothing more';
  let count = 0;
  let crash = Promise.withResolvers<'crashed'>();
  await noteReader(context, 'c1', world.job);
  const close = async (why: Watched['end']) => {
    if (end !== 'nothing more') return;
    end = why;
    await forgetReader(context, 'c1');
  };
  world.onTime.push(async () => {
    if (context.now() - lastAt > idleLimitMs) await close('idle');
    if (context.now() - openedAt > lifeLimitMs) await close('life');
  });
  return {
    async post(_connectionId: string, text: string): Promise<Sent> {
      if (trouble.sendMs) await world.pass(trouble.sendMs);
      if (end !== 'nothing more') return 'gone';
      const frame = JSON.parse(text) as LogFrame;
      const fate = trouble.send?.(++count, frame) ?? 'sent';
      if (fate === 'crash') {
        crash.resolve('crashed');
        return new Promise(() => {});
      }
      if (fate !== 'sent') return fate;
      frames.push(frame);
      lastAt = context.now();
      if (frame.source === 'SYSTEM' && frame.msg === 'END_LOG') await close('END_LOG');
      return 'sent';
    },
    close: () => close('closed'),
    crashed: () => {
      crash = Promise.withResolvers();
      return crash.promise;
    },
    leave: () => close('closed'),
    seen: (turns: number): Watched => ({
      frames,
      lines: frames.filter(({ source }) => source === 'APP').map(({ msg }) => msg),
      said: frames.filter(({ source }) => source === 'SYSTEM').map(({ msg }) => msg),
      end,
      turns,
    }),
  };
}
