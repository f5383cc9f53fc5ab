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
  const contention = new Contention();
  let seen = new Set<string>();
  let stack: number[][] = [[]];
  let schedules = 0;
  let ends = 0;
  for (let prefix = stack.pop(); prefix !== undefined; prefix = stack.pop()) {
    schedules++;
    if (schedules > limits.schedules) {
      throw new Error(`more than ${limits.schedules} schedules (${seen.size} states): make the world smaller`);
    }
    const run = new Run(await create(), budget, contention);
    const problem = await run.follow(prefix, seen, (branch) => stack.push(branch));
    if (run.ended) ends++;
    if (problem !== undefined) {
      return { schedules, states: seen.size, ends, problem: { what: problem, schedule: run.log } };
    }
    if (!contention.takeGrown()) continue;
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
class Contention {
  private readonly touched = new Map<string, { readonly writers: Set<string>; readonly all: Set<string> }>();
  private readonly contended = new Map<string, boolean>();
  private grown = false;

  /** True when another actor may touch a row that this step touches, and one of the two writes. */
  meets(actor: string, step: Step): boolean {
    let found = false;
    for (const key of step.keys ?? []) {
      this.note(actor, key, step.writes);
      if (!this.contended.has(key)) this.contended.set(key, this.check(key));
      found ||= this.contended.get(key) === true;
    }
    return found;
  }

  takeGrown(): boolean {
    const grown = this.grown;
    this.grown = false;
    return grown;
  }

  private note(actor: string, key: string, writes: boolean): void {
    const here = this.touched.get(key) ?? { writers: new Set<string>(), all: new Set<string>() };
    this.touched.set(key, here);
    if (here.all.has(actor) && (!writes || here.writers.has(actor))) return;
    here.all.add(actor);
    if (writes) here.writers.add(actor);
    for (const [other, contended] of this.contended) {
      if (contended || !overlaps(other, key) || !this.check(other)) continue;
      this.contended.set(other, true);
      this.grown = true;
    }
  }

  private check(key: string): boolean {
    const writers = new Set<string>();
    const all = new Set<string>();
    for (const [other, actors] of this.touched) {
      if (!overlaps(other, key)) continue;
      for (const actor of actors.writers) writers.add(actor);
      for (const actor of actors.all) all.add(actor);
    }
    return writers.size > 0 && all.size > 1;
  }
}

function overlaps(first: string, second: string): boolean {
  if (first.endsWith('*')) return second.startsWith(first.slice(0, -1));
  return second.endsWith('*') ? first.startsWith(second.slice(0, -1)) : first === second;
}

class Run {
  readonly log: string[] = [];
  ended = false;
  private readonly world: World;
  private readonly live: Live[] = [];
  private mail: (Mail & { readonly key: string })[] = [];
  private mailCount = 0;
  private budget: Budget;
  private sweeping = false;
  private failure: unknown;

  private readonly contention: Contention;

  constructor(world: World, budget: Budget, contention: Contention) {
    this.world = world;
    this.budget = budget;
    this.contention = contention;
    world.context.setHook({
      before: (step) => this.pause(step),
      after: (step, result) => this.note(step, result),
    });
    world.context.rows.onChange = (change) => {
      const mail = this.world.mailOf(change);
      if (mail !== undefined) this.post(mail);
    };
    for (const actor of world.actors) this.start(actor, false);
  }

  /** Repeats a schedule, then continues with first choices. Every other choice on the way is passed to `branch`. */
  async follow(prefix: readonly number[], seen: Set<string>, branch: (schedule: number[]) => void) {
    const taken: number[] = [];
    for (;;) {
      await settled();
      if (this.failure !== undefined) return `it threw: ${String(this.failure)}`;
      for (const mail of this.world.takeMail()) this.post(mail);
      const fresh = (this.world.spawn?.() ?? []).filter(({ name }) => !this.knows(name));
      for (const actor of fresh) this.start(actor, false);
      if (fresh.length > 0) await settled();
      const broken = this.world.invariant();
      if (broken !== undefined) return broken;
      const options = this.options();
      const depth = taken.length;
      if (depth >= prefix.length) {
        const fingerprint = this.fingerprint();
        if (seen.has(fingerprint)) return undefined;
        seen.add(fingerprint);
        for (let other = 1; other < options.length; other++) branch([...taken, other]);
      }
      if (options.length === 0) return this.finish();
      const choice = prefix[depth] ?? 0;
      const option = options[choice];
      if (option === undefined) throw new Error('the schedule does not repeat: an actor is not deterministic');
      taken.push(choice);
      this.log.push(option.label);
      option.take();
    }
  }

  private async finish(): Promise<string | undefined> {
    this.ended = true;
    this.sweeping = true;
    await this.world.sweep();
    return this.world.invariant() ?? this.world.final();
  }

  private options(): Option[] {
    const options: Option[] = [];
    for (const actor of this.live) {
      for (const pending of actor.pending) {
        const label = `${actor.name}: ${pending.step.name} ${pending.step.detail}`;
        options.push({ label, take: () => this.release(actor, pending) });
      }
    }
    for (const mail of this.mail) options.push({ label: `deliver ${mail.name}`, take: () => this.deliver(mail, true) });
    if (this.budget.crashes > 0) {
      for (const actor of this.live) {
        // A worker repeats its own calls. launch.test.ts covers lost answers.
        if (actor.name.startsWith('worker')) continue;
        if (actor.afterWrite && !actor.done)
          options.push({ label: `${actor.name} dies`, take: () => this.kill(actor) });
      }
    }
    for (const mail of this.mail) {
      if (this.budget.losses > 0) options.push({ label: `lose ${mail.name}`, take: () => this.lose(mail) });
      if (this.budget.doubles > 0)
        options.push({ label: `double ${mail.name}`, take: () => this.deliver(mail, false) });
    }
    return options;
  }

  private start({ name, run }: Actor, fresh: boolean): void {
    const actor: Live = { name, history: '', pending: [], afterWrite: false, done: false, fresh };
    this.live.push(actor);
    void running.run(actor, async () => {
      try {
        await run();
      } catch (error) {
        this.failure ??= error;
      }
      actor.done = true;
      actor.history = 'done';
    });
  }

  private knows(name: string): boolean {
    return this.live.some((actor) => actor.name === name);
  }

  private pause(step: Step): Promise<void> | undefined {
    const actor = running.getStore();
    if (this.sweeping || actor === undefined) return undefined;
    if (actor.done) return new Promise(() => undefined);
    const meets = this.contention.meets(baseName(actor.name), step);
    const mayDie = this.budget.crashes > 0 && actor.afterWrite && !actor.name.startsWith('worker');
    if (actor.fresh || (!meets && !mayDie)) {
      actor.fresh = false;
      return undefined;
    }
    return new Promise((resolve) => void actor.pending.push({ step, proceed: resolve }));
  }

  private note(step: Step, result: unknown): void {
    const actor = running.getStore();
    if (actor === undefined) return;
    actor.history = digest(`${actor.history} ${step.name} ${step.detail} ${JSON.stringify(result)}`);
    actor.afterWrite = step.writes;
  }

  private release(actor: Live, pending: Pending): void {
    actor.pending = actor.pending.filter((one) => one !== pending);
    pending.proceed();
  }

  private kill(actor: Live): void {
    this.budget = { ...this.budget, crashes: this.budget.crashes - 1 };
    actor.pending = [];
    actor.done = true;
    actor.history = 'dead';
  }

  private post(mail: Mail): void {
    if (!this.sweeping) this.mail.push({ ...mail, key: `${mail.name}@${this.mailCount++}` });
  }

  private deliver(mail: Mail & { readonly key: string }, last: boolean): void {
    if (last) this.mail = this.mail.filter((one) => one !== mail);
    else this.budget = { ...this.budget, doubles: this.budget.doubles - 1 };
    this.start({ name: last ? mail.key : `${mail.key} again`, run: mail.deliver }, true);
  }

  private lose(mail: Mail): void {
    this.mail = this.mail.filter((one) => one !== mail);
    this.budget = { ...this.budget, losses: this.budget.losses - 1 };
  }

  private fingerprint(): string {
    const { context } = this.world;
    const actors = this.live
      .filter((actor) => !actor.done)
      .map((actor) => [actor.history, actor.afterWrite, actor.pending.map(({ step }) => step.detail)]);
    const state = [
      context.rows.digest(),
      context.bodies.digest(),
      [...context.workers.launches].map(([worker, { state }]) => [worker, state]),
      [...context.workers.states],
      this.live.filter(({ done }) => done).length === this.live.length ? 'quiet' : actors,
      this.mail.map(({ name }) => name).sort(),
      this.budget,
      this.world.spawn === undefined
        ? ''
        : this.live.map(({ name }) => name).filter((name) => name.startsWith('worker')),
    ];
    return digest(JSON.stringify(state));
  }
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
