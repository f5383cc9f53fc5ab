// The numbers of a user's workers, which limit how many there are. A worker gets a number before it is started. Jobs
// that find none wait in a row, and get the number of the next worker whose job reports or ends
// (docs/reference/protocols.md, "Numbers of workers").

import type { Context } from '../../core/context.ts';
import type { JobId, UserId } from '../../core/id/identifier.ts';
import { type JobRow, jobWorker } from '../../core/job/row.ts';
import { holdsJob } from '../../core/job/worker.ts';
import {
  numberPrefix,
  queuedKey,
  queuedPrefix,
  queuedRow,
  readQueued,
  readWorker,
  type WorkerRow,
  workerRow,
  workersOf,
} from '../../core/row/execution/worker.ts';
import { allRows } from '../store/all-rows.ts';
import { loadJob, loadJobs, loadSpec } from '../store/load-job.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';
import { launch } from './launch.ts';

/** The workers of a user, open and closed. */
export async function loadWorkers(context: Context, user: UserId): Promise<WorkerRow[]> {
  const workers: WorkerRow[] = [];
  const partition = { pk: workersOf(user), prefix: numberPrefix };
  for await (const row of allRows(context, 'executions', partition)) workers.push(readWorker(row));
  return workers;
}

/**
 * Gives the worker of a runnable job a number. It may be repeated: a worker has one number.
 *
 * @returns false when all numbers are in use. The job then waits, and is launched again when one is free.
 */
export async function takeNumber(context: Context, row: JobRow): Promise<boolean> {
  const queued = queuedKey(row.launchedBy, row.tryCreated, row.pk);
  const waits = (await context.rows.get('executions', queued)) !== undefined;
  if (await tryNumbers(context, row)) {
    if (waits) await context.rows.delete('executions', queued);
    return true;
  }
  if (!waits) await context.rows.put('executions', queuedRow(queued, context.now()));
  // A number that became free before the row was written was passed on to nobody.
  if (!(await tryNumbers(context, row))) return false;
  await context.rows.delete('executions', queued);
  return true;
}

/** The jobs among these that wait for a number. */
export async function loadQueued(context: Context, rows: readonly JobRow[]): Promise<ReadonlySet<JobId>> {
  const runnable = rows.filter(({ state }) => state === 'runnable');
  if (runnable.length === 0) return new Set();
  const keys = runnable.map(({ launchedBy, tryCreated, pk }) => queuedKey(launchedBy, tryCreated, pk));
  const found = await context.rows.getMany('executions', keys);
  return new Set(runnable.filter((_, index) => found[index] !== undefined).map(({ pk }) => pk));
}

function tryNumbers(context: Context, row: JobRow): Promise<boolean> {
  const take = async () => {
    const workers = await loadWorkers(context, row.launchedBy);
    if (workers.some(({ worker }) => worker === jobWorker(row))) return true;
    const unused = unusedNumbers(workers, context.settings.workersPerUser);
    const number = chooseAny(context, unused);
    if (number !== undefined) return (await writeNumber(context, row, number)) || changed;
    const closed = await findClosed(context, workers);
    if (closed === undefined) return false;
    return (await writeNumber(context, row, closed.number, closed)) || changed;
  };
  return retryWhileChanged(`the workers of ${row.launchedBy}`, take);
}

function unusedNumbers(workers: readonly WorkerRow[], limit: number): number[] {
  const used = new Set(workers.map(({ number }) => number));
  return Array.from({ length: limit }, (_, number) => number).filter((number) => !used.has(number));
}

/**
 * A worker that holds no job any more. The longest-running ones are asked for first, because their jobs are the most
 * likely to have ended. Concurrent calls should choose different ones.
 */
async function findClosed(context: Context, workers: readonly WorkerRow[]): Promise<WorkerRow | undefined> {
  const inUse = workers.filter(({ number }) => number < context.settings.workersPerUser);
  const byAge = inUse.toSorted((one, other) => one.started - other.started);
  for (let start = 0; start < byAge.length; start += workersPerLook) {
    const some = byAge.slice(start, start + workersPerLook);
    const rows = await loadJobs(
      context,
      some.map(({ job }) => job),
    );
    const closed = some.filter(({ worker }, index) => !holdsJob(worker, rows[index]));
    if (closed.length > 0) return chooseAny(context, closed);
  }
  return undefined;
}

/** True for a job whose worker uses capacity that may be taken back. */
export async function usesSpot(context: Context, row: JobRow): Promise<boolean> {
  return row.priority === 'low' && !(await loadSpec(context, row.pk)).headJobOnDemand;
}

/** False when another call took the number first. */
async function writeNumber(context: Context, row: JobRow, number: number, before?: WorkerRow): Promise<boolean> {
  const { pk: job, instance, launchedBy } = row;
  const facts = { worker: jobWorker(row), job, instance, spot: await usesSpot(context, row), started: context.now() };
  const expected = before === undefined ? 'absent' : { worker: before.worker };
  return context.rows.put('executions', workerRow(launchedBy, { number, ...facts }), expected);
}

/**
 * Passes a number on to the job that waits longest, and launches that job. The number is that of a job that has
 * reported or ended, or whose launch has ended. It is written first: if this is interrupted, the repetition finds that
 * the waiting job has it, and launches the job.
 */
export async function passNumberOn(context: Context, row: JobRow): Promise<void> {
  for (let turn = 0; turn < turnLimit; turn++) {
    const first = { pk: workersOf(row.launchedBy), prefix: queuedPrefix, limit: 1 };
    const [queued] = (await context.rows.query('executions', first)).rows;
    if (queued === undefined) return;
    const next = await loadJob(context, readQueued(queued));
    const workers = await loadWorkers(context, row.launchedBy);
    const has = (job: JobRow) => workers.find(({ worker }) => worker === jobWorker(job));
    if (next?.state === 'runnable') {
      if (has(next) === undefined) {
        const mine = has(row);
        if (mine === undefined || !(await writeNumber(context, next, mine.number, mine))) return;
      }
      await launch(context, next);
    }
    await context.rows.delete('executions', { pk: queued.pk, sk: queued.sk });
  }
}

/** One of these, at random. Undefined if there is none. */
function chooseAny<One>(context: Context, some: readonly One[]): One | undefined {
  const [high = 0, low = 0] = context.random(2);
  return some[(high * 256 + low) % some.length];
}

const workersPerLook = 20;
/** Rows of jobs that no longer wait, as many as one call removes. */
const turnLimit = 50;
