// Errors to plant in the worlds of meeting.test.ts. Each breaks one rule that keeps its meeting right.

import type { Row } from '../../core/context.ts';
import type { MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { currentActor } from './replay.ts';

type Planted = (context: MemoryContext) => void;

/** Every read of many rows, and of one, sees rows as `change` shows them. */
function misread(change: (row: Row) => Row | undefined): Planted {
  return ({ rows }) => {
    const { get, getMany } = rows;
    rows.get = async (table, key) => {
      const row = await get(table, key);
      return row && change(row);
    };
    rows.getMany = async (table, keys) => (await getMany(table, keys)).map((row) => row && change(row));
  };
}

/** An open object counts as closed. */
export const seeOpenAsClosed = misread((row) => (row.state === 'open' ? { ...row, state: 'closed' } : row));

/** A heartbeat does not read the flags. */
export const beatBlindly = misread((row) =>
  currentActor() === 'worker beats' && row.sk.startsWith('!doom') ? undefined : row,
);

/** The reader of an output does not see the time limit, and neither does the sweep. */
export const forgetTimeLimit = misread(({ timeoutMs: _, ...row }) => row as Row);

/** A job that others read counts as done. Its own look reads it as it is. */
export function seeAsDone(name: string): Planted {
  return ({ rows }) => {
    const { getMany } = rows;
    rows.getMany = async (table, keys) => {
      const found = await getMany(table, keys);
      return found.map((row) => (row?.pk === jobId(name) && row.sk === 'A' ? { ...row, state: 'done' } : row));
    };
  };
}

/** A flag names another job than the one that failed. */
export function blame(name: string): Planted {
  return ({ rows }) => {
    const { put } = rows;
    rows.put = (table, row, expected) => {
      const cause = row.sk.startsWith('!doom') ? { cause: { ...(row.cause as object), execution: jobId(name) } } : {};
      return put(table, { ...row, ...cause }, expected);
    };
  };
}

/** A termination is written as if the origin had failed. */
export function terminateAsFailure({ rows }: MemoryContext): void {
  const { update } = rows;
  rows.update = (table, key, change, expected) => {
    const isTermination = change.set?.failureReason === 'Terminated' && key.pk !== jobId('o');
    const set = isTermination ? { ...change.set, failureReason: 'JobTreeFailure' } : change.set;
    return update(table, key, set === undefined ? change : { ...change, set }, expected);
  };
}

/** The last pass over a workspace never comes, and the first one sees nothing. */
export function keepWorkspaces({ rows, queues }: MemoryContext): void {
  const { query } = rows;
  rows.query = async (table, range) =>
    table === 'objects' && range.pk.startsWith('container-') ? { rows: [] } : query(table, range);
  const { sendWork } = queues;
  queues.sendWork = (messages, delaySeconds) =>
    sendWork(
      messages.filter(({ kind }) => kind !== 'destroy'),
      delaySeconds,
    );
}

/** A sweep does not see that a lease has ended. */
export const forgetLease = misread((row) =>
  currentActor() === 'nobody' || currentActor().startsWith('sweep') ? { ...row, leaseUntil: 9e15 } : row,
);

/** A job is born over whatever is there. */
export function putBlindly({ rows }: MemoryContext): void {
  const { put } = rows;
  rows.put = (table, row, expected) => put(table, row, row.sk === 'A' ? undefined : expected);
}

/** A look at an analysis takes the stages that it should make for made. */
export function bearOnlyInTheCall({ rows }: MemoryContext): void {
  const { put } = rows;
  rows.put = async (table, row, expected) =>
    row.sk === 'A' && row.pk.startsWith('job-') && !currentActor().startsWith('call')
      ? false
      : put(table, row, expected);
}

/** An end is written over the state that a job has by then. */
export function endBlindly({ rows }: MemoryContext): void {
  const { update } = rows;
  rows.update = (table, key, change, expected) =>
    update(
      table,
      key,
      change,
      ['failed', 'terminated', 'terminating'].includes(String(change.set?.state)) ? {} : expected,
    );
}

/** The sweep sees a job as it was before its end. */
export function seeAsRunning(name: string): Planted {
  return misread((row) =>
    currentActor() === 'sweep' && row.pk === jobId(name) && row.state === 'done' ? { ...row, state: 'running' } : row,
  );
}

/** A subjob that restarts empties the workspace as if it were its own. */
export function emptyWorkspace(name: string, object: string): Planted {
  return ({ rows }) => {
    const { update } = rows;
    rows.update = async (table, key, change, expected) => {
      const after = await update(table, key, change, expected);
      if (key.pk !== jobId(name) || change.set?.try === undefined) return after;
      for (const row of rows.all('objects')) if (row.pk === object && row.sk !== 'A') await rows.delete('objects', row);
      return after;
    };
  };
}
