// Drops messages between the parts of the platform, on a clock that the test moves, and measures what each loss costs.

import { expect, test } from 'vitest';
import { given } from '../../core/given.ts';
import type { JobId } from '../../core/id/identifier.ts';
import type { JobRow } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import { isExecutionKey } from '../../core/row/execution/execution.ts';
import { readJob, readTry, tryKey } from '../../core/row/execution/job.ts';
import { createJob } from '../../engine/job/birth.ts';
import { releaseJob } from '../../engine/job/release.ts';
import { saveJob } from '../../engine/store/save-job.ts';
import { terminateTree } from '../../engine/terminate.ts';
import { createMemoryContext, type MemoryContext, seededRandom } from '../memory/context.ts';
import { jobId, type PlanOptions, planJob } from '../memory/plan.ts';
import { createMemoryPlatform, isSettled, type Program, peekJob } from '../memory/platform.ts';
import { putProjectOfAlice } from '../memory/project.ts';
import { findOrphans } from '../simulation/orphan.ts';

const minute = 60_000;
/** Ten minutes, or as long as the job has been there. A sweep comes each minute, and puts a job off for two at least. */
const boundOf = (elapsed: number) => Math.max(2 * minute, Math.min(elapsed, 10 * minute)) + minute;
const userEndsAt = 30 * minute;
const roots = ['good', 'after', 'restarted', 'failing', 'terminated', 'held'];
/** The parts of each tree. A sweep does 40 pages of 25 members in one look, so one tree has more of them. */
const widthOf = (tree: string): number => (tree === 'failing' ? 1_100 : 100);

const output = (name: string) => ({ $dnanexus_link: { job: jobId(name), field: 'n' } });

/**
 * The roots make wide trees. `good` has a gather and a master job with a tree of its own. In the others one member ends
 * badly or never, and half of the rest wait for it.
 */
function programOf(context: MemoryContext): Program {
  return async ({ row }) => {
    const { name = '', try: attempt } = row;
    const suffix = attempt === 0 ? '' : ` again`;
    const make = (child: string, more: PlanOptions = {}) =>
      createJob(context, planJob(`${name} ${child}${suffix}`, { parent: row, now: context.now(), ...more }));
    const makeParts = async (inputOf: (index: number) => PlanOptions['input'] = () => ({})) => {
      for (let index = 0; index < widthOf(name); index++) await make(`part${index}`, { input: inputOf(index) ?? {} });
    };
    if (name === 'good') {
      await makeParts();
      const parts = Array.from({ length: widthOf(name) }, (_, index) => output(`good part${index}`));
      await make('gather', { input: { parts } });
      await make('nested', { master: true, input: { of: output('good gather') } });
    } else if (name === 'good nested') await makeParts();
    else if (roots.includes(name) && name !== 'after') {
      await make('bad', name === 'held' ? planned.held : {});
      await makeParts((index) => (index % 2 === 0 ? {} : { of: output(`${name} bad${suffix}`) }));
    } else if (name === 'restarted bad') return { failure: { type: 'AppInternalError', message: 'once' } };
    else if (name === 'failing bad' || name === 'held bad')
      return { failure: { type: 'AppError', message: 'as planned' } };
    else if (name === 'terminated bad') return undefined;
    return { output: { n: 1 } };
  };
}

const restartOnce = { executionPolicy: { restartOn: { AppInternalError: 1 } } };
const planned: Record<string, PlanOptions> = {
  after: { input: { of: output('good') } },
  restarted: { spec: restartOnce },
  held: { spec: { debugOn: ['AppError'] }, row: { debug: true } },
};

/**
 * Loses each record, each message and each report of an ended launch with this probability, and counts the losses. No
 * worker starts without a request. If all are lost, each is lost only twice, and the third one arrives.
 */
function givenLosses(context: MemoryContext, share: number, random: () => number) {
  let lost = 0;
  const requests = new Map<string, number>();
  const isKept = () => {
    if (random() >= share) return true;
    lost++;
    return false;
  };
  const isRequestKept = ({ worker }: { worker: string }) => {
    if (share < 1) return isKept();
    const count = (requests.get(worker) ?? 0) + 1;
    requests.set(worker, count);
    return count > 2 || isKept();
  };
  const platform = createMemoryPlatform(context, programOf(context), isKept);
  const { onChange } = context.rows;
  context.rows.onChange = (change) => {
    if (isKept()) onChange?.(change);
  };
  const { sendWork, sendRunnable } = context.queues;
  Object.assign(context.queues, {
    sendWork: (messages: Parameters<typeof sendWork>[0], delay?: number) => sendWork(messages.filter(isKept), delay),
    sendRunnable: (messages: Parameters<typeof sendRunnable>[0], delay?: number) =>
      sendRunnable(messages.filter(isRequestKept), delay),
  });
  return { platform, lost: () => lost };
}

test.each([0.3, 1])(
  'with %d of all messages lost, each loss costs at most ten minutes, and every tree ends as it must',
  { timeout: 240_000 },
  async (share) => {
    const seed = Number(process.env.SIMULATION_SEED ?? Date.now() % 1_000_000);
    console.info(`SIMULATION_SEED=${seed}`);
    const context = createMemoryContext({ seed, settings: { workersPerUser: 1_000 } });
    await putProjectOfAlice(context);
    const { platform, lost } = givenLosses(context, share, seededRandom(seed));
    const began = context.now();
    for (const name of roots) await createJob(context, planJob(name, { now: began, ...planned[name] }));
    let held = 0;
    let minutes = 0;
    for (; minutes < longestMinutes && !isOver(context); minutes++) {
      await platform.run();
      await platform.sweep();
      checkBounds(context);
      await platform.run();
      held += await letUsersAct(context, context.now() - began);
      context.clock.now += minute;
    }
    console.info({ share, lost: lost(), minutes, jobs: jobsOf(context).length });
    expect(isOver(context), unfinished(context)).toBe(true);
    expect(lost()).toBeGreaterThan(200);
    expect(held).toBeGreaterThan(0);
    for (const row of jobsOf(context))
      expect(endOf(row), `${row.name}, try ${row.try}`).toEqual(wantedEnd(context, row));
    expect(jobsOf(context)).toHaveLength(expectedCount);
    expect(orphansIn(context)).toEqual([]);
  },
);

/** Workers that run renew their leases. One user terminates a tree, and another one ends the hold. */
async function letUsersAct(context: MemoryContext, elapsed: number): Promise<number> {
  const leaseUntil = context.now() + context.settings.leaseSeconds * 1000;
  for (const row of jobsOf(context)) {
    const isAlive = row.task !== undefined && context.workers.states.get(row.task)?.kind === 'running';
    if (isAlive && (row.state === 'running' || row.state === 'debug_hold'))
      await saveJob(context, row, { kind: 'beat', leaseUntil });
  }
  if (elapsed === userEndsAt) await terminateTree(context, jobId('terminated'), 'user-alice');
  const held = jobsOf(context).find(({ state }) => state === 'debug_hold');
  if (held === undefined) return 0;
  const heldSince = held.transitions.at(-1)?.[1] ?? 0;
  if (context.now() - heldSince >= userEndsAt) await releaseJob(context, held.pk);
  return 1;
}

/** No open job is left alone for longer than a loss may cost. A worker that runs has a lease. */
function checkBounds(context: MemoryContext): void {
  const leaseMs = context.settings.leaseSeconds * 1000;
  for (const job of jobsOf(context).filter((row) => !isSettled(row))) {
    const wait = (job.dueAt ?? Number.POSITIVE_INFINITY) - context.now();
    const hasLease = job.state === 'running' || job.state === 'debug_hold';
    const bound = hasLease ? leaseMs + minute : boundOf(context.now() - job.tryCreated);
    expect(wait, `${job.name} ${job.state}`).toBeLessThanOrEqual(bound);
    expect(wait, `${job.name} ${job.state} was swept`).toBeGreaterThan(0);
  }
}

type End = Partial<Pick<JobRow, 'state' | 'failureReason' | 'failureFrom' | 'failureMessage'>>;

/** The end without the message of a tree failure, which names the first job in its own words. */
function endOf({ state, failureReason, failureFrom, failureMessage }: JobRow): End {
  if (state === 'done') return { state };
  return given({
    state,
    failureReason,
    failureFrom,
    failureMessage: failureFrom === undefined ? failureMessage : undefined,
  });
}

/** How a job must have ended: by its name, and by its tree. A job without a wait may be done before its tree ends. */
function wantedEnd(context: MemoryContext, row: JobRow): End {
  const { name = '', root, parentTry = 0 } = row;
  const tree = peekJob(context, root as JobId).name ?? '';
  const mayBeDone = row.state === 'done' && /part\d*[02468]( again)?$/.test(name);
  if (tree === 'good' || tree === 'after' || mayBeDone) return { state: 'done' };
  if (tree === 'terminated') return ended('Terminated', 'The job was terminated by user-alice');
  if (tree === 'restarted') {
    if (name === 'restarted bad') return { state: 'failed', failureReason: 'AppInternalError', failureMessage: 'once' };
    if (name === tree || parentTry === 1) return { state: 'done' };
    return ended('Terminated', `Try 0 of ${root} was given up and starts again; this job belonged to it`);
  }
  if (name === `${tree} bad`) return { state: 'failed', failureReason: 'AppError', failureMessage: 'as planned' };
  return { state: 'failed', failureReason: 'JobTreeFailure', failureFrom: jobId(`${tree} bad`) };
}

function ended(failureReason: 'Terminated', failureMessage: string): End {
  return { state: 'terminated', failureReason, failureMessage };
}

function orphansIn(context: MemoryContext): string[] {
  const running = [...context.workers.states].flatMap(([task, { kind }]) => (kind === 'ended' ? [] : [task]));
  const { rows } = context;
  const kept = readTry(rows.peek('executions', tryKey(jobId('restarted'), 0)));
  return [
    ...(kept?.failureReason === 'AppInternalError' ? [] : ['the first try of restarted is not kept']),
    ...findOrphans({
      executions: rows.all('executions'),
      objects: rows.all('objects'),
      containers: rows.all('containers'),
      content: [],
      workers: running,
    }),
  ];
}

function jobsOf(context: MemoryContext): JobRow[] {
  return context.rows
    .all('executions')
    .flatMap((row) => (isExecutionKey(row) ? [readJob(row)] : []))
    .filter((row) => row !== undefined);
}

function isOver(context: MemoryContext): boolean {
  return jobsOf(context).every(({ state, dueAt }) => isTerminal(state) && dueAt === undefined);
}

function unfinished(context: MemoryContext): string {
  const open = jobsOf(context).filter(({ dueAt }) => dueAt !== undefined);
  return open.map(({ name, state, cursor }) => `${name} ${state} ${cursor ?? ''}`).join(', ');
}

/** The roots, the jobs below `good`, and those below `failing`, `restarted` (in two tries), `terminated` and `held`. */
const expectedCount = 6 + (100 + 2 + 100) + (1_100 + 1) + 2 * (100 + 1) + 2 * (100 + 1);
/** Each of the seven jobs along the longest chain changes its state five times at most. The last pass follows. */
const longestMinutes = 35 * 11 + 15;
