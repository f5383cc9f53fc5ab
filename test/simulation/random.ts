// Lives one random life of a few trees: messages come in any order, doubled or not at all, callers die after a write,
// hosts are lost, workers fall silent, users terminate, the clock jumps, and a sweep comes at the end. oracle.ts says how
// every job must end.

import { lineageEntry, masterScope } from '../../core/execution/scope.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { JobId, ObjectId } from '../../core/id/identifier.ts';
import { type WorkerId, workerId } from '../../core/id/worker.ts';
import { type JobRow, jobWorkspace, masterTry } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import { createJob } from '../../engine/job/birth.ts';
import { type Claimed, claim } from '../../engine/job/claim.ts';
import { finish, type Result } from '../../engine/job/finish.ts';
import { heartbeat } from '../../engine/job/heartbeat.ts';
import { loadInput } from '../../engine/job/input.ts';
import { createObject } from '../../engine/object/create.ts';
import { sweepShards } from '../../engine/sweep.ts';
import { terminateTree } from '../../engine/terminate.ts';
import { createMemoryContext, type MemoryContext, seededRandom } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { byName, peekJob } from '../memory/platform.ts';
import { putProjectOf } from '../memory/project.ts';
import { bootOf, ended } from '../memory/workers.ts';
import { type Accidents, type Deed, flatten } from './oracle.ts';
import type { Mail } from './replay.ts';
import { peek, wire } from './world.ts';

/** The number of events by kind. A test continues until each kind has happened. */
export type Tally = Map<string, number>;
export type Outcome = {
  readonly context: MemoryContext;
  readonly problems: readonly string[];
  readonly accidents: Accidents;
  /** The plan of each job that was to be born. */
  readonly deeds: ReadonlyMap<JobId, Deed>;
};
/** Two users share the platform. Each has a project of its own, and runs trees of its own. */
export const tenants = [
  { user: 'user-alice', project: deriveId('project', 'test', 'project', '1') },
  { user: 'user-bob', project: deriveId('project', 'test', 'project', '2') },
] as const;

/** Thrown when a caller of the engine dies after a write. */
class Death extends Error {}

type Worker = {
  readonly name: WorkerId;
  readonly task: string;
  claimed?: Claimed;
  made: number;
  alive: boolean;
  busy: boolean;
  /** The end of its code was noted, though the call that reported it may have died. */
  hasReported: boolean;
  /** It does nothing any more, but its machine still runs. */
  silent: boolean;
};

type Life = {
  readonly context: MemoryContext;
  readonly random: () => number;
  readonly mail: Mail[];
  readonly workers: Map<string, Worker>;
  readonly deeds: Map<JobId, Deed>;
  readonly problems: string[];
  readonly wired: ReturnType<typeof wire>;
  readonly roots: readonly Deed[];
  readonly tally: Tally;
  readonly accidents: {
    readonly lost: Set<string>;
    readonly silent: Set<string>;
    readonly terminated: Map<string, string>;
  };
  faults: boolean;
};

/** Lives the life of one seed. */
export async function liveRandomly(seed: number, roots: readonly Deed[], tally: Tally): Promise<Outcome> {
  return live(await beginLife(seed, roots, tally));
}

async function beginLife(seed: number, roots: readonly Deed[], tally: Tally): Promise<Life> {
  const context = createMemoryContext({ seed, settings: { openShardCount: 2 } });
  for (const { user, project } of tenants) await putProjectOf(context, project, user);
  context.workers.stopAtOnce = false;
  const wired = wire(context);
  const life: Life = {
    context,
    random: seededRandom(seed),
    mail: [],
    workers: new Map(),
    deeds: new Map(),
    problems: [],
    wired,
    roots,
    tally,
    accidents: { lost: new Set(), silent: new Set(), terminated: new Map() },
    faults: true,
  };
  context.rows.onChange = (change) => {
    const mail = wired.mailOf(change);
    if (mail !== undefined) life.mail.push(mail);
  };
  context.setHook({
    before: () => wander(life),
    after: ({ writes }) => {
      if (!writes || !life.faults || life.random() > deathShare) return;
      count(life, 'died after a write');
      throw new Death();
    },
  });
  return life;
}

async function live(life: Life): Promise<Outcome> {
  for (const root of life.roots) await bearUntilBorn(life, root);
  const steps = stepsPerJob * life.roots.flatMap(flatten).length;
  for (let step = 0; step < steps; step++) {
    if (life.random() < 0.05) await jump(life);
    await Promise.all(Array.from({ length: 1 + Math.floor(life.random() * 3) }, () => dare(() => act(life))));
  }
  life.faults = false;
  for (let round = 0; round < calmRounds && !isOver(life); round++) await calmRound(life);
  await deliverLate(life);
  const { context, problems, accidents, deeds } = life;
  return { context, problems, accidents, deeds };
}

/** Delivers the messages that were put off, each in its time. */
async function deliverLate({ context, mail, wired }: Life): Promise<void> {
  for (let count = 0; context.queues.work.length > 0 || mail.length > 0; count++) {
    if (count > lateLimit) throw new Error('messages never end');
    const next = mail.shift();
    if (next !== undefined) await next.deliver();
    else context.clock.now = Math.max(context.clock.now, ...context.queues.work.map(({ visibleAt }) => visibleAt));
    mail.push(...wired.takeMail());
  }
}

async function act(life: Life): Promise<unknown> {
  const choice = life.random();
  if (choice < 0.5) return deliver(life);
  if (choice < 0.93) return work(life);
  if (choice < 0.95) return haveAccident(life);
  if (choice < 0.97) return stopOne(life);
  count(life, 'swept');
  return sweep(life, 5);
}

async function haveAccident(life: Life): Promise<void> {
  const choice = life.random();
  if (choice < 0.6) return loseHost(life);
  return choice < 0.75 ? fallSilent(life) : terminate(life);
}

/** A machine that was asked to stop has stopped. */
function stopOne(life: Life): void {
  const { states, stopping } = life.context.workers;
  const [task] = stopping;
  if (task === undefined) return;
  stopping.delete(task);
  if (states.get(task)?.kind === 'ended') return;
  states.set(task, ended('stopped'));
  const worker = [...life.workers.values()].find((one) => one.task === task);
  if (worker !== undefined) endWorker(life, worker);
  count(life, 'stopped');
}

/** A user terminates a tree, and is answered unless the call dies. */
async function terminate(life: Life): Promise<void> {
  const root = life.roots[Math.floor(life.random() * life.roots.length)];
  const id = root && jobId(root.name);
  if (id === undefined || isTerminal(peekJob(life.context, id).state)) return;
  const { launchedBy } = peekJob(life.context, id);
  life.accidents.terminated.set(id, launchedBy);
  await terminateTree(life.context, id, launchedBy);
  count(life, 'terminated');
  const { state } = peekJob(life.context, id);
  if (!isTerminal(state) && state !== 'terminating') life.problems.push(`${id} is ${state} after it was terminated`);
}

function collect(life: Life): void {
  life.mail.push(...life.wired.takeMail());
}

async function deliver(life: Life): Promise<void> {
  collect(life);
  const index = Math.floor(life.random() * life.mail.length);
  const chosen = life.mail[index];
  if (chosen === undefined) return;
  const fate = life.faults ? life.random() : 1;
  if (fate < 0.1) count(life, 'doubled');
  else life.mail.splice(index, 1);
  if (fate > 0.1 && fate < 0.17 && !isLastPass(chosen)) return count(life, 'lost');
  count(life, 'delivered');
  try {
    await chosen.deliver();
  } catch (error) {
    if (isLastPass(chosen)) life.mail.push(chosen);
    throw error;
  }
}

/** Nothing repeats a message that removes what came late to a place that is gone. The queue keeps it until it is done. */
function isLastPass({ name }: Mail): boolean {
  return /"kind":"collect"/.test(name);
}

/** Makes one step of one worker: it claims, makes a child, beats, or reports. */
async function work(life: Life): Promise<void> {
  for (const name of life.context.workers.launches.keys()) {
    if (!life.workers.has(name))
      life.workers.set(name, {
        name,
        task: `task ${name}`,
        made: 0,
        alive: true,
        busy: false,
        hasReported: false,
        silent: false,
      });
  }
  const idle = [...life.workers.values()].filter((worker) => worker.alive && !worker.busy && !worker.silent);
  const worker = idle[Math.floor(life.random() * idle.length)];
  if (worker === undefined) return;
  worker.busy = true;
  try {
    await stepOf(life, worker);
  } finally {
    worker.busy = false;
  }
}

async function stepOf(life: Life, worker: Worker): Promise<void> {
  if (worker.claimed === undefined) return claimJob(life, worker);
  if (life.context.workers.states.get(worker.task)?.kind === 'ended') return endWorker(life, worker);
  const row = peekJob(life.context, worker.claimed.row.pk);
  if (row.tokenHash !== worker.claimed.row.tokenHash) return endWorker(life, worker);
  const beat = await heartbeat(life.context, row);
  count(life, 'beat');
  const deed = life.deeds.get(row.pk);
  if (beat.stop?.reason === 'JobTimeoutExceeded' && row.state === 'running') {
    const { reason: type, message } = beat.stop;
    return report(life, worker, row, { failure: { type, message } });
  }
  if (beat.stop !== undefined) return endWorker(life, worker);
  const child = deed?.children[worker.made];
  if (child !== undefined) {
    await createJob(life.context, planOf(life, child, row)).catch(ignoreRefusal);
    worker.made++;
    return count(life, 'born');
  }
  if (deed === undefined) return;
  if (masterTry(row).try < deed.badTries) {
    if (deed.ending === 'JobTimeoutExceeded') return;
    return report(life, worker, row, { failure: { type: deed.ending, message: 'as planned' } });
  }
  const input = await loadInput(life.context, row, worker.claimed.spec, 'itself');
  const children = deed.children.map((one) => idOf(one, row));
  const made = [...(deed.makes ? [await makeRecord(life, row)] : []), ...children.map((id) => outputOf(id, 'made'))];
  const tree = [1, ...children.map((id) => outputOf(id, 'tree')), input.needs ?? []];
  return report(life, worker, row, { output: { tree, made } });
}

async function report(life: Life, worker: Worker, row: JobRow, result: Result): Promise<void> {
  try {
    await finish(life.context, row, result).catch(ignoreRefusal);
  } finally {
    worker.hasReported = peek(life.context, row.pk)?.state !== 'running';
  }
  count(life, 'output' in result ? 'finished' : `reported ${result.failure.type}`);
  endWorker(life, worker);
}

/** Makes a closed record in the workspace of the job. */
async function makeRecord(life: Life, row: JobRow) {
  const id = deriveId('record', 'test', 'record', `${row.pk} ${row.try}`) as ObjectId;
  await createObject(life.context, {
    ...{ id, place: jobWorkspace(row), folderId: '/', name: String(row.name), tags: [], types: [], properties: {} },
    ...{ hidden: false, details: {}, links: [], state: 'closed', createdBy: { user: row.launchedBy }, digest: 'd' },
  });
  return { $dnanexus_link: id };
}

async function claimJob(life: Life, worker: Worker): Promise<void> {
  const input = life.context.workers.launches.get(worker.name)?.input;
  if (input === undefined) return;
  const boot = bootOf(input);
  if (workerId(boot) !== worker.name) life.problems.push(`${worker.name} is not ${workerId(boot)}`);
  life.context.workers.states.set(worker.task, { kind: 'running' });
  const claimed = await claim(life.context, { ...boot, task: worker.task }).catch(ignoreRefusal);
  if (claimed === undefined) return endWorker(life, worker);
  worker.claimed = claimed;
  count(life, 'claimed');
  checkAlone(life, worker, claimed.row);
}

/** Checks that this job, and the earlier tries of the master jobs above it, have no other worker. */
function checkAlone(life: Life, worker: Worker, row: JobRow): void {
  for (const other of life.workers.values()) {
    const theirs = other.claimed?.row;
    const running = life.context.workers.states.get(other.task)?.kind === 'running';
    if (other === worker || theirs === undefined || !other.alive || !running) continue;
    const now = peek(life.context, theirs.pk);
    // A worker that has reported may do nothing any more, whatever becomes of its job. It is stopped after its grace time.
    if (now?.task !== other.task || other.hasReported) continue;
    const older = [lineageEntry(masterScope(row.pk, row.try - 1)), ...row.lineage.map((entry) => earlierTry(entry))];
    const isOld = theirs.lineage.some((entry) => older.includes(entry));
    if (theirs.pk === row.pk || isOld) life.problems.push(`${worker.name} runs while ${other.name} does`);
  }
}

function endWorker(life: Life, worker: Worker): void {
  worker.alive = false;
  const stopped = ended('exited', 'exit code 0');
  if (life.context.workers.states.get(worker.task)?.kind !== 'ended')
    life.context.workers.states.set(worker.task, stopped);
  const launch = life.context.workers.launches.get(worker.name);
  if (launch !== undefined) launch.state = ended('unknown');
}

function loseHost(life: Life): void {
  if (!life.faults) return;
  const busy = [...life.workers.values()].filter((worker) => worker.alive && worker.claimed !== undefined);
  const worker = busy[Math.floor(life.random() * busy.length)];
  if (worker === undefined) return;
  endWorker(life, worker);
  life.context.workers.states.set(worker.task, ended('lost'));
  noteTry(life.accidents.lost, worker);
  count(life, 'host lost');
}

/** The worker hangs: it neither works nor beats, and its machine goes on. */
function fallSilent(life: Life): void {
  const busy = [...life.workers.values()].filter((one) => one.alive && one.claimed !== undefined && !one.busy);
  const worker = busy[Math.floor(life.random() * busy.length)];
  if (!life.faults || worker === undefined) return;
  worker.silent = true;
  noteTry(life.accidents.silent, worker);
  count(life, 'silent');
}

function noteTry(accidents: Set<string>, { claimed }: Worker): void {
  if (claimed !== undefined) accidents.add(`${claimed.row.pk}#${claimed.row.try}`);
}

/** Moves the clock. Living workers renew their leases before the sweep can look. */
async function jump(life: Life): Promise<void> {
  life.context.clock.now += Math.floor(life.random() * 1_500_000);
  count(life, 'clock jumped');
  const faults = life.faults;
  life.faults = false;
  for (const worker of life.workers.values()) {
    const input = life.context.workers.launches.get(worker.name)?.input;
    const row = input === undefined ? undefined : peek(life.context, bootOf(input).job);
    const beats = worker.alive && !worker.silent;
    if (beats && row?.state === 'running' && row.task === worker.task) await heartbeat(life.context, row);
  }
  life.faults = faults;
}

async function calmRound(life: Life): Promise<void> {
  for (let step = 0; step < calmSteps; step++) {
    collect(life);
    const idle = life.mail.length === 0;
    await dare(() => deliver(life));
    await dare(() => work(life));
    if (idle && life.random() < 0.2) break;
  }
  while (life.context.workers.stopping.size > 0) stopOne(life);
  await jump(life);
  await sweep(life, 1_000);
}

async function sweep(life: Life, jobCount: number): Promise<void> {
  const { failed, unread } = await sweepShards(life.context, { jobCount, until: Number.POSITIVE_INFINITY });
  for (const error of [...unread, ...failed.map((one) => one.error)]) if (!isDeath(error)) throw error;
}

function isOver(life: Life): boolean {
  collect(life);
  const open = life.context.rows.all('executions').filter(({ sk, dueAt }) => sk === 'A' && dueAt !== undefined);
  return (
    life.mail.length === 0 &&
    open.length === 0 &&
    [...life.context.workers.launches.values()].every(({ state }) => state.kind === 'ended') &&
    life.roots.every(({ name }) => isTerminal(byName(life.context, name).state))
  );
}

async function bearUntilBorn(life: Life, root: Deed): Promise<void> {
  for (const deed of flatten(root)) count(life, deed.badTries === 0 ? 'to end by output' : `to end by ${deed.ending}`);
  while (peek(life.context, jobId(root.name)) === undefined)
    await dare(() => createJob(life.context, planOf(life, root)));
}

function idOf(deed: Deed, parent?: JobRow): JobId {
  return jobId(parent === undefined ? deed.name : `${deed.name} of ${parent.pk} ${parent.try}`);
}

function planOf(life: Life, deed: Deed, parent?: JobRow) {
  const name = parent === undefined ? deed.name : `${deed.name} of ${parent.pk} ${parent.try}`;
  life.deeds.set(idOf(deed, parent), deed);
  const siblings = parent === undefined ? life.roots : (life.deeds.get(parent.pk)?.children ?? []);
  const needed = siblings.filter((one) => deed.needs.includes(one.name));
  return planJob(name, {
    input: { needs: needed.map((one) => outputOf(idOf(one, parent), 'tree')) },
    master: deed.master,
    now: life.context.now(),
    spec: { executionPolicy: deed.policy },
    ...(deed.badTries > 0 && deed.ending === 'JobTimeoutExceeded' ? { row: { timeoutMs: 600_000 } } : {}),
    ...(parent === undefined ? tenantOf(deed) : { parent }),
  });
}

/** Trees belong to two tenants by turns: their names end in a number. */
export function tenantOf(root: Deed): (typeof tenants)[number] {
  return tenants[Number(root.name.slice(1)) % tenants.length] ?? tenants[0];
}

/** Makes a call that may die quietly, as a caller would, so that another one has to continue. */
async function dare(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isDeath(error)) throw error;
  }
}

async function wander(life: Life): Promise<void> {
  for (let count = Math.floor(life.random() * 4); count > 0; count--) await Promise.resolve();
}

function count(life: Life, what: string): void {
  life.tally.set(what, (life.tally.get(what) ?? 0) + 1);
}

function outputOf(job: JobId, field: string) {
  return { $dnanexus_link: { job, field } };
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
const stepsPerJob = 25;
const lateLimit = 10_000;
const calmRounds = 60;
const calmSteps = 60;
