// One run of a search: the actors of a world, each waiting at its next step on a contended row, and the choices that
// the search has in the present state.

import { AsyncLocalStorage } from 'node:async_hooks';
import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Row } from '../../core/context.ts';
import { given } from '../../core/given.ts';
import type { MemoryContext } from '../memory/context.ts';
import { indexEntry, type RowChange, rowDigest, type Step } from '../memory/rows.ts';
import type { Budget } from './budget.ts';
import { type Contention, meets, type Touch } from './contention.ts';
import { type Asked, type Event, equalBefore, historyAfter, type Move, textOfStep } from './future.ts';
import { answerOf, beginRecall, goOn, type Recall, recallStep } from './recall.ts';

export type Actor = { readonly name: string; readonly run: () => Promise<unknown> };
/** A stream record or a message of a queue that has not been delivered yet. */
export type Mail = {
  readonly name: string;
  readonly deliver: () => Promise<unknown>;
  /** What it says beyond its name. It decides what a delivery does. */
  readonly about?: string;
};
export type World = {
  readonly context: MemoryContext;
  readonly actors: readonly Actor[];
  /**
   * Whether actors keep nothing but what their steps returned. States are then the same when their actors would go on in
   * the same way, whatever they have read before.
   */
  readonly isPure?: boolean;
  /** Turns a record that needs work into mail. */
  mailOf(change: RowChange): Mail | undefined;
  /** Empties the queues and returns their messages. */
  takeMail(): Mail[];
  /** Actors that begin in the present state. Each name begins once. */
  spawn?(): readonly Actor[];
  /**
   * What a change means to the rules. Two changes in whose order a rule may be broken must touch one key, and one of
   * them write it. Without this, the order of all changes of states, tries and times matters.
   */
  sees?(change: RowChange): readonly Touch[];
  /** Is asked after every step. It returns a sentence when the state is forbidden. */
  invariant(): string | undefined;
  /** Sweeps until quiet, without interleaving, after all mail was delivered. */
  sweep(): Promise<void>;
  /** Is asked at the end of a schedule. It returns a sentence when the end is wrong. */
  final(): string | undefined;
};

/** One possible move of a state: an actor goes on or dies, or a message is delivered, doubled or lost. */
export type Choice = {
  readonly label: string;
  /** The actor or message. Choices of one group depend on each other. */
  readonly group: string;
  /** What its first step will touch, as far as that is known. */
  readonly next: readonly Touch[];
  /** Whether it takes from the budget. */
  readonly isFault: boolean;
  readonly act: () => void;
};

type Live = {
  readonly name: string;
  readonly group: string;
  /** Its name for the whole of a search: an actor that begins again has another one. */
  readonly key: string;
  readonly run: () => Promise<unknown>;
  /** A digest of everything that it has asked and read. It decides what the actor does next. */
  history: string;
  /** The steps that it has made, and how many of them are in `history`. */
  readonly events: Event[];
  /** How many steps that are equal to one were asked for before it and not made yet (Event.before). */
  readonly equals: WeakMap<Step, number>;
  told: number;
  /** How often it has drawn random bytes. */
  draws: number;
  pending: Pending[];
  afterWrite: boolean;
  done: boolean;
  /** Whether its present step has changed a row. */
  changed: boolean;
  /** Whether the answer of its present step is lost. */
  loses: boolean;
  /** The first step after a delivery belongs to the delivery. */
  fresh: boolean;
  /** Present while it is only asked what it would do. */
  readonly recall?: Recall;
};
/** `group`: that of its choices. The second copy of a message has its own. */
type Posted = Mail & { readonly key: string; readonly group: string };
type Pending = { readonly step: Step; readonly proceed: () => void };

export type Replay = {
  readonly world: World;
  readonly contention: Contention;
  readonly log: string[];
  readonly live: Live[];
  ended: boolean;
  mail: readonly Posted[];
  mailCount: number;
  /** How many messages of each name there were. */
  readonly posted: Map<string, number>;
  budget: Budget;
  sweeping: boolean;
  failure: unknown;
  touches: Touch[];
};

/** The actor that is running now. Planted errors use it to act on the steps of one actor. */
export function currentActor(): string {
  return running.getStore()?.name ?? 'nobody';
}

/** A text that differs for each draw of an actor, and does not depend on the order of the actors. */
export function nextDraw(): string | undefined {
  const actor = running.getStore();
  if (actor === undefined) return undefined;
  actor.draws++;
  return `${actor.key} ${actor.draws}`;
}

/** Whether an actor is running now. The rules of a world are not actors. */
export function isActing(): boolean {
  return running.getStore() !== undefined;
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
    posted: new Map(),
    budget,
    sweeping: false,
    failure: undefined,
    touches: [],
  };
  world.context.setHook({
    before: (step) => pause(replay, step),
    after: (step, result) => note(replay, step, result),
    answer: (step, act) => {
      const recall = running.getStore()?.recall;
      return recall === undefined ? act() : (answerOf(recall, step).result as ReturnType<typeof act>);
    },
  });
  world.context.rows.onChange = (change) => {
    const { table, after, before } = change;
    const { pk, sk } = (after ?? before) as Row;
    const actor = running.getStore();
    if (actor !== undefined) actor.changed = true;
    replay.touches.push({ key: `${table} ${pk}/${sk}`, writes: true });
    if (after?.dueAt !== before?.dueAt || after?.openShard !== before?.openShard) {
      replay.touches.push({ key: indexEntry(pk), writes: true });
    }
    replay.touches.push(...(world.sees ?? seenByRules)(change));
    const mail = world.mailOf(change);
    if (mail !== undefined) post(replay, mail);
  };
  await giveTimersTheirTurn();
  for (const actor of world.actors) start(replay, actor, false);
  await settled();
  await receive(replay);
  return replay;
}

/** A sentence when the state is forbidden. */
export function problemOf(replay: Replay): string | undefined {
  return replay.failure === undefined ? replay.world.invariant() : `it threw: ${String(replay.failure)}`;
}

/** Takes a choice, and waits until every actor stands again. Returns what it touched. */
export async function take(replay: Replay, { label, act }: Choice): Promise<readonly Touch[]> {
  replay.log.push(label);
  replay.touches = [];
  act();
  await settled();
  await receive(replay);
  return replay.touches;
}

/** Posts the mail of the last step, and begins the actors that may begin now. */
async function receive(replay: Replay): Promise<void> {
  for (const mail of replay.world.takeMail()) post(replay, mail);
  const fresh = (replay.world.spawn?.() ?? []).filter(({ name }) => !knows(replay, name));
  if (fresh.length === 0) return;
  for (const actor of fresh) start(replay, actor, false);
  await settled();
}

export async function finishReplay(replay: Replay): Promise<string | undefined> {
  replay.ended = true;
  replay.sweeping = true;
  await replay.world.sweep();
  return replay.world.invariant() ?? replay.world.final();
}

/** A state, and the actors that are at work in it, by their keys. */
export type Standing = {
  /**
   * A text that is equal for states from which the same can follow, if their actors agree on what they would do and the
   * budgets are equal.
   */
  readonly state: string;
  /** The groups whose messages have exchanged their roles with their copies. */
  readonly exchanged: readonly string[];
  readonly present: ReadonlyMap<string, Present>;
  /** What the actors have done since the last state. */
  readonly moved: ReadonlyMap<string, Move>;
};
/** `isOver`: it does nothing more, but what it has asked for may still be done. */
export type Present = Asked & {
  readonly group: string;
  readonly asks: string;
  readonly isOver: boolean;
  readonly told: number;
};

export function standingOf(replay: Replay): Standing {
  const { context, isPure = false } = replay.world;
  const isExact = !isPure || replay.contention.isWhole;
  const byGroup = new Map<string, string[]>();
  const histories = new Map<string, string>();
  const present = new Map<string, Present>();
  const moved = new Map<string, Move>();
  for (const actor of replay.live) {
    const { group, key, done, pending, afterWrite } = actor;
    const move = moveOf(actor);
    if (move !== undefined) moved.set(key, move);
    // What a call sent before it failed may still arrive.
    if (done && pending.length === 0) continue;
    const asks = asksOf(actor);
    const { history, told } = actor;
    present.set(key, { group, history, asks, isOver: done, told, askAfter: (moves) => askAfter(actor, moves) });
    if (!done) histories.set(group, history);
    const text = `${isExact ? actor.history : ''} ${afterWrite} ${asks}`;
    byGroup.set(group, [...(byGroup.get(group) ?? []), text]);
  }
  for (const { group, about } of replay.mail) {
    byGroup.set(group, [...(byGroup.get(group) ?? []), `mail ${about}`]);
  }
  const textOf = (group: string): string => (byGroup.get(group) ?? []).sort().join();
  const rankOf = (group: string): string => `${textOf(group)} ${histories.get(group)}`;
  const copies = replay.contention.isWhole ? [] : [...byGroup.keys()];
  const exchanged = copies
    .filter((group) => group.startsWith(copyOf))
    .map((group) => group.slice(copyOf.length))
    .filter((group) => rankOf(group) < rankOf(copyOf + group));
  const state = [
    context.rows.digest(),
    context.bodies.digest(),
    context.clock.now,
    sorted(context.queues.work),
    sorted(context.queues.runnable),
    sorted([...context.workers.launches].map(([worker, { state: launch }]) => [worker, launch])),
    sorted([...context.workers.states]),
    [...byGroup.keys()].map((group) => `${exchange(group, exchanged)} ${textOf(group)}`).sort(),
    replay.world.spawn === undefined
      ? ''
      : replay.live.flatMap(({ name }) => (name.startsWith('worker') ? [name] : [])).sort(),
  ];
  return { state: hash('sha1', JSON.stringify(state), 'base64'), exchanged, present, moved };
}

/** Takes over what is known of the actors of a state that was seen before on the same path. */
export function recognise(replay: Replay, present: Standing['present']): void {
  for (const actor of replay.live) {
    const known = present.get(actor.key);
    actor.history = known?.history ?? actor.history;
    actor.told = known?.told ?? actor.events.length;
  }
}

/** The group whose role a group has. */
export function exchange(group: string, exchanged: readonly string[]): string {
  if (exchanged.length === 0) return group;
  if (exchanged.includes(group)) return copyOf + group;
  if (!group.startsWith(copyOf)) return group;
  const original = group.slice(copyOf.length);
  return exchanged.includes(original) ? original : group;
}

function sorted(items: readonly unknown[]): string[] {
  return items.map((item) => JSON.stringify(item)).sort();
}

/** What may happen next, when every actor stands at a step. */
export function choicesOf(replay: Replay): Choice[] {
  const { budget, live, mail: all } = replay;
  const choices: Choice[] = [];
  for (const actor of live) {
    const { group, name } = actor;
    for (const pending of actor.pending) {
      const label = `${name}: ${pending.step.name} ${pending.step.detail}`;
      const next = touchesOf(pending.step);
      choices.push({ label, group, next, isFault: false, act: () => release(actor, pending) });
      if (pending.step.writes && (budget.answers ?? 0) > 0) {
        choices.push({
          label: `${label}, whose answer is lost`,
          group,
          next,
          isFault: true,
          act: () => loseAnswer(replay, actor, pending),
        });
      }
    }
    if (mayDie(replay, actor) && !actor.done)
      choices.push({ label: `${name} dies`, group, next: [], isFault: true, act: () => kill(replay, actor) });
  }
  for (const mail of all) {
    const { group } = mail;
    const of = { group, next: [] };
    choices.push({ ...of, label: `deliver ${group}`, isFault: false, act: () => deliver(replay, mail) });
    if (budget.losses > 0)
      choices.push({ ...of, label: `lose ${group}`, isFault: true, act: () => lose(replay, mail) });
    if (budget.doubles > 0)
      choices.push({ ...of, label: `double ${group}`, isFault: true, act: () => double(replay, mail) });
  }
  return choices;
}

function touchesOf({ keys = [], writes }: Step): Touch[] {
  return keys.map((key) => ({ key, writes }));
}

/** A worker repeats its own calls. launch.test.ts covers lost answers. */
function mayDie(replay: Replay, actor: Live): boolean {
  return replay.budget.crashes > 0 && actor.afterWrite && !actor.name.startsWith('worker');
}

type Beginning = { readonly group?: string; readonly about?: string; readonly attempt?: number };

function start(replay: Replay, { name, run }: Actor, fresh: boolean, beginning: Beginning = {}): void {
  const { group = name, about = '', attempt = 0 } = beginning;
  const key = `${group}, attempt ${attempt}`;
  const actor: Live = {
    name,
    group,
    key,
    run,
    history: `${key} ${about}`,
    events: [],
    equals: new WeakMap(),
    told: 0,
    draws: 0,
    pending: [],
    afterWrite: false,
    done: false,
    changed: false,
    loses: false,
    fresh,
  };
  replay.live.push(actor);
  void running.run(actor, async () => {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof LostAnswer)) replay.failure ??= error;
      // The stream, the queue, a worker or a client repeats a call that has failed.
      else start(replay, { name: `${name} again`, run }, fresh, { group, about, attempt: attempt + 1 });
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
  if (actor.recall !== undefined) return recallStep(actor.recall, step);
  const isMet = meets(replay.contention, actor.group, step) || mayBeSeen(step) || mayLose(replay, step);
  if (actor.fresh || (!isMet && !mayDie(replay, actor))) {
    actor.fresh = false;
    noteEquals(actor, step);
    return undefined;
  }
  return new Promise((resolve) => void actor.pending.push({ step, proceed: resolve }));
}

function note(replay: Replay, step: Step, result: unknown): void {
  const actor = running.getStore();
  if (actor?.recall !== undefined) {
    if (answerOf(actor.recall, step).isLost) throw lostAnswerOf(step);
    return;
  }
  if (actor === undefined || replay.sweeping) return;
  actor.events.push({ step, result, isLost: actor.loses, before: actor.equals.get(step) ?? 0 });
  // A refused write is a read. What a write of rows changed is noted where it changes.
  const isRow = step.port === 'rows';
  actor.afterWrite = isRow ? actor.changed : step.writes;
  actor.changed = false;
  for (const key of step.keys ?? []) replay.touches.push({ key, writes: step.writes && !isRow });
  if (!actor.loses) return;
  actor.loses = false;
  throw lostAnswerOf(step);
}

function lostAnswerOf({ name, detail }: Step): LostAnswer {
  return new LostAnswer(`the answer of ${name} ${detail} was lost`);
}

/** What an actor has done since it was last asked for that. */
function moveOf(actor: Live): Move | undefined {
  if (actor.told === actor.events.length) return undefined;
  const events = actor.events.slice(actor.told);
  actor.told = actor.events.length;
  const text = events.map(
    ({ step, result, isLost, before }) => `${textOfStep(step)} ${before} ${isLost ? 'lost' : print(result)}`,
  );
  const move = { key: hash('sha1', text.join('\n'), 'base64'), events };
  actor.history = historyAfter(actor.history, move);
  return move;
}

/** The steps that an actor waits for. */
function asksOf({ done, pending }: { readonly done: boolean; readonly pending: readonly { readonly step: Step }[] }) {
  return `${done ? ended : ''}${pending.map(({ step }) => textOfStep(step)).sort()}`;
}

/** Runs an actor once more with the answers that it got and those of further moves. Nothing is written. */
async function askAfter(actor: Live, moves: readonly Move[]): Promise<string[]> {
  const recall = beginRecall();
  const asked: Live = { ...actor, recall, events: [], draws: 0, pending: [], done: false };
  void running.run(asked, async () => {
    try {
      await actor.run();
    } catch (error) {
      if (!(error instanceof LostAnswer)) recall.failure = error;
    }
    asked.done = true;
  });
  const answers: string[] = [];
  for (const events of [actor.events.slice(0, actor.told), ...moves.map((move) => move.events)]) {
    const isMade = await goOn(recall, events, settled);
    const failure = recall.failure === undefined ? '' : `it threw: ${String(recall.failure)}`;
    answers.push(isMade ? failure + asksOf({ done: asked.done, pending: recall.pending }) : otherwise);
  }
  return answers;
}

/** The result of a step as text. Rows are long, and each is printed once. */
function print(result: unknown): string {
  if (Array.isArray(result)) return `[${result.map(print).join()}]`;
  if (typeof result !== 'object' || result === null) return JSON.stringify(result) ?? 'undefined';
  if ('pk' in result && 'sk' in result) return rowDigest(result as Parameters<typeof rowDigest>[0]);
  if ('rows' in result && Array.isArray(result.rows)) return `${print(result.rows)} ${'next' in result && result.next}`;
  return JSON.stringify(result);
}

function noteEquals(actor: Live, step: Step): void {
  const steps = actor.pending.map((one) => one.step);
  actor.equals.set(step, equalBefore(steps, step));
}

function release(actor: Live, pending: Pending): void {
  noteEquals(actor, pending.step);
  actor.pending = actor.pending.filter((one) => one !== pending);
  pending.proceed();
}

/** The step is made, and throws. */
function loseAnswer(replay: Replay, actor: Live, pending: Pending): void {
  replay.budget = { ...replay.budget, answers: (replay.budget.answers ?? 0) - 1 };
  actor.loses = true;
  release(actor, pending);
}

/** The error of a call whose answer was lost. The caller does not know whether the write has landed. */
class LostAnswer extends Error {}

function kill(replay: Replay, actor: Live): void {
  replay.budget = { ...replay.budget, crashes: replay.budget.crashes - 1 };
  actor.pending = [];
  actor.done = true;
}

function post(replay: Replay, mail: Mail): void {
  if (replay.sweeping) return;
  const earlier = replay.posted.get(mail.name) ?? 0;
  replay.posted.set(mail.name, earlier + 1);
  // What the first message of a name does must not hide who has sent the second.
  const group = earlier === 0 ? mail.name : `${mail.name} #${earlier + 1}`;
  const posted = { ...mail, key: `${mail.name}@${replay.mailCount++}`, group };
  replay.mail = [...replay.mail, posted];
  replay.touches.push(mailTouch(posted));
}

/** Two pieces of mail may have one name. */
function mailTouch({ name }: Mail): Touch {
  return { key: `mail ${name}`, writes: true };
}

/** Rules may see every change of a job's state, try or time. */
function seenByRules({ before, after }: RowChange): Touch[] {
  if ((after ?? before)?.sk !== 'A') return [];
  const seen = (row: Row | undefined): unknown[] => [row?.state, row?.try, row?.tombstone, row?.dueAt === undefined];
  return isDeepStrictEqual(seen(before), seen(after)) ? [] : [{ key: 'what the rules see', writes: true }];
}

function mayLose({ budget }: Replay, { writes }: Step): boolean {
  return writes && (budget.answers ?? 0) > 0;
}

function mayBeSeen({ writes, keys }: Step): boolean {
  return writes && (keys ?? []).some((key) => key.endsWith('/A'));
}

function deliver(replay: Replay, mail: Posted): void {
  replay.touches.push(mailTouch(mail));
  replay.mail = replay.mail.filter((one) => one !== mail);
  const { key: name, deliver: run, group, about } = mail;
  start(replay, { name, run }, true, { group, ...given({ about }) });
}

/** The message is delivered, and its copy comes at any later time. The copy is a message of its own. */
function double(replay: Replay, mail: Posted): void {
  replay.budget = { ...replay.budget, doubles: replay.budget.doubles - 1 };
  deliver(replay, mail);
  const copy = { ...mail, key: copyOf + mail.key, group: copyOf + mail.group };
  replay.mail = [...replay.mail, copy];
}

function lose(replay: Replay, mail: Posted): void {
  replay.touches.push(mailTouch(mail));
  replay.mail = replay.mail.filter((one) => one !== mail);
  replay.budget = { ...replay.budget, losses: replay.budget.losses - 1 };
}

/**
 * Work in memory moves in microtasks, and a tick comes when there are none left. Each actor then waits at its next step
 * or has ended.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** Ticks alone would keep timers from their turn. A turn of the event loop costs more than a short schedule. */
async function giveTimersTheirTurn(): Promise<void> {
  if (performance.now() < nextTurn) return;
  await new Promise((resolve) => void setImmediate(resolve));
  nextTurn = performance.now() + turnMs;
}

let nextTurn = 0;
const turnMs = 50;

/** What an actor waits for that has ended. */
export const ended = 'ended ';
const otherwise = 'it would do something else';
const copyOf = 'copy of ';
const running = new AsyncLocalStorage<Live>();
