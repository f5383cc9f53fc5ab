// One run of a search: the actors of a world, each waiting at its next step on a contended row, and the choices that
// the search has in the present state.

import { AsyncLocalStorage } from 'node:async_hooks';
import { hash } from 'node:crypto';
import type { MemoryContext } from '../memory/context.ts';
import { type RowChange, rowDigest, type Step } from '../memory/rows.ts';
import type { Budget } from './budget.ts';
import { type Contention, conflict, meets, type Touch } from './contention.ts';

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

/** One possible move of a state: an actor goes on or dies, or a message is delivered, doubled or lost. */
export type Choice = {
  /** Equal for choices that do the same. */
  readonly id: string;
  readonly label: string;
  /** The actor or message. Choices of one group depend on each other. */
  readonly group: string;
  /** The fault of the budget that it takes. */
  readonly fault: keyof Budget | undefined;
  readonly act: () => void;
};
/** A choice that was taken, and the keys that it touched. */
export type Taken = Pick<Choice, 'id' | 'group' | 'fault'> & { readonly touches: readonly Touch[] };

type Live = {
  readonly name: string;
  readonly group: string;
  history: string;
  /** Steps that are not in `history` yet. */
  unread: unknown[];
  pending: Pending[];
  afterWrite: boolean;
  done: boolean;
  /** The first step after a delivery belongs to the delivery. */
  fresh: boolean;
};
type Pending = { readonly step: Step; readonly proceed: () => void };

export type Replay = {
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
  touches: Touch[];
};

/** The actor that is running now. Planted errors use it to act on the steps of one actor. */
export function currentActor(): string {
  return running.getStore()?.name ?? 'nobody';
}

export async function beginReplay(world: World, budget: Budget, contention: Contention): Promise<Replay> {
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
    touches: [],
  };
  world.context.setHook({ before: (step) => pause(replay, step), after: (step, result) => note(replay, step, result) });
  world.context.rows.onChange = (change) => {
    const mail = world.mailOf(change);
    if (mail !== undefined) post(replay, mail);
  };
  for (const actor of world.actors) start(replay, actor, false);
  await settled();
  return replay;
}

/**
 * What may happen next, when every actor stands at a step.
 *
 * @param repeats whether this state was looked at before, so that its invariant holds
 * @returns a sentence when the state is forbidden
 */
export async function readyChoices(replay: Replay, repeats: boolean): Promise<readonly Choice[] | string> {
  for (const mail of replay.world.takeMail()) post(replay, mail);
  const fresh = (replay.world.spawn?.() ?? []).filter(({ name }) => !knows(replay, name));
  for (const actor of fresh) start(replay, actor, false);
  if (fresh.length > 0) await settled();
  if (replay.failure !== undefined) return `it threw: ${String(replay.failure)}`;
  if (!repeats) {
    const broken = replay.world.invariant();
    if (broken !== undefined) return broken;
  }
  return choicesOf(replay);
}

/** Takes a choice, and waits until every actor stands again. */
export async function take(replay: Replay, { id, group, fault, label, act }: Choice): Promise<Taken> {
  replay.log.push(label);
  replay.touches = [];
  act();
  await settled();
  return { id, group, fault, touches: replay.touches };
}

/** True when two choices may come in any order. */
export function commute(first: Taken, second: Taken): boolean {
  if (first.group === second.group) return false;
  if (first.fault !== undefined && first.fault === second.fault) return false;
  return !conflict(first.touches, second.touches);
}

export async function finishReplay(replay: Replay): Promise<string | undefined> {
  replay.ended = true;
  replay.sweeping = true;
  await replay.world.sweep();
  return replay.world.invariant() ?? replay.world.final();
}

/** A text that is equal for states from which the same can follow. */
export function fingerprintOf(replay: Replay): string {
  const { context } = replay.world;
  const actors = replay.live
    .filter(({ done }) => !done)
    .map((actor) => [historyOf(actor), actor.afterWrite, actor.pending.map(({ step }) => step.detail)]);
  const state = [
    context.rows.digest(),
    context.bodies.digest(),
    context.clock.now,
    context.queues.work.map(({ message, visibleAt }) => [message, visibleAt]),
    context.queues.runnable.map(({ message, visibleAt }) => [message, visibleAt]),
    [...context.workers.launches].map(([worker, { state: launch }]) => [worker, launch]),
    [...context.workers.states],
    actors.length === 0 ? 'quiet' : actors,
    replay.mail.map(({ name }) => name).sort(),
    replay.budget,
    replay.world.spawn === undefined
      ? ''
      : replay.live.map(({ name }) => name).filter((name) => name.startsWith('worker')),
  ];
  return hash('sha1', JSON.stringify(state), 'base64');
}

function choicesOf(replay: Replay): Choice[] {
  const choices: Choice[] = [];
  const add = (kind: string, name: string, group: string, act: () => void, fault?: keyof Budget): void => {
    const label = `${kind} ${name}`;
    choices.push({ id: label, label, group, act, fault });
  };
  for (const actor of replay.live) {
    for (const pending of actor.pending) {
      const label = `${actor.name}: ${pending.step.name} ${pending.step.detail}`;
      const id = `${actor.group} ${historyOf(actor)} ${pending.step.name} ${pending.step.detail}`;
      choices.push({ id, label, group: actor.group, act: () => release(actor, pending), fault: undefined });
    }
  }
  for (const mail of replay.mail) add('deliver', mail.name, mail.name, () => deliver(replay, mail, true));
  if (replay.budget.crashes > 0) {
    for (const actor of replay.live) {
      if (!mayDie(replay, actor) || actor.done) continue;
      const id = `${actor.group} ${historyOf(actor)} dies`;
      const label = `${actor.name} dies`;
      choices.push({ id, label, group: actor.group, act: () => kill(replay, actor), fault: 'crashes' });
    }
  }
  for (const mail of replay.mail) {
    if (replay.budget.losses > 0) add('lose', mail.name, mail.name, () => lose(replay, mail), 'losses');
    if (replay.budget.doubles > 0) add('double', mail.name, mail.name, () => deliver(replay, mail, false), 'doubles');
  }
  return choices;
}

/** A worker repeats its own calls. launch.test.ts covers lost answers. */
function mayDie(replay: Replay, actor: Live): boolean {
  return replay.budget.crashes > 0 && actor.afterWrite && !actor.name.startsWith('worker');
}

function start(replay: Replay, { name, run }: Actor, fresh: boolean): void {
  const actor: Live = {
    name,
    group: groupOf(name),
    history: '',
    unread: [],
    pending: [],
    afterWrite: false,
    done: false,
    fresh,
  };
  replay.live.push(actor);
  void running.run(actor, async () => {
    try {
      await run();
    } catch (error) {
      replay.failure ??= error;
    }
    actor.done = true;
  });
}

function knows(replay: Replay, name: string): boolean {
  return replay.live.some((actor) => actor.name === name);
}

function pause(replay: Replay, step: Step): Promise<void> | undefined {
  const actor = running.getStore();
  if (replay.sweeping || actor === undefined) return undefined;
  if (actor.done) return new Promise(() => undefined);
  const isMet = meets(replay.contention, actor.group, step);
  if (actor.fresh || (!isMet && !mayDie(replay, actor))) {
    actor.fresh = false;
    return undefined;
  }
  return new Promise((resolve) => void actor.pending.push({ step, proceed: resolve }));
}

function note(replay: Replay, step: Step, result: unknown): void {
  const actor = running.getStore();
  if (actor === undefined || replay.sweeping) return;
  actor.unread.push(step, result);
  actor.afterWrite = step.writes;
  for (const key of step.keys ?? []) replay.touches.push({ key, writes: step.writes });
}

/** A digest of everything that an actor has asked and read. It decides what the actor does next. */
function historyOf(actor: Live): string {
  if (actor.unread.length === 0) return actor.history;
  let text = actor.history;
  for (let index = 0; index < actor.unread.length; index += 2) {
    const { name, detail } = actor.unread[index] as Step;
    text += `\n${name} ${detail} ${print(actor.unread[index + 1])}`;
  }
  actor.unread = [];
  actor.history = hash('sha1', text, 'base64');
  return actor.history;
}

/** The result of a step as text. Rows are long, and each is printed once. */
function print(result: unknown): string {
  if (Array.isArray(result)) return `[${result.map(print).join()}]`;
  if (typeof result !== 'object' || result === null) return JSON.stringify(result) ?? 'undefined';
  if ('pk' in result && 'sk' in result) return rowDigest(result as Parameters<typeof rowDigest>[0]);
  if ('rows' in result && Array.isArray(result.rows)) return `${print(result.rows)} ${'next' in result && result.next}`;
  return JSON.stringify(result);
}

function release(actor: Live, pending: Pending): void {
  actor.pending = actor.pending.filter((one) => one !== pending);
  pending.proceed();
}

function kill(replay: Replay, actor: Live): void {
  replay.budget = { ...replay.budget, crashes: replay.budget.crashes - 1 };
  actor.pending = [];
  actor.done = true;
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

/** The name without the number of a piece of mail, which differs between runs. */
function groupOf(name: string): string {
  return name.replace(/@\d+( again)?$/, '');
}

/** Work in memory moves in microtasks, so after one macrotask each actor waits at its next step or has ended. */
function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

const running = new AsyncLocalStorage<Live>();
