// Looks at a job and does what its state calls for: the one function behind streams, messages and the sweep. It starts from
// the row alone, so it may be called at any time, any number of times.

import type { Context, Row } from '../../core/context.ts';
import type { JobId, ObjectId } from '../../core/id/identifier.ts';
import { asJob, type JobRow } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import { toWorkRecord } from '../../core/work/message.ts';
import { launch } from '../launch/launch.ts';
import { stopWorker } from '../launch/worker-task.ts';
import { loadJob } from '../store/load-job.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { wakePage } from '../wait/wake.ts';
import { endByDoom, loadDoom } from './doom.ts';
import { advanceInput } from './input.ts';
import { advanceOutput } from './output.ts';
import { type SettlePosition, settle } from './settle.ts';

/** Looks at a job once; what its change calls for comes with the record of the stream. */
export async function advance(context: Context, job: JobId): Promise<void> {
  for (let attempt = 0; attempt < attemptLimit; attempt++) {
    const row = await loadJob(context, job);
    // Whoever made it runnable had it launched by the stream's record, and the sweep sees to a record that is lost.
    if (row === undefined || row.state === 'runnable') return;
    if ((await lookAt(context, row))?.kind !== 'changed') return;
  }
  throw new Error(`${job} changes too often to be looked at; it is looked at again`);
}

/**
 * A record of the executions table's stream. Only a new state, try or launch calls for anything.
 *
 * @param before the row before the change, when there was one and the stream tells
 */
export async function onExecutionChange(context: Context, after: Row, before?: Row): Promise<void> {
  const row = asJob(after);
  if (row === undefined || row.tombstone === true) return;
  const same = before?.state === row.state && before.try === row.try && before.launch === row.launch;
  if (same || row.state === 'running') return;
  if (row.state === 'runnable') await launch(context, row);
  else await advance(context, row.pk);
}

/** A data object was closed: whoever waits for it is looked at. */
export async function onObjectClosed(context: Context, object: ObjectId, after?: string): Promise<void> {
  const { next } = await wakePage(context, object, advance, after);
  if (next !== undefined) await context.queues.sendWork([toWorkRecord({ kind: 'wake', object, after: next })]);
}

/** Goes on with the consequences of an ended try where a message says. */
export async function continueSettling(context: Context, job: JobId, at: SettlePosition & { readonly try: number }) {
  const row = await loadJob(context, job);
  if (row === undefined || row.try !== at.try) return;
  if (isTerminal(row.state) || row.state === 'restartable') await settle(context, row, advance, at);
}

/** Does what the state of a row calls for; undefined when there is nothing to change. */
export async function lookAt(context: Context, row: JobRow): Promise<Saved | undefined> {
  switch (row.state) {
    case 'idle':
    case 'waiting_on_input':
      return (await endIfDoomed(context, row)) ?? advanceInput(context, row);
    case 'runnable':
      await launch(context, row);
      return undefined;
    case 'running':
    case 'debug_hold':
    case 'restarted':
      return undefined;
    case 'waiting_on_output':
      return (await endIfDoomed(context, row)) ?? advanceOutput(context, row);
    case 'terminating':
      return endWhenStopped(context, row);
    case 'restartable':
      return (await endIfDoomed(context, row)) ?? settle(context, row, advance);
    case 'done':
    case 'failed':
    case 'terminated':
      return settle(context, row, advance);
    default:
      return row.state satisfies never;
  }
}

/** Ends a job that is under a doom; undefined when it may live, or is already on its way. */
export async function endIfDoomed(context: Context, row: JobRow): Promise<Saved | undefined> {
  const doom = await loadDoom(context, row);
  if (doom === undefined) return undefined;
  const ended = await endByDoom(context, row, doom);
  return ended.state === row.state ? undefined : { kind: 'saved', row: ended, commands: [] };
}

async function endWhenStopped(context: Context, row: JobRow): Promise<Saved | undefined> {
  const worker = await stopWorker(context, row, row.failureMessage ?? 'the job was ended');
  return worker.kind === 'ended' ? saveJob(context, row, { kind: 'stopped' }) : undefined;
}

/** Times that a job is read again because it changed under our hands. */
const attemptLimit = 10;
