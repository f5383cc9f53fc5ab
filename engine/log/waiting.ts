// Tells a reader why a job that is followed does not start. The line is not in any stream: no worker has begun one.

import type { Context } from '../../core/context.ts';
import type { JobRow } from '../../core/job/row.ts';
import { slotWaitLine, waitsLong } from '../../core/job/slot-wait.ts';
import { loadQueued } from '../launch/worker-number.ts';
import type { LogConnection } from './connection.ts';
import { streamOf } from './followed.ts';
import { type LogFrame, waitingFrame } from './frame.ts';

/** The frames that are due, each with the mark that it leaves in the connection. */
export async function waitingFrames(
  context: Context,
  { waits = [], levels }: Pick<LogConnection, 'waits' | 'levels'>,
  rows: readonly JobRow[],
): Promise<readonly { readonly frame: LogFrame; readonly wait: string }[]> {
  if (waits.length >= lineCount || (levels !== undefined && !levels.includes('INFO'))) return [];
  const now = context.now();
  const due = rows.filter((row) => waitsLong(row, now) && !waits.includes(streamOf(row)));
  if (due.length === 0) return [];
  const said = due.slice(0, lineCount - waits.length);
  const queued = await loadQueued(context, said);
  const count = context.settings.slotCount;
  const slots = count === undefined ? undefined : { count, taken: context.workers.slotsTaken?.() ?? count };
  return said.map((row) => {
    const text = slotWaitLine({ isQueued: queued.has(row.pk), slots });
    return { frame: waitingFrame({ job: row.pk, try: row.try }, now, text), wait: streamOf(row) };
  });
}

/** A reader of a wide tree need not read of each of its jobs that it waits. */
const lineCount = 5;
