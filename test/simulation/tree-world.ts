// The worlds of tree.test.ts: a tree at one moment, and the actors that meet there.

import type { Row } from '../../core/context.ts';
import { ApiError } from '../../core/error/api-error.ts';
import { beforeMembers, type JobRow, jobWorker } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import { createJob } from '../../engine/job/birth.ts';
import { claim } from '../../engine/job/claim.ts';
import { finish } from '../../engine/job/finish.ts';
import { sweepExecution } from '../../engine/sweep.ts';
import { terminateTree } from '../../engine/terminate.ts';
import type { MemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { isSettled } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';
import type { Actor, World } from './replay.ts';
import { createSmallContext, givenJob, peek, seenByRulesOfLife, wire } from './world.ts';

export type Planted = (context: MemoryContext) => void;

const running = {
  state: 'running',
  task: 'task',
  tokenHash: 'hash',
  leaseUntil: 1_700_000_600_000,
  startedRunning: 0,
} as const;

async function bear(context: MemoryContext, name: string, parent: JobRow): Promise<void> {
  try {
    await createJob(context, planJob(name, { parent }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

function isLive(row: JobRow | undefined): boolean {
  return row !== undefined && !isTerminal(row.state);
}

/** A worker that claims a subjob as soon as it is runnable. It reports at once if `reports`. */
function workerOf(context: MemoryContext, name: string, reports: boolean): Actor[] {
  const row = peek(context, jobId(name));
  if (row?.state !== 'runnable') return [];
  const run = async () => {
    const of = { job: row.pk, try: row.try, launch: row.launch };
    const nonce = await context.seals.seal('boot', jobWorker(row));
    const task = `task of ${name}`;
    await context.workers.report(task, { kind: 'running' });
    const claimed = await claim(context, { ...of, nonce, task }).catch(() => undefined);
    if (claimed !== undefined && reports) await finish(context, claimed.row, { output: {} }).catch(() => undefined);
    if (claimed === undefined || reports) await context.workers.report(task, ended('exited'));
  };
  return [{ name: `worker of ${name}`, run }];
}

/** P finishes while it makes C, its first child or a later one. */
export async function birthAndFinish(planted?: Planted, at: Partial<JobRow> = running): Promise<World> {
  const context = createSmallContext();
  const parent = await givenJob(context, 'p', { at });
  planted?.(context);
  const wired = wire(context);
  const child = () => peek(context, jobId('c'));
  return {
    ...wired,
    isPure: true,
    sees: seenByRulesOfLife,
    mailOf: (change) => (change.after?.state === 'runnable' ? undefined : wired.mailOf(change)),
    actors: [
      { name: 'creator', run: () => bear(context, 'c', parent) },
      { name: 'worker of p', run: () => finish(context, parent, { output: {} }) },
    ],
    spawn: () => workerOf(context, 'c', true),
    invariant: () => {
      const done = peek(context, parent.pk)?.state === 'done';
      return done && isLive(child()) ? `p is done and c is ${child()?.state}` : undefined;
    },
    final: () => {
      const state = peek(context, parent.pk)?.state;
      if (state !== 'done') return `p never ends: it is ${state}`;
      return isLive(child()) ? `c is left ${child()?.state}` : undefined;
    },
  };
}

/** P finishes while it makes C, and has made a job before. Its end must read its members. */
export function laterBirthAndFinish(planted?: Planted): Promise<World> {
  return birthAndFinish(planted, { ...running, cursor: beforeMembers });
}

/** O is terminated while S, a job of its tree, makes C. */
export async function birthAndDoom(planted?: Planted): Promise<World> {
  const context = createSmallContext();
  const origin = await givenJob(context, 'o', { at: { state: 'waiting_on_output' } });
  const parent = await givenJob(context, 's', { parent: origin, at: running });
  context.workers.states.set('task', { kind: 'running' });
  planted?.(context);
  const wired = wire(context);
  let startedAfter = false;
  const child = () => peek(context, jobId('c'));
  const spawn = () =>
    workerOf(context, 'c', false).map(({ name, run }) => ({
      name,
      run: async () => {
        const before = (await context.workers.state(answer)) !== undefined;
        await run();
        startedAfter ||= before && (await context.workers.state('task of c'))?.kind === 'running';
      },
    }));
  return {
    ...wired,
    sees: seenByRulesOfLife,
    // Only the records of the origin job are delivered. The others count as lost, and the sweep does their work.
    mailOf: (change) => (change.after?.pk === origin.pk ? wired.mailOf(change) : undefined),
    actors: [
      { name: 'creator', run: () => bear(context, 'c', parent) },
      {
        name: 'doomer',
        run: async () => {
          await terminateTree(context, origin.pk, 'user-alice');
          await context.workers.report(answer, ended('exited'));
        },
      },
    ],
    spawn,
    invariant: () => {
      if (startedAfter) return 'c was started after its tree had been terminated';
      const settled = isSettled(peek(context, origin.pk) ?? {});
      return settled && isLive(child()) ? `the tree has ended and c is ${child()?.state}` : undefined;
    },
    final: () => {
      const left = ['o', 's', 'c'].filter((name) => isLive(peek(context, jobId(name))));
      return left.length === 0 ? undefined : `left alive: ${left.join(', ')}`;
    },
  };
}

/** What reads this sees whether the call was answered. */
const answer = 'the answer of terminate';

function isMailOfRestart(row: Row | undefined): boolean {
  return (row?.name === 'm' && row.state === 'restartable') || (row?.name === 'e' && row.state === 'terminated');
}

/** The host of C, a child of M, is lost. M makes another child and finishes meanwhile. */
export async function restart(planted?: Planted, withWorker = false): Promise<World> {
  const context = createSmallContext();
  const master = await givenJob(context, 'm', { at: running });
  const lost = await givenJob(context, 'c', { parent: master, at: { ...running, task: 'task of c' } });
  context.workers.states.set('task', { kind: 'running' });
  context.workers.states.set('task of c', ended('lost'));
  planted?.(context);
  const wired = wire(context);
  const names = ['c', 'e'];
  return {
    ...wired,
    isPure: true,
    sees: seenByRulesOfLife,
    // Only the children's records that wake the master are delivered. The others count as lost.
    mailOf: (change) => (isMailOfRestart(change.after) ? wired.mailOf(change) : undefined),
    actors: [
      { name: 'look at c', run: () => sweepExecution(context, lost.pk) },
      { name: 'creator', run: () => bear(context, 'e', master) },
    ],
    spawn: () => (withWorker ? workerOf(context, 'e', false) : []),
    invariant: () => {
      const now = peek(context, master.pk);
      if (now?.try !== 1) return undefined;
      const old = names.filter((name) => isLive(peek(context, jobId(name))));
      return old.length === 0 ? undefined : `try 1 of m has begun and ${old.join(', ')} of try 0 is left`;
    },
    final: () => {
      const now = peek(context, master.pk);
      return now?.state === 'done' && now.try === 1 ? undefined : `m is ${now?.state} in try ${now?.try}`;
    },
  };
}
