// Explores the product's own functions exhaustively. Every call of a port is a step, and every order of steps is tried,
// with one crash after any write and each message lost or doubled. A schedule is a list of choices; a run repeats it
// from the start. States that were seen before (all rows, all messages, and what each actor has read) are not explored
// again.

import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import type { MemoryContext } from '../memory/context.ts';
import type { RowChange, Step } from '../memory/rows.ts';

export type Actor = { readonly name: string; readonly run: () => Promise<unknown> };
/** A stream record or a message of a queue that has not been delivered yet. */
export type Mail = { readonly name: string; readonly deliver: () => Promise<unknown> };
export type World = {
  readonly context: MemoryContext;
  readonly actors: readonly Actor[];
  /** Turns a record that needs work into mail. */
  mailOf(change: RowChange): Mail | undefined;
  /** Empties the queues and returns their messages. */
  takeMail(): Mail[];
  /** Actors that begin in the present state. Each name begins once. */
  spawn?(): readonly Actor[];
  /** Is asked after every step. It returns a sentence when the state is forbidden. */
  invariant(): string | undefined;
  /** Sweeps until quiet, without interleaving, after all mail was delivered. */
  sweep(): Promise<void>;
  /** Is asked at the end of a schedule. It returns a sentence when the end is wrong. */
  final(): string | undefined;
};
export type Budget = { readonly crashes: number; readonly losses: number; readonly doubles: number };
/** The faults that one exploration may contain. Each kind is a test of its own. */
export const budgets: readonly [string, Budget][] = [
  ['nothing goes wrong', { crashes: 0, losses: 0, doubles: 0 }],
  ['any one message is lost', { crashes: 0, losses: 1, doubles: 0 }],
  ['any one message comes twice', { crashes: 0, losses: 0, doubles: 1 }],
  ['any actor dies after any one write', { crashes: 1, losses: 0, doubles: 0 }],
];
export type Found = {
  readonly schedules: number;
  readonly states: number;
  /** Schedules that ran to their end, where `final` was asked. */
  readonly ends: number;
  readonly problem?: { readonly what: string; readonly schedule: readonly string[] };
};

/**
 * Explores every schedule, and ends at the first problem with the schedule that leads there. Steps on rows that only
 * one actor touches commute with all others, so their other orders are not tried. The contended rows are found on the
 * way: when two actors meet on a new row, the exploration starts again with that row among the contended ones.
 */
export async function explore(
  create: () => Promise<World> | World,
  budget: Budget,
  limits: { readonly schedules: number } = { schedules: 300_000 },
): Promise<Found> {
  const contention: Contention = { touched: new Map(), contended: new Map(), grown: false };
  let seen = new Set<string>();
  let stack: number[][] = [[]];
  let schedules = 0;
  let ends = 0;
  for (let prefix = stack.pop(); prefix !== undefined; prefix = stack.pop()) {
    schedules++;
    if (schedules > limits.schedules) {
      throw new Error(`more than ${limits.schedules} schedules (${seen.size} states): make the world smaller`);
    }
    const replay = beginReplay(await create(), budget, contention);
    const problem = await follow(replay, prefix, seen, (branch) => stack.push(branch));
    if (replay.ended) ends++;
    if (problem !== undefined) {
      return { schedules, states: seen.size, ends, problem: { what: problem, schedule: replay.log } };
    }
    if (!takeGrown(contention)) continue;
    seen = new Set();
    stack = [[]];
    ends = 0;
  }
  return { schedules, states: seen.size, ends };
}

/** The actor that is running now. Planted errors use it to act on the steps of one actor. */
export function currentActor(): string {
  return running.getStore()?.name ?? 'nobody';
}

type Live = {
  readonly name: string;
  history: string;
  pending: Pending[];
  afterWrite: boolean;
  done: boolean;
  /** The first step after a delivery belongs to the delivery. */
  fresh: boolean;
};
type Pending = { readonly step: Step; readonly proceed: () => void };
type Option = { readonly label: string; readonly take: () => void };

/** Records which actors have touched which rows, in all runs so far. */
type Contention = {
  readonly touched: Map<string, { readonly writers: Set<string>; readonly all: Set<string> }>;
  readonly contended: Map<string, boolean>;
  grown: boolean;
};

/** True when another actor may touch a row that this step touches, and one of the two writes. */
function meets(contention: Contention, actor: string, step: Step): boolean {
  let found = false;
  for (const key of step.keys ?? []) {
    noteTouch(contention, actor, key, step.writes);
    if (!contention.contended.has(key)) contention.contended.set(key, isContended(contention, key));
    found ||= contention.contended.get(key) === true;
  }
  return found;
}

function takeGrown(contention: Contention): boolean {
  const grown = contention.grown;
  contention.grown = false;
  return grown;
}

function noteTouch(contention: Contention, actor: string, key: string, writes: boolean): void {
  const here = contention.touched.get(key) ?? { writers: new Set<string>(), all: new Set<string>() };
  contention.touched.set(key, here);
  if (here.all.has(actor) && (!writes || here.writers.has(actor))) return;
  here.all.add(actor);
  if (writes) here.writers.add(actor);
  for (const [other, contended] of contention.contended) {
    if (contended || !overlaps(other, key) || !isContended(contention, other)) continue;
    contention.contended.set(other, true);
    contention.grown = true;
  }
}

function isContended(contention: Contention, key: string): boolean {
  const writers = new Set<string>();
  const all = new Set<string>();
  for (const [other, actors] of contention.touched) {
    if (!overlaps(other, key)) continue;
    for (const actor of actors.writers) writers.add(actor);
    for (const actor of actors.all) all.add(actor);
  }
  return writers.size > 0 && all.size > 1;
}

function overlaps(first: string, second: string): boolean {
  if (first.endsWith('*')) return second.startsWith(first.slice(0, -1));
  return second.endsWith('*') ? first.startsWith(second.slice(0, -1)) : first === second;
}

/** One run, which repeats a schedule from the start. */
type Replay = {
  readonly world: World;
  readonly contention: Contention;
  readonly log: string[];
  readonly live: Live[];
  ended: boolean;
  mail: readonly (Mail & { readonly key: string })[];
  mailCount: number;
  budget: Budget;
  sweeping: boolean;
  failure: unknown;
};

function beginReplay(world: World, budget: Budget, contention: Contention): Replay {
  const replay: Replay = {
    world,
    contention,
    log: [],
    live: [],
    ended: false,
    mail: [],
    mailCount: 0,
    budget,
    sweeping: false,
    failure: undefined,
  };
  world.context.setHook({
    before: (step) => pause(replay, step),
    after: noteStep,
  });
  world.context.rows.onChange = (change) => {
    const mail = world.mailOf(change);
    if (mail !== undefined) post(replay, mail);
  };
  for (const actor of world.actors) start(replay, actor, false);
  return replay;
}

/** Repeats a schedule, then continues with first choices. Every other choice on the way is passed to `branch`. */
async function follow(
  replay: Replay,
  prefix: readonly number[],
  seen: Set<string>,
  branch: (schedule: number[]) => void,
) {
  const taken: number[] = [];
  for (;;) {
    await settled();
    if (replay.failure !== undefined) return `it threw: ${String(replay.failure)}`;
    for (const mail of replay.world.takeMail()) post(replay, mail);
    const fresh = (replay.world.spawn?.() ?? []).filter(({ name }) => !knows(replay, name));
    for (const actor of fresh) start(replay, actor, false);
    if (fresh.length > 0) await settled();
    const broken = replay.world.invariant();
    if (broken !== undefined) return broken;
    const options = optionsOf(replay);
    const depth = taken.length;
    if (depth >= prefix.length) {
      const fingerprint = fingerprintOf(replay);
      if (seen.has(fingerprint)) return undefined;
      seen.add(fingerprint);
      for (let other = 1; other < options.length; other++) branch([...taken, other]);
    }
    if (options.length === 0) return finish(replay);
    const choice = prefix[depth] ?? 0;
    const option = options[choice];
    if (option === undefined) throw new Error('the schedule does not repeat: an actor is not deterministic');
    taken.push(choice);
    replay.log.push(option.label);
    option.take();
  }
}

async function finish(replay: Replay): Promise<string | undefined> {
  replay.ended = true;
  replay.sweeping = true;
  await replay.world.sweep();
  return replay.world.invariant() ?? replay.world.final();
}

function optionsOf(replay: Replay): Option[] {
  const options: Option[] = [];
  for (const actor of replay.live) {
    for (const pending of actor.pending) {
      const label = `${actor.name}: ${pending.step.name} ${pending.step.detail}`;
      options.push({ label, take: () => release(actor, pending) });
    }
  }
  for (const mail of replay.mail)
    options.push({ label: `deliver ${mail.name}`, take: () => deliver(replay, mail, true) });
  if (replay.budget.crashes > 0) {
    for (const actor of replay.live) {
      // A worker repeats its own calls. launch.test.ts covers lost answers.
      if (actor.name.startsWith('worker')) continue;
      if (actor.afterWrite && !actor.done)
        options.push({ label: `${actor.name} dies`, take: () => kill(replay, actor) });
    }
  }
  for (const mail of replay.mail) {
    if (replay.budget.losses > 0) options.push({ label: `lose ${mail.name}`, take: () => lose(replay, mail) });
    if (replay.budget.doubles > 0)
      options.push({ label: `double ${mail.name}`, take: () => deliver(replay, mail, false) });
  }
  return options;
}

function start(replay: Replay, { name, run }: Actor, fresh: boolean): void {
  const actor: Live = { name, history: '', pending: [], afterWrite: false, done: false, fresh };
  replay.live.push(actor);
  void running.run(actor, async () => {
    try {
      await run();
    } catch (error) {
      replay.failure ??= error;
    }
    actor.done = true;
    actor.history = 'done';
  });
}

function knows(replay: Replay, name: string): boolean {
  return replay.live.some((actor) => actor.name === name);
}

function pause(replay: Replay, step: Step): Promise<void> | undefined {
  const actor = running.getStore();
  if (replay.sweeping || actor === undefined) return undefined;
  if (actor.done) return new Promise(() => undefined);
  const isMet = meets(replay.contention, baseName(actor.name), step);
  const mayDie = replay.budget.crashes > 0 && actor.afterWrite && !actor.name.startsWith('worker');
  if (actor.fresh || (!isMet && !mayDie)) {
    actor.fresh = false;
    return undefined;
  }
  return new Promise((resolve) => void actor.pending.push({ step, proceed: resolve }));
}

function noteStep(step: Step, result: unknown): void {
  const actor = running.getStore();
  if (actor === undefined) return;
  actor.history = digest(`${actor.history} ${step.name} ${step.detail} ${JSON.stringify(result)}`);
  actor.afterWrite = step.writes;
}

function release(actor: Live, pending: Pending): void {
  actor.pending = actor.pending.filter((one) => one !== pending);
  pending.proceed();
}

function kill(replay: Replay, actor: Live): void {
  replay.budget = { ...replay.budget, crashes: replay.budget.crashes - 1 };
  actor.pending = [];
  actor.done = true;
  actor.history = 'dead';
}

function post(replay: Replay, mail: Mail): void {
  if (!replay.sweeping) replay.mail = [...replay.mail, { ...mail, key: `${mail.name}@${replay.mailCount++}` }];
}

function deliver(replay: Replay, mail: Mail & { readonly key: string }, last: boolean): void {
  if (last) replay.mail = replay.mail.filter((one) => one !== mail);
  else replay.budget = { ...replay.budget, doubles: replay.budget.doubles - 1 };
  start(replay, { name: last ? mail.key : `${mail.key} again`, run: mail.deliver }, true);
}

function lose(replay: Replay, mail: Mail): void {
  replay.mail = replay.mail.filter((one) => one !== mail);
  replay.budget = { ...replay.budget, losses: replay.budget.losses - 1 };
}

function fingerprintOf(replay: Replay): string {
  const { context } = replay.world;
  const actors = replay.live
    .filter((actor) => !actor.done)
    .map((actor) => [actor.history, actor.afterWrite, actor.pending.map(({ step }) => step.detail)]);
  const state = [
    context.rows.digest(),
    context.bodies.digest(),
    [...context.workers.launches].map(([worker, { state }]) => [worker, state]),
    [...context.workers.states],
    replay.live.filter(({ done }) => done).length === replay.live.length ? 'quiet' : actors,
    replay.mail.map(({ name }) => name).sort(),
    replay.budget,
    replay.world.spawn === undefined
      ? ''
      : replay.live.map(({ name }) => name).filter((name) => name.startsWith('worker')),
  ];
  return digest(JSON.stringify(state));
}

/** The name without the number of a piece of mail, which differs between runs. */
function baseName(name: string): string {
  return name.replace(/@\d+/, '');
}

/** Work in memory moves in microtasks, so after one macrotask each actor waits at its next step or has ended. */
function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function digest(text: string): string {
  return createHash('sha1').update(text).digest('base64');
}

const running = new AsyncLocalStorage<Live>();
