// The parts of the worlds of meeting.test.ts: a small tree at one moment, the actors that meet there, the rules that hold
// in every state, and the ends that are allowed.

import { isEndState } from '../../core/execution/head.ts';
import { readLineageEntry } from '../../core/execution/scope.ts';
import { given } from '../../core/given.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { ObjectId } from '../../core/id/identifier.ts';
import { type JobRow, jobWorker, jobWorkspace } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import { isJob, readExecution } from '../../core/row/execution/execution.ts';
import { onObjectClosed } from '../../engine/advance.ts';
import { claim } from '../../engine/job/claim.ts';
import { finish, type Result } from '../../engine/job/finish.ts';
import { createObject } from '../../engine/object/create.ts';
import { terminateTree } from '../../engine/terminate.ts';
import type { MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { isSettled } from '../memory/platform.ts';
import { putProjectOfAlice } from '../memory/project.ts';
import type { RowChange } from '../memory/rows.ts';
import { ended } from '../memory/workers.ts';
import type { Touch } from './contention.ts';
import { remainsOf } from './life.ts';
import { findOrphans } from './orphan.ts';
import type { Actor, World } from './replay.ts';
import { createSmallContext, givenJob, peek, seenByRulesOfLife, wire } from './world.ts';

export type Planted = (context: MemoryContext) => void;
export type Meeting = {
  readonly actors: readonly Actor[];
  readonly spawn?: () => readonly Actor[];
  /** Whether its actors keep nothing for the rule but rows (World.isPure). */
  readonly isPure?: boolean;
  /** The jobs whose records become mail. Without it, all of them. */
  readonly mailFrom?: readonly string[];
  /** A rule of this meeting in addition to those of all. */
  readonly rule?: () => string | undefined;
  /** What a change means to that rule (World.sees). */
  readonly sees?: (change: RowChange) => readonly Touch[];
  /** The allowed ends: each names all jobs, as `print` prints them. */
  readonly ends: readonly RegExp[];
};

/** A world of jobs by their names. All rules are asked in every state, and the orphan check at the end. */
export async function meet(
  names: readonly string[],
  planted: Planted | undefined,
  build: (context: MemoryContext) => Promise<Meeting>,
): Promise<World> {
  const context = createSmallContext();
  await putProjectOfAlice(context);
  const meeting = await build(context);
  planted?.(context);
  const wired = wire(context);
  let reversed: string | undefined;
  const isHeard = (name: unknown): boolean => meeting.mailFrom?.includes(String(name)) ?? true;
  return {
    ...wired,
    mailOf: (change) => {
      reversed ??= reversalOf(change);
      const { table, before, after } = change;
      if (table === 'objects' && after?.sk === 'A' && after.state === 'closed' && before?.state === 'open') {
        return { name: `closed ${after.pk}`, deliver: () => onObjectClosed(context, after.pk as ObjectId) };
      }
      return isHeard(after?.name) ? wired.mailOf(change) : undefined;
    },
    actors: meeting.actors,
    isPure: meeting.isPure ?? true,
    ...given({ spawn: meeting.spawn }),
    sees: (change) => [...seenByRulesOfLife(change), ...(meeting.sees?.(change) ?? [])],
    invariant: () => reversed ?? brokenRule(context) ?? meeting.rule?.(),
    sweep: async () => {
      await wired.sweep();
      await wired.sweep();
    },
    final: () => {
      const end = names.map((name) => print(context, name)).join(', ');
      if (!meeting.ends.some((allowed) => allowed.test(end))) return `it ends otherwise: ${end}`;
      const orphans = findOrphans(remainsOf(context));
      return orphans.length === 0 ? undefined : `left over: ${orphans.join('; ')}`;
    },
  };
}

/** An execution as `name state/reason<cause#try`, without what is absent. */
function print(context: MemoryContext, name: string): string {
  const row = context.rows.all('executions').find((one) => one.sk === 'A' && one.name === name);
  const execution = row === undefined ? undefined : readExecution(row);
  if (execution === undefined || execution.tombstone) return `${name} unborn`;
  const { state, failureReason, failureFrom, try: attempt } = execution;
  const cause = failureFrom === undefined ? '' : `<${nameOf(context, failureFrom)}`;
  return `${name} ${state}${failureReason === undefined ? '' : `/${failureReason}`}${cause}#${attempt}`;
}

function nameOf(context: MemoryContext, id: string): string {
  return String(context.rows.peek('executions', { pk: id, sk: 'A' })?.name);
}

/** A sentence when an execution leaves a state in which it has ended. */
function reversalOf({ table, before, after }: RowChange): string | undefined {
  if (table !== 'executions' || before?.sk !== 'A' || after?.state === before.state) return undefined;
  const { name, state } = before;
  return isEndState(String(state)) ? `${name} was ${state} and is ${after?.state ?? 'gone'}` : undefined;
}

/** The rules of every world, in words. */
function brokenRule(context: MemoryContext): string | undefined {
  const all = context.rows.all('executions').flatMap((row) => (row.sk === 'A' ? [readExecution(row)] : []));
  const known = all.filter((row) => row !== undefined).filter(isJob);
  for (const analysis of all) {
    if (analysis === undefined || isJob(analysis) || !isEndState(analysis.state)) continue;
    const left = known.find(({ root, state }) => root === analysis.root && !isEndState(state));
    if (left !== undefined) return `${analysis.name} is ${analysis.state} and ${left.name} is ${left.state}`;
  }
  for (const row of known) {
    const isLive = !isTerminal(row.state);
    const above = known.find(({ pk }) => pk === row.parent);
    if (isLive && above?.state === 'done' && above.try === row.parentTry)
      return `${above.name} is done before ${row.name}`;
    const root = known.find(({ pk }) => pk === row.root);
    if (isLive && root !== undefined && isTerminal(root.state) && isSettled(root)) {
      return `${row.name} is ${row.state} after its tree has settled`;
    }
    const old = row.lineage.map(readLineageEntry).find((scope) => {
      const master = known.find(({ pk }) => pk === scope.execution);
      return master !== undefined && master.try > scope.try;
    });
    if (old !== undefined && isLive) return `${row.name} is ${row.state} in a try that another one has replaced`;
  }
  return undefined;
}

/** The origin of most trees: its code has ended, and it waits for the jobs below it. */
export function givenOrigin(context: MemoryContext): Promise<JobRow> {
  return givenJob(context, 'o', { at: { state: 'waiting_on_output' } });
}

/** The fields of a job whose worker runs as the task `task of <name>`. */
export function runningAs(context: MemoryContext, name: string, more: Partial<JobRow> = {}): Partial<JobRow> {
  const task = `task of ${name}`;
  context.workers.states.set(task, { kind: 'running' });
  const leaseUntil = context.clock.now + 600_000;
  return { state: 'running', task, tokenHash: 'hash', leaseUntil, startedRunning: context.clock.now, ...more };
}

/** A worker that reports the result of a job, and ends. */
export function reporter(context: MemoryContext, row: JobRow, result: Result = { output: {} }): Actor {
  const run = async () => {
    await finish(context, row, result).catch(ignoreRefusal);
    await context.workers.report(String(row.task), ended('exited'));
  };
  return { name: `worker of ${row.name}`, run };
}

/** Workers that claim these jobs when they are runnable, and report at once. Each try has its own. */
export function workersFor(context: MemoryContext, names: readonly string[], result: Result = { output: {} }): Actor[] {
  return names.flatMap((name) => {
    const row = peek(context, jobId(name));
    if (row?.state !== 'runnable') return [];
    const task = `task of ${name} ${row.try}`;
    const run = async () => {
      const nonce = await context.seals.seal('boot', jobWorker(row));
      await context.workers.report(task, { kind: 'running' });
      const of = { job: row.pk, try: row.try, launch: row.launch };
      const claimed = await claim(context, { ...of, nonce, task }).catch(ignoreRefusal);
      if (claimed !== undefined) await finish(context, claimed.row, result).catch(ignoreRefusal);
      await context.workers.report(task, ended('exited'));
    };
    return [{ name: `worker of ${name} ${row.try} ${row.launch}`, run }];
  });
}

/** The id of a record in the worlds. */
export function recordId(name: string): ObjectId {
  return deriveId('record', 'test', 'record', name);
}

/** Puts a record into the workspace of a job. */
export async function givenRecord(
  context: MemoryContext,
  row: JobRow,
  name: string,
  state: 'open' | 'closed' = 'closed',
) {
  await createObject(context, {
    ...{ id: recordId(name), place: jobWorkspace(row), folderId: '/', name, tags: [], types: [], properties: {} },
    ...{ hidden: false, details: {}, links: [], state, createdBy: { user: row.launchedBy }, digest: 'd' },
  });
}

export function ignoreRefusal(error: unknown): undefined {
  if (!(error instanceof Error) || error.name !== 'ApiError') throw error;
  return undefined;
}

/** A user terminates the tree of the origin. What reads `terminatorAnswer` sees whether the call was answered. */
export function terminator(context: MemoryContext): Actor {
  const run = async () => {
    await terminateTree(context, jobId('o'), 'user-alice');
    await context.workers.report(terminatorAnswer, ended('exited'));
  };
  return { name: 'user', run };
}

export const terminatorAnswer = 'the answer of terminate';
