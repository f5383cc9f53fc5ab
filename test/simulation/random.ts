// Lives one random life of a few trees: messages come in any order, doubled or not at all, callers die after a write,
// hosts are lost, the clock jumps, and a sweep comes at the end. oracle.ts says how the trees must end.

import { lineageEntry, masterScope } from '../../core/execution/scope.ts';
import { given } from '../../core/given.ts';
import type { JobId } from '../../core/id/identifier.ts';
import { type WorkerId, workerId } from '../../core/id/worker.ts';
import type { JobRow } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import { createJob } from '../../engine/job/birth.ts';
import { type Claimed, claim } from '../../engine/job/claim.ts';
import { finish } from '../../engine/job/finish.ts';
import { heartbeat } from '../../engine/job/heartbeat.ts';
import { loadInput } from '../../engine/job/input.ts';
import { sweep as sweepShard } from '../../engine/sweep.ts';
import { createMemoryContext, type MemoryContext, seededRandom } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { peekJob } from '../memory/platform.ts';
import { bootOf, ended } from '../memory/workers.ts';
import type { Mail } from './explore.ts';
import { type Deed, flatten } from './oracle.ts';
import { peek, wire } from './world.ts';

/** The number of events by kind. A test continues until each kind has happened. */
export type Tally = Map<string, number>;
export type Outcome = { readonly context: MemoryContext; readonly problems: readonly string[] };

/** Thrown when a caller of the engine dies after a write. */
class Death extends Error {}

type Worker = {
  readonly name: WorkerId;
  readonly task: string;
  claimed?: Claimed;
  made: number;
  alive: boolean;
  busy: boolean;
};

/** Lives the life of one seed. */
export async function liveRandomly(seed: number, roots: readonly Deed[], tally: Tally): Promise<Outcome> {
  return new Life(seed, roots, tally).run();
}

class Life {
  private readonly context: MemoryContext;
  private readonly random: () => number;
  private readonly mail: Mail[] = [];
  private readonly workers = new Map<string, Worker>();
  private readonly deeds = new Map<JobId, Deed>();
  private readonly problems: string[] = [];
  private readonly wired: ReturnType<typeof wire>;
  private readonly roots: readonly Deed[];
  private readonly tally: Tally;
  private faults = true;

  constructor(seed: number, roots: readonly Deed[], tally: Tally) {
    this.roots = roots;
    this.tally = tally;
    this.random = seededRandom(seed);
    this.context = createMemoryContext({ seed, settings: { openShardCount: 2 } });
    this.wired = wire(this.context);
    this.context.rows.onChange = (change) => {
      const mail = this.wired.mailOf(change);
      if (mail !== undefined) this.mail.push(mail);
    };
    this.context.setHook({
      before: () => this.wander(),
      after: ({ writes }) => {
        if (!writes || !this.faults || this.random() > deathShare) return;
        this.count('died after a write');
        throw new Death();
      },
    });
  }

  async run(): Promise<Outcome> {
    for (const root of this.roots) await this.bearUntilBorn(root);
    for (let step = 0; step < randomSteps; step++) {
      if (this.random() < 0.05) await this.jump();
      await Promise.all(Array.from({ length: 1 + Math.floor(this.random() * 3) }, () => this.dare(() => this.act())));
    }
    this.faults = false;
    for (let round = 0; round < calmRounds && !this.isOver(); round++) await this.calmRound();
    return { context: this.context, problems: this.problems };
  }

  private async act(): Promise<unknown> {
    const choice = this.random();
    if (choice < 0.5) return this.deliver();
    if (choice < 0.9) return this.work();
    if (choice < 0.95) return this.loseHost();
    this.count('swept');
    return this.sweep(Math.floor(this.random() * 2), 5);
  }

  private collect(): void {
    this.mail.push(...this.wired.takeMail());
  }

  private async deliver(): Promise<void> {
    this.collect();
    const index = Math.floor(this.random() * this.mail.length);
    const chosen = this.mail[index];
    if (chosen === undefined) return;
    const fate = this.faults ? this.random() : 1;
    if (fate < 0.1) this.count('doubled');
    else this.mail.splice(index, 1);
    if (fate > 0.1 && fate < 0.17) return this.count('lost');
    this.count('delivered');
    await chosen.deliver();
  }

  /** Makes one step of one worker: it claims, makes a child, beats, or reports. */
  private async work(): Promise<void> {
    for (const name of this.context.workers.launches.keys()) {
      if (!this.workers.has(name))
        this.workers.set(name, { name, task: `task ${name}`, made: 0, alive: true, busy: false });
    }
    const idle = [...this.workers.values()].filter((worker) => worker.alive && !worker.busy);
    const worker = idle[Math.floor(this.random() * idle.length)];
    if (worker === undefined) return;
    worker.busy = true;
    try {
      await this.stepOf(worker);
    } finally {
      worker.busy = false;
    }
  }

  private async stepOf(worker: Worker): Promise<void> {
    if (worker.claimed === undefined) return this.claim(worker);
    if (this.context.workers.states.get(worker.task)?.kind === 'ended') return this.end(worker);
    const row = peekJob(this.context, worker.claimed.row.pk);
    if (row.tokenHash !== worker.claimed.row.tokenHash) return this.end(worker);
    const beat = await heartbeat(this.context, row);
    this.count('beat');
    if (beat.stop !== undefined) return this.end(worker);
    const deed = this.deeds.get(row.pk);
    const child = deed?.children[worker.made];
    if (child !== undefined) {
      await createJob(this.context, this.planOf(child, row)).catch(ignoreRefusal);
      worker.made++;
      return this.count('born');
    }
    const { needs = [] } = await loadInput(this.context, row.pk, worker.claimed.spec, 'itself');
    const tree = [1, ...(deed?.children ?? []).map((one) => outputOf(this.idOf(one, row))), needs];
    const result = deed?.fails ? { failure: { type: 'AppError', message: 'as told' } } : { output: { tree } };
    await finish(this.context, row, result).catch(ignoreRefusal);
    this.count(deed?.fails ? 'failed' : 'finished');
    this.end(worker);
  }

  private async claim(worker: Worker): Promise<void> {
    const input = this.context.workers.launches.get(worker.name)?.input;
    if (input === undefined) return;
    const boot = bootOf(input);
    if (workerId(boot) !== worker.name) this.problems.push(`${worker.name} is not ${workerId(boot)}`);
    this.context.workers.states.set(worker.task, { kind: 'running' });
    const claimed = await claim(this.context, { ...boot, task: worker.task }).catch(ignoreRefusal);
    if (claimed === undefined) return this.end(worker);
    worker.claimed = claimed;
    this.count('claimed');
    this.checkAlone(worker, claimed.row);
  }

  /** Checks that this job, and the earlier tries of the master jobs above it, have no other worker. */
  private checkAlone(worker: Worker, row: JobRow): void {
    for (const other of this.workers.values()) {
      const theirs = other.claimed?.row;
      const running = this.context.workers.states.get(other.task)?.kind === 'running';
      if (other === worker || theirs === undefined || !other.alive || !running) continue;
      if (peek(this.context, theirs.pk)?.task !== other.task) continue;
      const older = [lineageEntry(masterScope(row.pk, row.try - 1)), ...row.lineage.map((entry) => earlierTry(entry))];
      const isOld = theirs.lineage.some((entry) => older.includes(entry));
      if (theirs.pk === row.pk || isOld) this.problems.push(`${worker.name} runs while ${other.name} does`);
    }
  }

  private end(worker: Worker): void {
    worker.alive = false;
    const stopped = ended('exited', 'exit code 0');
    if (this.context.workers.states.get(worker.task)?.kind !== 'ended')
      this.context.workers.states.set(worker.task, stopped);
    const launch = this.context.workers.launches.get(worker.name);
    if (launch !== undefined) launch.state = ended('unknown');
  }

  private loseHost(): void {
    if (!this.faults) return;
    const busy = [...this.workers.values()].filter((worker) => worker.alive && worker.claimed !== undefined);
    const worker = busy[Math.floor(this.random() * busy.length)];
    if (worker === undefined) return;
    this.end(worker);
    this.context.workers.states.set(worker.task, ended('lost'));
    this.count('host lost');
  }

  /** Moves the clock. Living workers renew their leases before the sweep can look. */
  private async jump(): Promise<void> {
    this.context.clock.now += Math.floor(this.random() * 1_500_000);
    this.count('clock jumped');
    const faults = this.faults;
    this.faults = false;
    for (const worker of this.workers.values()) {
      const input = this.context.workers.launches.get(worker.name)?.input;
      const row = input === undefined ? undefined : peek(this.context, bootOf(input).job);
      if (worker.alive && row?.state === 'running' && row.task === worker.task) await heartbeat(this.context, row);
    }
    this.faults = faults;
  }

  private async calmRound(): Promise<void> {
    for (let step = 0; step < calmSteps; step++) {
      await this.dare(() => this.deliver());
      await this.dare(() => this.work());
    }
    await this.jump();
    for (const shard of [0, 1]) await this.sweep(shard, 1_000);
  }

  private async sweep(shard: number, jobCount: number): Promise<void> {
    const { failed } = await sweepShard(this.context, shard, { jobCount, until: Number.POSITIVE_INFINITY });
    for (const { error } of failed) if (!isDeath(error)) throw error;
  }

  private isOver(): boolean {
    this.collect();
    const open = this.context.rows.all('executions').filter(({ sk, dueAt }) => sk === 'A' && dueAt !== undefined);
    return (
      this.mail.length === 0 &&
      open.length === 0 &&
      this.roots.every(({ name }) => isTerminal(peekJob(this.context, jobId(name)).state))
    );
  }

  private async bearUntilBorn(root: Deed): Promise<void> {
    for (const deed of flatten(root)) this.count(`deed ${deed.fails ? 'fails' : 'succeeds'}`);
    while (peek(this.context, jobId(root.name)) === undefined)
      await this.dare(() => createJob(this.context, this.planOf(root)));
  }

  private idOf(deed: Deed, parent?: JobRow): JobId {
    return jobId(parent === undefined ? deed.name : `${deed.name} of ${parent.pk} ${parent.try}`);
  }

  private planOf(deed: Deed, parent?: JobRow) {
    const name = parent === undefined ? deed.name : `${deed.name} of ${parent.pk} ${parent.try}`;
    this.deeds.set(this.idOf(deed, parent), deed);
    const siblings = parent === undefined ? this.roots : (this.deeds.get(parent.pk)?.children ?? []);
    const needs = siblings
      .filter((one) => deed.needs.includes(one.name))
      .map((one) => outputOf(this.idOf(one, parent)));
    return planJob(name, {
      input: { needs },
      master: deed.master,
      now: this.context.now(),
      ...given({ parent }),
    });
  }

  /** Makes a call that may die quietly, as a caller would, so that another one has to continue. */
  private async dare(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!isDeath(error)) throw error;
    }
  }

  private async wander(): Promise<void> {
    for (let count = Math.floor(this.random() * 4); count > 0; count--) await Promise.resolve();
  }

  private count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }
}

function outputOf(job: JobId) {
  return { $dnanexus_link: { job, field: 'tree' } };
}

function earlierTry(entry: string): string {
  const colon = entry.lastIndexOf(':');
  return `${entry.slice(0, colon)}:${Number(entry.slice(colon + 1)) - 1}`;
}

/** A worker can continue after a refusal, but not after a death. */
function ignoreRefusal(error: unknown): undefined {
  if (isDeath(error)) throw error;
  if (!(error instanceof Error) || error.name !== 'ApiError') throw error;
  return undefined;
}

function isDeath(error: unknown): boolean {
  return error instanceof Death || (error instanceof AggregateError && error.errors.every(isDeath));
}

const deathShare = 0.02;
const randomSteps = 400;
const calmRounds = 60;
const calmSteps = 60;
